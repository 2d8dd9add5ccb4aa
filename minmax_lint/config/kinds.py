"""The kinds of values that configuration keys take: how each is read, and its JSON schema."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from minmax_lint.converters.call import OPS_SETS
from minmax_lint.converters.profile import ALIASES, ASSUMED, DEFAULT, names_pattern, profiles
from minmax_lint.errors import UserError
from minmax_lint.graph.names import did_you_mean
from minmax_lint.graph.tensor import Shape
from minmax_lint.loaders.endpoints import parse_input_spec
from minmax_lint.rules.framework.finding import SEVERITIES
from minmax_lint.rules.framework.selection import Selection

Schema = dict[str, Any]


@dataclass(frozen=True)
class Kind:
    """`read(value)` checks and converts what TOML gave; it raises UserError with what would be right."""

    read: Callable[[object], Any]
    schema: Schema


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise UserError(f"{value!r} is no text")
    return value


def _texts(value: object) -> tuple[str, ...]:
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise UserError(f'{value!r} is no list; write ["..."]')
    return tuple(_text(item) for item in value)


def _codes(value: object) -> tuple[str, ...]:
    found = _texts(value)
    Selection(found)
    return found


def _code(value: object) -> str:
    return _codes([value])[0]


def _converters(value: object) -> tuple[str, ...]:
    found = _texts(value)
    profiles(found)
    return found


def _level(value: object) -> str:
    if value not in SEVERITIES:
        meant = did_you_mean(str(value), SEVERITIES, f"write one of {', '.join(SEVERITIES)}")
        raise UserError(f"{value!r} is no severity{meant}")
    return str(value)


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise UserError(f"{value!r} is neither true nor false")
    return value


def _one_of(known: Sequence[str]) -> Callable[[object], str]:
    def read(value: object) -> str:
        if value not in known:
            meant = did_you_mean(str(value), known, f"write one of {', '.join(known)}")
            raise UserError(f"{value!r} is not known{meant}")
        return str(value)

    return read


def _stats(value: object) -> dict[str, tuple[float, float]]:
    """Input -> (mean, std), as a table of the configuration."""
    pairs = value.items() if isinstance(value, Mapping) else ()
    if not pairs or not all(isinstance(pair, Sequence) and len(pair) == 2 for _, pair in pairs):
        raise UserError(f"{value!r} has no input stats; write {{ input = [128, 64] }}")
    if any(isinstance(one, bool) or not isinstance(one, (int, float)) for _, pair in pairs for one in pair):
        raise UserError(f"{value!r} has input stats that are no numbers; write {{ input = [128, 64] }}")
    if not all(isfinite(mean) and isfinite(std) and std > 0 for _, (mean, std) in pairs):
        raise UserError(f"{value!r} has input stats that are not [mean, std] with a std above 0")
    return {str(name): (float(mean), float(std)) for name, (mean, std) in pairs}


def _some_of(known: Sequence[str]) -> Callable[[object], frozenset[str]]:
    one = _one_of(known)
    return lambda value: frozenset(map(one, _texts(value)))


def _version(value: object) -> str:
    """A TensorFlow version as `2.18`."""
    if not re.fullmatch(r"\d+\.\d+(\.\w+)?", str(value)) or not isinstance(value, str):
        raise UserError(f'{value!r} is no TensorFlow version; write "2.18"')
    return value


def _severities(value: object) -> dict[str, str]:
    if not isinstance(value, Mapping):
        raise UserError(f'{value!r} is no table; write {{ MM110 = "warning" }}')
    return {_code(code): _level(level) for code, level in value.items()}


def _inputs(value: object) -> dict[str, Shape | None]:
    if isinstance(value, Mapping):
        return {_text(name): _shape(name, shape) for name, shape in value.items()}
    return dict(parse_input_spec(text) for text in _texts(value))


def _shape(name: str, value: object) -> Shape:
    sizes = value if isinstance(value, Sequence) and not isinstance(value, str) else None
    if sizes is None or not all(isinstance(size, int) and not isinstance(size, bool) for size in sizes):
        raise UserError(f"{value!r} is no shape; write {name} = [1, 224, 224, 3] with -1 for an unknown size")
    return tuple(None if size < 0 else size for size in sizes)


_STRING: Schema = {"type": "string", "minLength": 1}
_STRINGS: Schema = {"type": "array", "items": _STRING}
_RULE: Schema = {"type": "string", "pattern": "^([Mm][Mm]\\d{0,3}|[Aa][Ll][Ll]|[a-z]+(-[a-z]+)+)$"}
_PROFILES: Schema = {
    "type": "array",
    "items": {
        "type": "string",
        "anyOf": [{"enum": [*ALIASES, *DEFAULT, *ASSUMED]}, {"pattern": names_pattern()}],
    },
}
"""The short names stand alone, for the editors that propose them; there are too many with a version."""
_LEVELS: Schema = {"enum": list(SEVERITIES)}
_SIZES: Schema = {"type": "array", "items": {"type": "integer", "minimum": -1}}

_TENSOR_TYPES = ("float32", "uint8", "int8", "int16")
_SUPPORTED_TYPES = (*_TENSOR_TYPES, "float16", "bfloat16")
OPS_SET = Kind(_some_of(OPS_SETS), {"type": "array", "items": {"enum": list(OPS_SETS)}})
SUPPORTED_TYPES = Kind(
    _some_of(_SUPPORTED_TYPES), {"type": "array", "items": {"enum": list(_SUPPORTED_TYPES)}}
)
VERSION = Kind(_version, {"type": "string", "pattern": r"^\d+\.\d+(\.\w+)?$"})
FLAG = Kind(_flag, {"type": "boolean"})
FLOW = Kind(_one_of(("tf1", "tf2")), {"enum": ["tf1", "tf2"]})
TENSOR_TYPE = Kind(_one_of(_TENSOR_TYPES), {"enum": list(_TENSOR_TYPES)})
STATS = Kind(
    _stats,
    {
        "type": "object",
        "minProperties": 1,
        "additionalProperties": {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2},
    },
)
TEXT = Kind(_text, _STRING)
TEXTS = Kind(_texts, _STRINGS)
CODES = Kind(_codes, {"type": "array", "items": _RULE})
CODE = Kind(_code, _RULE)
CONVERTERS = Kind(_converters, _PROFILES)
LEVEL = Kind(_level, _LEVELS)
SEVERITY_TABLE = Kind(
    _severities, {"type": "object", "propertyNames": _RULE, "additionalProperties": _LEVELS}
)
INPUTS = Kind(_inputs, {"anyOf": [_STRINGS, {"type": "object", "additionalProperties": _SIZES}]})

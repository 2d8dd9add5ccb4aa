"""What a script sets on a converter: its attributes as flags of a call, on every way through the branches."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from itertools import islice
from typing import Any, NamedTuple

from minmax_lint.converters.call import BUILTINS, COMPUTED, LOWERS_LISTS, OPS_SETS, SWITCHES, ConverterCall
from minmax_lint.converters.dataset import Dataset
from minmax_lint.loaders.script.assigned import DELETED
from minmax_lint.loaders.script.branches import Path, condition, never, taken, ways
from minmax_lint.loaders.script.definitions import Function
from minmax_lint.loaders.script.names import dotted, last
from minmax_lint.loaders.script.options import default_of
from minmax_lint.loaders.script.values import Values

_TYPES = frozenset({"inference_type", "inference_input_type", "inference_output_type"})
_SWITCHES = {
    "experimental_new_quantizer": "experimental_new_quantizer",
    "experimental_new_converter": "experimental_new_converter",
    LOWERS_LISTS: "lower_tensor_lists",
}
"""Attribute that is True where it is not set, in TensorFlow today -> the field of ConverterCall."""
DENIED = {"denylisted_ops": "denied_ops", "denylisted_nodes": "denied_nodes"}
"""Attribute of QuantizationDebugOptions -> the field of ConverterCall."""
_OPTIMIZE = frozenset({"DEFAULT", "OPTIMIZE_FOR_SIZE", "OPTIMIZE_FOR_LATENCY", "EXPERIMENTAL_SPARSITY"})
"""Members of tf.lite.Optimize."""
_READ = (
    *_TYPES,
    *_SWITCHES,
    *SWITCHES,
    "optimizations",
    "representative_dataset",
    "supported_ops",
    "supported_types",
    "target_spec",
    *DENIED,
)
"""Attributes of which the report says where they cannot be read."""
_MOST_WORK = 20_000
"""Settings on all ways together."""
WITHOUT_EFFECT = frozenset({"target_ops", "post_training_quantize"})
"""Attributes that scripts set and TF2's converter does not read."""


_PREFERRED = {"float": 0, "dynamic": 1, "float16": 1}
"""Mode -> how much a way through the branches is preferred: those that quantize activations most."""


class Setting(NamedTuple):
    """One value that an attribute gets."""

    path: Path
    """The conditions under which it does, beside those under which the converter is made."""
    attribute: str
    value: ast.expr
    adds: bool = False
    """Whether the value joins what the attribute holds, as with `|=` and `append`."""
    dataset: Dataset | None = None
    """Of representative_dataset: what it yields."""
    function: Function | None = None
    """The function in which it gets the value."""
    option: str = ""
    """The option of the script whose default the value is, for people."""


def settings(
    values: Values, path: Path, attribute: str, value: ast.expr, adds: bool = False
) -> Iterator[Setting]:
    """What a statement sets: of `x if test else y`, each under its condition."""
    value = values.followed(value)
    default = default_of(values, value)
    if default is not None:
        found = settings(values, path, attribute, default, adds)
        yield from (one._replace(option=one.option or dotted(value)) for one in found)
    elif isinstance(value, ast.IfExp):
        for branch, one in enumerate((value.body, value.orelse)):
            under = (*path, *condition(value.test, branch, values.truth, values.followed))
            yield from settings(values, under, attribute, one, adds)
    elif attribute == "target_spec" and isinstance(value, ast.Call):
        for keyword in value.keywords:
            if keyword.arg is not None:
                yield from settings(values, path, keyword.arg, keyword.value)
    else:
        for under, one in [((), value)] if adds else values.variants(value):
            if one is value:
                yield Setting(path, attribute, one, adds)
            elif not never(under):
                yield from settings(values, (*path, *under), attribute, one)


def with_settings(
    made: ConverterCall,
    found: Sequence[Setting],
    values: Values,
    conversions: int = 1,
    ended: Sequence[Path] = (),
) -> ConverterCall:
    """The call with these settings, on a way through the branches that quantizes where there is one.

    It is one of so many `conversions` of the converter, which share the work. `ended`: branches that do not come to it.
    """
    branched = [one for one in found if any(key for key, _ in one.path)]
    calls = []
    most = 1 + _MOST_WORK // (conversions * (1 + len(found)))
    all_ways = list(islice(ways([*(one.path for one in branched), *ended]), most))
    for way in [one for one in all_ways if not any(taken(path, one) for path in ended)] or all_ways:
        call, assumed = made, dict[str, str]()
        for one in found:
            if taken(one.path, way):
                call = _with_flag(call, one, values)
                call = replace(call, dataset=one.dataset) if one.dataset is not None else call
                assumed[one.attribute] = _assumed(one, values)
        call = replace(call, assumed=tuple(filter(None, assumed.values())))
        if call not in calls:
            calls.append(call)
    if len(calls) == 1:
        return calls[0]
    main = max(calls, key=lambda one: _PREFERRED.get(one.mode(False), 2))  # the first of those
    lines: dict[str, int] = {}
    for one in branched:
        lines.setdefault(one.attribute, one.value.lineno)
    return replace(
        main,
        otherwise=tuple(_differences(main, one) for one in calls if one is not main),
        branched=", ".join(f"{attribute} (line {line})" for attribute, line in lines.items()),
    )


def _assumed(setting: Setting, values: Values) -> str:
    """What cannot be read of a setting, and what is assumed instead; empty where all is read."""
    attribute, value = setting.attribute, setting.value
    if attribute not in _READ:
        return ""
    line = f"(line {value.lineno})"
    if setting.option:
        return f"{attribute} = {setting.option} {line}, taken as its default, {_short(value)}"
    as_what = _taken(attribute, value, values)
    return f"{attribute} = {_short(value)} {line}, taken as {as_what}" if as_what else ""


def _taken(attribute: str, value: ast.expr, values: Values) -> str:
    """What a value is taken for that cannot be read; empty for one that is read."""
    elements = values.elements(value)
    names = [last(one) for one in elements or () if not isinstance(one, ast.Constant)]
    if attribute in _TYPES:
        return "an integer type" if _type(value) == COMPUTED else ""
    if attribute in (*_SWITCHES, *SWITCHES):
        return "not set" if values.truth(value) is None else ""
    if attribute == "optimizations":
        return "set" if elements is None or not {*names} <= _OPTIMIZE else ""
    if attribute == "supported_ops":
        return "" if elements == [] or _members(elements) else "not set"
    if attribute in DENIED:
        none = isinstance(value, ast.Constant)
        return "" if none or all(isinstance(one, ast.Constant) for one in elements or [value]) else "empty"
    if attribute == "supported_types":
        return "not set" if elements is None else "int8" if COMPUTED in map(_type, elements) else ""
    return ""


def _short(value: ast.expr) -> str:
    try:
        text = " ".join(ast.unparse(value).split())
    except RecursionError:
        return "..."
    return f"{text[:37]}..." if len(text) > 40 else text


def _differences(main: ConverterCall, other: ConverterCall) -> dict[str, Any]:
    names = [one.name for one in fields(ConverterCall) if one.compare and one.name != "dataset"]
    return {name: getattr(other, name) for name in names if getattr(other, name) != getattr(main, name)}


def _with_flag(call: ConverterCall, setting: Setting, values: Values) -> ConverterCall:
    attribute, value = setting.attribute, setting.value
    if attribute == DELETED:
        gone = value.value if isinstance(value, ast.Constant) else ""
        return replace(call, deleted=str(gone)) if gone in _READ else call
    if attribute == call.deleted:
        call = replace(call, deleted="")
    given = not (isinstance(value, ast.Constant) and not value.value)
    if attribute in _TYPES:
        return replace(call, **_names(attribute, _type(value)))
    if attribute in (*_SWITCHES, *SWITCHES):
        known = values.truth(value)
        if known is None:
            return call
        if attribute in _SWITCHES:
            return replace(call, **_names(_SWITCHES[attribute], known))
        name = SWITCHES[attribute]
        return replace(call, **_names(name, getattr(ConverterCall, name) != known))
    if attribute == "quantized_input_stats":
        return replace(call, input_stats=_stats(values, value, [*call.inputs]) if given else None)
    if attribute == "post_training_quantize" and call.flow == "tf1":
        return replace(call, optimizations=given)
    if attribute == "optimizations":
        before = setting.adds and call.optimizations
        return replace(call, optimizations=before or (given and _optimizes(values.elements(value))))
    if attribute == "representative_dataset":
        return replace(call, representative_dataset=given)
    if attribute == "supported_ops" or (attribute == "target_ops" and call.flow == "tf1"):
        before_ops = (call.supported_ops or frozenset({BUILTINS})) if setting.adds else frozenset()
        members = _members(values.elements(value))
        return replace(call, supported_ops=before_ops | members if members else frozenset())
    if attribute == "supported_types":
        before_types = call.supported_types if setting.adds else frozenset()
        return replace(call, supported_types=before_types | set(map(_type, values.elements(value) or [])))
    if attribute in DENIED:
        texts = [one.value for one in values.elements(value) or [] if isinstance(one, ast.Constant)]
        return replace(call, **_names(DENIED[attribute], frozenset(map(str, texts))))
    if attribute == "default_ranges_stats":
        return replace(call, default_ranges=given)
    if attribute in WITHOUT_EFFECT:
        return replace(call, without_effect=(*call.without_effect, attribute))
    return call


def _optimizes(elements: list[ast.expr] | None) -> bool:
    """Whether one of them quantizes: texts and EXPERIMENTAL_SPARSITY do not (`is_any_optimization_enabled`)."""
    if elements is None:
        return True
    names = [last(one) for one in elements if not isinstance(one, ast.Constant)]
    return any(name != "EXPERIMENTAL_SPARSITY" for name in names)


def _names(attribute: str, value: Any) -> dict[str, Any]:
    return {attribute: value}


def _type(value: ast.expr) -> str:
    """`tf.uint8`, `np.int8` or `lite.constants.QUANTIZED_UINT8` as `uint8`; `?` for what is computed."""
    if isinstance(value, ast.Call) and value.args and last(value.func) in ("as_dtype", "dtype", "getattr"):
        value = value.args[-1]
    text = str(value.value or "") if isinstance(value, ast.Constant) else last(value)
    if not text and not (isinstance(value, ast.Constant) and value.value in (None, "")):
        return COMPUTED
    known = text.lower().removeprefix("quantized_")
    known = "float32" if known == "float" else known
    return known if known in ("", "uint8", "int8", "int16", "float16", "bfloat16", "float32") else COMPUTED


def _members(elements: list[ast.expr] | None) -> frozenset[str]:
    """Members of tf.lite.OpsSet; none where they cannot be read."""
    names = {last(element) for element in elements or ()}
    return frozenset(names) if names <= {*OPS_SETS} else frozenset()


def _stats(values: Values, value: ast.expr, inputs: list[str]) -> dict[str, tuple[float, float] | None]:
    """Input -> mean and std; empty where the inputs cannot be read. `inputs`: what `get_input_arrays` returns."""
    if isinstance(value, ast.DictComp) and _input_arrays(values, value.generators[0].iter):
        return dict.fromkeys(inputs, _pair(values.followed(value.value)))
    if not isinstance(value, ast.Dict):
        return {}
    found: dict[str, tuple[float, float] | None] = {}
    for key, pair in zip(value.keys, value.values, strict=True):
        key = values.followed(key) if key is not None else None
        name = key.value if isinstance(key, ast.Constant) else None
        if isinstance(key, ast.Subscript) and _input_arrays(values, key.value):
            number = values.number(key.slice)
            name = inputs[number] if number is not None and -len(inputs) <= number < len(inputs) else None
        if not isinstance(name, str):
            return {}
        found[name] = _pair(values.followed(pair))
    return found


def _input_arrays(values: Values, value: ast.expr) -> bool:
    value = values.followed(value)
    return isinstance(value, ast.Call) and last(value.func) == "get_input_arrays"


def _pair(value: ast.expr) -> tuple[float, float] | None:
    try:
        mean, std = ast.literal_eval(value)
        return float(mean), float(std)
    except (ValueError, TypeError):
        return None

"""The description of a Keras model, read without Keras: which Keras wrote it, what code and which files it would use.

Loading a Keras model can run code that its file brings along: a Lambda layer is marshalled bytecode, and a
class or function is imported from whatever module the file names. And a layer can name a file, here or in a cloud,
that Keras reads. So the recipe is read as data first.
Source: keras/src/saving/serialization_lib.py, legacy/saving/serialization.py, layers/rnn/cell_wrappers.py,
layers/preprocessing/index_lookup.py; CVE-2024-3660, CVE-2025-1550, CVE-2025-9905.
"""

import builtins
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from minmax_lint.ops.outside import reaches_outside

_RUNS_CODE = frozenset(
    one.casefold()
    for one in (
        "Lambda __lambda__ TorchModuleWrapper TFSMLayer JaxLayer FlaxLayer PyFunc ClassMethod load_model load_weights "
        "get_file func_load model_from_json model_from_config model_from_yaml"
    ).split()
)
"""Names, in any case, of what runs code from the file, or loads another file that may."""

_TFMOT_LAYERS = ("QuantizeAnnotate", "QuantizeLayer", "QuantizeWrapper")
"""How the layers that tfmot puts around others begin; Keras 3 has a QuantizedDTypePolicy of its own."""

_KERAS_PARTS = (
    "activations|constraints|dtype_policies|engine|initializers|layers|losses|metrics|mixed_precision|models|ops"
    "|optimizers|quantizers|random|regularizers"
)
_KERAS = r"(tensorflow\.(python\.)?)?(keras|tf_keras)(\.src)?(\.legacy)?"
_HARMLESS_MODULE = re.compile(
    rf"{_KERAS}(\.({_KERAS_PARTS})(\..*)?)?|tensorflow_model_optimization(\..*)?|builtins"
)
"""Modules of Keras and tfmot whose classes only compute. `keras.utils`, for one, can download files."""
_HARMLESS_FUNCTIONS = re.compile(
    rf"{_KERAS}\.(activations|constraints|initializers|losses|metrics|ops|regularizers)(\..*)?"
    r"|tensorflow_model_optimization(\..*)?|builtins"
)
"""Modules whose functions only compute: what other modules of Keras import can be named by their names as well."""
_OF_APPLICATIONS = re.compile(rf"{_KERAS}\.applications\.convnext\.(LayerScale|StochasticDepth)")
"""The layers that networks of keras.applications bring; their modules also hold what downloads weights."""
_PYTHON_FUNCTIONS = frozenset(vars(builtins))
"""Keras says `builtins` of its own activations; these are really Python's."""

_FILE_KEYS = re.compile(r"vocabulary\w*|(\w+_)?(asset|file|filename|filepath|path|uri|url)s?", re.IGNORECASE)
"""Arguments that name a file. Keras itself lists a vocabulary, unless it was given as a file."""
_SETTINGS = re.compile(r"vocabulary_(d?type|size)")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*://|(/|~|\.\.?/|[A-Za-z]:\\|\\\\)\S")
"""A text that begins as a URL or a path out of the file does."""
_NAMES = re.compile(r"(\w+_)?names?|inbound_nodes|(input|output)_layers|keras_history|node_def")
"""Arguments of which the texts are names of layers and ops: TensorFlow's begin with no slash, but users' may."""

_FUNCTIONS_OF_OPS = frozenset({"TFOpLambda", "SlicingOpLambda"})
_HARMLESS_OP = re.compile(
    r"(compat\.v1\.)?((math|nn|linalg|image|signal|quantization|strings|__operators__)\.\w+|cast|clip_by_\w+|concat"
    r"|convert_to_tensor|expand_dims|fill|gather(_nd)?|identity|one_hot|ones(_like)?|pad|range|repeat|reshape|reverse"
    r"|shape|slice|split|squeeze|stack|strided_slice|tile|transpose|unstack|where|zeros(_like)?)"
)
"""Functions of TensorFlow that only make ops."""


@dataclass(frozen=True)
class Recipe:
    """What a Keras file says of its model."""

    config: Any
    version: str
    """Of the Keras that wrote it; empty where the file does not say."""

    @property
    def legacy(self) -> bool:
        """Whether Keras 2 wrote it, which lives on as tf_keras."""
        return self.version.startswith(("1.", "2."))

    @property
    def quantized(self) -> bool:
        """Whether it has layers of tfmot's quantize_model."""
        kinds = (str(one.get("class_name", "")).rpartition(">")[2] for one in _objects(self.config))
        return any(kind.startswith(_TFMOT_LAYERS) for kind in kinds)

    def code(self) -> tuple[str, ...]:
        """What would run code of the file or of other modules, in words; empty where nothing would."""
        found = [_danger(one) for one in _objects(self.config)]
        found += [
            f"a lambda function as {key}" for key, value in _arguments(self.config) if _is_lambda(key, value)
        ]
        return tuple(dict.fromkeys(filter(None, found)))

    def outside(self) -> tuple[str, ...]:
        """The files outside this one that would be read, in words; empty where none would."""
        return tuple(dict.fromkeys(filter(None, (_file(*one) for one in _arguments(self.config)))))


def _objects(config: Any) -> Iterator[Mapping[str, Any]]:
    """Everything in the recipe that names a class, outermost first."""
    pending = [config]
    while pending:
        at = pending.pop()
        if isinstance(at, dict):
            if "class_name" in at:
                yield at
            pending += reversed(at.values())
        elif isinstance(at, list):
            pending += reversed(at)


def _arguments(config: Any) -> Iterator[tuple[str, Any]]:
    """Every argument in the recipe with its name. Texts in lists are none: words of a vocabulary, names of inputs."""
    pending = [("", config)]
    while pending:
        name, at = pending.pop()
        if isinstance(at, list):
            pending += [(name, one) for one in reversed(at) if isinstance(one, (dict, list))]
            continue
        yield name, at
        if isinstance(at, dict):
            pending += [(str(key), value) for key, value in reversed(at.items())]


def _is_lambda(key: str, value: Any) -> bool:
    """Whether a function is given as bytecode, as Keras 2 says it in front of the bytecode."""
    return key.endswith("_type") and isinstance(value, str) and value.casefold() == "lambda"


def _file(key: str, value: Any) -> str:
    """The file that an argument names, in words; empty where it names none."""
    if _FILE_KEYS.fullmatch(key) and isinstance(value, dict) and "class_name" in value:
        return f"{key}, a {value['class_name']}"  # a text as a tensor or bytes
    if not isinstance(value, str) or not value or _NAMES.fullmatch(key):
        return ""
    named = _URL.match(value) is not None or (_FILE_KEYS.fullmatch(key) and not _SETTINGS.fullmatch(key))
    return f"{key} {value!r}" if named else ""


def _danger(one: Mapping[str, Any]) -> str:
    """What one object of the recipe would run; empty where it only computes."""
    kind, module = str(one["class_name"]), str(one.get("module") or "")
    config = one.get("config")
    details: Mapping[str, Any] = config if isinstance(config, dict) else {}
    name = details.get("name") or one.get("name") or ""
    called = f" {name!r}" if name else ""
    function = kind == "function" and isinstance(config, str)
    named = [config if function else kind, one.get("registered_name"), one.get("spec_name")]
    if kind.rpartition(">")[2].rpartition(".")[2] in _FUNCTIONS_OF_OPS:
        made = str(details.get("function", ""))
        return "" if not made or _HARMLESS_OP.fullmatch(made) else f"a call of tf.{made}"
    for full in (str(one) for one in named if one):
        # A name may have a package in front (`mine>Lambda`), or a part of the module (`layers.Lambda`).
        within, _, last = full.rpartition(">")[2].rpartition(".")
        if last.casefold() in _RUNS_CODE:
            return f"{full} layer{called}" if last != "__lambda__" else "a lambda function"
        place = ".".join(filter(None, (module, within)))
        harmless = _HARMLESS_FUNCTIONS if function else _HARMLESS_MODULE
        # Behind a module it is what the module imports: `os.system` of one that imports `os`.
        imported = bool(within) and "." in module
        if not function and _OF_APPLICATIONS.fullmatch(f"{place}.{last}"):
            continue
        if imported or (place and not harmless.fullmatch(place)):
            return f"{module}.{full}{called}" if module else f"{full}{called}"
        if place == "builtins" and function and last in _PYTHON_FUNCTIONS:
            return f"Python's {full}"
    ops = re.findall(r"\bop:\s*.?[\"'](\w+)", str(details.get("node_def", "")))
    return next((f"a {op} op{called}" for op in ops if reaches_outside(op)), "")

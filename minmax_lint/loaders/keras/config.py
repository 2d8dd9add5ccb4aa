"""Keras files (`.keras`, `.h5`) read without Keras: which Keras wrote them, and what code they would run.

Loading a Keras model can run code that its file brings along: a Lambda layer is marshalled bytecode, and a
class or function is imported from whatever module the file names. So the recipe is read as data first.
Source: keras/src/saving/serialization_lib.py, legacy/saving/serialization.py; CVE-2024-3660, CVE-2025-1550,
CVE-2025-9905.
"""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from minmax_lint.errors import UnreadableModel
from minmax_lint.loaders.keras.hdf5 import attributes

_LARGEST = 32 << 20
"""Bytes of a recipe that are read at most."""

_RUNS_CODE = frozenset(
    {"Lambda", "__lambda__", "TorchModuleWrapper", "TFSMLayer", "JaxLayer", "FlaxLayer", "PyFunc"}
)
"""Classes that run code from the file, or load another file that does."""

_TFMOT_LAYERS = ("QuantizeAnnotate", "QuantizeLayer", "QuantizeWrapper")
"""How the layers that tfmot puts around others begin; Keras 3 has a QuantizedDTypePolicy of its own."""

_KERAS_PARTS = (
    "activations|constraints|dtype_policies|engine|initializers|layers|losses|metrics|mixed_precision|models|ops"
    "|optimizers|quantizers|random|regularizers"
)
_HARMLESS_MODULE = re.compile(
    rf"(tensorflow\.(python\.)?)?(keras|tf_keras)(\.src)?(\.legacy)?(\.({_KERAS_PARTS})(\..*)?)?"
    r"|tensorflow_model_optimization(\..*)?|builtins"
)
"""Modules of Keras and tfmot whose classes only compute. `keras.utils`, for one, can download files."""

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
        found = (_danger(one) for one in _objects(self.config))
        return tuple(dict.fromkeys(filter(None, found)))


def read_archive(path: Path) -> Recipe:
    """The recipe in a .keras file. Raises UnreadableModel."""
    try:
        with zipfile.ZipFile(path) as archive:
            config = _json(_member(archive, "config.json"))
            about = _json(_member(archive, "metadata.json")) if "metadata.json" in archive.namelist() else {}
    except UnreadableModel:
        raise
    except (
        Exception
    ) as error:  # zipfile lets through what it meets: zlib.error, struct.error, UnicodeDecodeError
        raise UnreadableModel(f"the .keras file is damaged ({error}); save the model again") from None
    return Recipe(config, str(about.get("keras_version", "")) if isinstance(about, dict) else "")


def read_hdf5(path: Path) -> Recipe:
    """The recipe in an .h5 file. Raises UnreadableModel, also for one that holds weights alone."""
    found = attributes(path, "model_config", "keras_version")
    if "model_config" not in found:
        raise UnreadableModel(
            "this HDF5 file holds weights and no model; save the whole model (`model.save`), or export it as a "
            "SavedModel (`model.export(FOLDER)`)"
        )
    return Recipe(_json(found["model_config"]), found.get("keras_version", ""))


def _member(archive: zipfile.ZipFile, name: str) -> str:
    if archive.getinfo(name).file_size > _LARGEST:
        raise UnreadableModel(f"{name} in the .keras file is larger than any model's; save the model again")
    return archive.read(name).decode("utf-8", "replace")


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise UnreadableModel("the Keras model's description is damaged; save the model again") from None


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


def _danger(one: Mapping[str, Any]) -> str:
    """What one object of the recipe would run; empty where it only computes."""
    kind, module = str(one["class_name"]), str(one.get("module") or "")
    config = one.get("config")
    details: Mapping[str, Any] = config if isinstance(config, dict) else {}
    name = details.get("name") or one.get("name") or ""
    called = f" {name!r}" if name else ""
    if kind.rpartition(">")[2] in _RUNS_CODE:
        return f"{kind} layer{called}" if kind != "__lambda__" else "a lambda function"
    if kind in _FUNCTIONS_OF_OPS:
        function = str(details.get("function", ""))
        return "" if not function or _HARMLESS_OP.fullmatch(function) else f"a call of tf.{function}"
    if module and not _HARMLESS_MODULE.fullmatch(module):
        return f"{module}.{config if kind == 'function' else kind}{called}"
    return ""

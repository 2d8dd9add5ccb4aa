"""Where a TFLiteConverter object has its graph, and how a repaired one takes its place.

Source of the attributes: tensorflow/lite/python/lite.py, the same from TF 2.15 to 2.21.
"""

import copy
import sys
from abc import ABC, abstractmethod
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

from minmax_lint.converters.call import ConverterCall
from minmax_lint.errors import UserError
from minmax_lint.fixes.engine.patch import Patch
from minmax_lint.graph.names import canonical_array
from minmax_lint.loaders.endpoints import Endpoints, endpoints
from minmax_lint.loaders.load import load
from minmax_lint.loaders.model import Model
from minmax_lint.workflows.checking.dataset import look_at_samples
from minmax_lint.workflows.checking.settings import is_tf1
from minmax_lint.writers.kept import frozen_kept

_OF_THE_SOURCE = ("saved_model_dir", "experimental_lower_to_saved_model")
"""Settings that belong to what a converter converts, not to how."""


class ConverterSource(ABC):
    """A converter's graph, with its inputs and outputs. Files go to `folder`."""

    advice = ""
    """What would let us see more of the graph; empty where all is seen."""

    def __init__(self, converter: Any, folder: Path) -> None:
        self.converter = converter
        self.folder = folder

    @cached_property
    def opened(self) -> tuple[Model, Endpoints]:
        """The graph as it is when it is first asked for. Raises UserError where it cannot be read."""
        return self.model()

    @abstractmethod
    def model(self) -> tuple[Model, Endpoints]:
        """The graph, loaded. Raises UserError where it cannot be read."""

    @abstractmethod
    def replace_graph(self, patch: Patch) -> Any:
        """A converter of the repaired graph: the user's own one where that can be."""

    def complete(self, call: ConverterCall) -> ConverterCall:
        """The call, with what the converter says of signatures, and the first samples of its dataset."""
        return replace(call, unsigned=True, dataset=look_at_samples(self.converter))


def source_of(converter: Any, folder: Path, whole: Any = None) -> ConverterSource:
    """The source of a converter. Raises UserError for an object that is none we know.

    `whole` is what a converter was made of that keeps only a part of it.
    """
    if not callable(getattr(converter, "convert", None)):
        raise UserError(f"a {type(converter).__name__} is no TFLiteConverter")
    of_object = getattr(converter, "_keras_model", None) is not None or getattr(converter, "_funcs", None)
    if of_object and not is_tf1(converter):
        # Asked first: these converters leave the name of a folder behind that is gone after convert().
        return ObjectSource(converter, folder)
    if getattr(converter, "saved_model_dir", None):
        return SavedModelSource(converter, folder)
    if getattr(converter, "_graph_def", None) is not None:
        return GraphDefSource(converter, folder, whole)
    raise UserError(f"{type(converter).__name__}: its graph cannot be found; lint the model instead")


class GraphDefSource(ConverterSource):
    """tf.compat.v1: from_frozen_graph, from_session, and from_saved_model of a TF1 SavedModel.

    The last two cut the graph at the outputs, so a FakeQuant behind an output is gone from the converter.
    After from_session its tensors still belong to the whole graph, and a session has the variables' values.
    """

    def __init__(self, converter: Any, folder: Path, whole: Any) -> None:
        super().__init__(converter, folder)
        self.whole = whole

    def model(self) -> tuple[Model, Endpoints]:
        """The whole graph where it is at hand, else the converter's own."""
        converter = self.converter
        whole = self.whole if self.whole is not None else self._session()
        if whole is None:
            self.advice = "if FakeQuants stand behind the outputs, give what it was made of: source=..."
        model = load(whole if whole is not None else converter._graph_def)
        if converter._input_tensors is not None:
            inputs = {_array(tensor): _shape(tensor) for tensor in converter._input_tensors}
            outputs = [_array(tensor) for tensor in converter._output_tensors]
        else:
            inputs = {name: tuple(shape) for name, shape in converter._input_arrays_with_shape}
            outputs = list(converter._output_arrays)
        return model, endpoints(model, inputs, outputs)

    def replace_graph(self, patch: Patch) -> Any:
        """The same converter; the repaired outputs keep their names."""
        content = frozen_kept(patch.graph, patch.after.trace, patch.after.inputs)
        self.converter._graph_def = type(self.converter._graph_def).FromString(content)
        if hasattr(self.converter, "_keras_model"):
            # from_keras_model_file would export the Keras model again, as it was.
            self.converter._keras_model = None
        return self.converter

    def _session(self) -> Any:
        tensors = self.converter._input_tensors
        default = sys.modules["tensorflow"].compat.v1.get_default_session()
        return default if default is not None and tensors and tensors[0].graph is default.graph else None


class SavedModelSource(ConverterSource):
    """from_saved_model, of TF1 and TF2."""

    def complete(self, call: ConverterCall) -> ConverterCall:
        """With the signatures that are converted: those that the converter names, else all."""
        keys = self._keys
        return replace(super().complete(call), unsigned=False, signatures=keys, every_signature=not keys)

    def model(self) -> tuple[Model, Endpoints]:
        """The SavedModel and the signature that is converted."""
        key = next(iter(self._keys), None)
        model = load(self.converter.saved_model_dir, signature=key if len(self._keys) == 1 else None)
        alone = key if len(self._keys) == 1 and key in model.signatures else None
        return model, endpoints(model, signature=alone)

    @property
    def _keys(self) -> tuple[str, ...]:
        return tuple(getattr(self.converter, "_saved_model_exported_names", None) or ())

    def replace_graph(self, patch: Patch) -> Any:
        """The same converter, of a repaired copy of the SavedModel."""
        self.converter.saved_model_dir = str(patch.save(self.folder / "saved_model"))
        return self.converter


class ObjectSource(ConverterSource):
    """from_keras_model and from_concrete_functions.

    The converter itself exports them as a SavedModel where it can, and so do we: what is repaired is what
    would be converted, and its signature survives.
    """

    def __init__(self, converter: Any, folder: Path) -> None:
        super().__init__(converter, folder)
        self._exported: SavedModelSource | None = None

    def model(self) -> tuple[Model, Endpoints]:
        """The exported SavedModel; the call itself, its variables as constants, where there is none."""
        functions = getattr(self.converter, "_funcs", ())
        if len(functions) > 1:
            raise UserError(f"the converter has {len(functions)} functions; one can be checked at a time")
        self._exported = self._export()
        if self._exported is not None:
            return self._exported.model()
        model = load(functions[0] if functions else self.converter._keras_model)
        return model, endpoints(model)

    def complete(self, call: ConverterCall) -> ConverterCall:
        """As of the exported SavedModel; without one the model has no signature."""
        return super().complete(call) if self._exported is None else self._exported.complete(call)

    def replace_graph(self, patch: Patch) -> Any:
        """Another converter, of the repaired graph, set as the user's own."""
        make = sys.modules["tensorflow"].lite.TFLiteConverter
        if self._exported is not None:
            exported = self._exported.replace_graph(patch)
            keys = list(exported._saved_model_exported_names)
            converter = make.from_saved_model(exported.saved_model_dir, signature_keys=keys)
        else:
            converter = make.from_concrete_functions([function_of(patch)])
        for name, value in vars(self.converter).items():
            if not name.startswith("_") and name not in _OF_THE_SOURCE:
                setattr(converter, name, value)
        return converter

    def _export(self) -> SavedModelSource | None:
        copied = copy.copy(self.converter)
        copied.saved_model_dir = None
        for name in ("_convert_keras_to_saved_model", "_convert_concrete_functions_to_saved_model"):
            if hasattr(copied, name):
                getattr(copied, name)(str(self.folder / "exported"))
        return SavedModelSource(copied, self.folder) if copied.saved_model_dir else None


def function_of(patch: Patch) -> Any:
    """The repaired graph as a concrete function."""
    v1 = sys.modules["tensorflow"].compat.v1
    report = patch.after
    graph_def = v1.GraphDef.FromString(frozen_kept(patch.graph, report.trace, report.inputs))
    wrapped = v1.wrap_function(lambda: v1.import_graph_def(graph_def, name=""), [])
    tensor = wrapped.graph.get_tensor_by_name
    return wrapped.prune(
        [tensor(_tensor_name(name)) for name in report.inputs],
        [tensor(_tensor_name(name)) for name in report.outputs],
    )


def _tensor_name(array: str) -> str:
    return array if ":" in array else f"{array}:0"


def _array(tensor: Any) -> str:
    return canonical_array(tensor.name)


def _shape(tensor: Any) -> tuple[int | None, ...] | None:
    return None if tensor.shape.rank is None else tuple(tensor.shape.as_list())

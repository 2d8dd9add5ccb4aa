"""What a loader returns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from minmax_lint.converters.finished import TFLiteModel
from minmax_lint.errors import UserError
from minmax_lint.graph.attr import FunctionRef
from minmax_lint.graph.freeze import VariableValues
from minmax_lint.graph.graph import Graph
from minmax_lint.graph.tensor import Shape
from minmax_lint.ops.table import CALLS

DEFAULT_SIGNATURE = "serving_default"
"""The signature that serves where the user names none."""
_OF_TF2 = ("__inference_signature_wrapper", "__inference__traced_save", "__inference__traced_restore")


class Signature(NamedTuple):
    """A signature: its keys and the arrays of the graph they stand for."""

    name: str
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]
    input_shapes: Mapping[str, Shape | None] = {}
    """Array -> shape, as the signature states it."""


class KerasFile(NamedTuple):
    """Which Keras loads a file."""

    legacy: bool
    """Keras 2, which lives on as tf_keras; else Keras 3."""
    quantized: bool
    """Whether it has layers of tfmot's quantize_model."""


@dataclass(frozen=True)
class Model:
    """A loaded model."""

    path: Path | None
    """The file that holds the graph; None for objects in memory and standard input."""
    format: str
    """`graphdef`, `metagraph`, `savedmodel`, each also with `-text`; `checkpoint`; `tflite`; `function`, ..."""
    graph: Graph
    signatures: Mapping[str, Signature] = field(default_factory=dict)
    variables: VariableValues | None = None
    outer: Graph | None = None
    """The file's own graph, where `graph` was put together from the functions that it calls (TF2)."""
    finished: TFLiteModel | None = None
    """The model itself, where it is a finished .tflite and `graph` only shows it."""

    others: tuple[str, ...] = ()
    """Signatures that the file has besides `signatures`; a converter takes them all unless set otherwise."""

    copies: tuple[str, ...] = ()
    """Signatures of the file that are others under a second name: `serve` of Keras 3."""

    flattened: Callable[[Sequence[str]], Model] | None = field(default=None, repr=False, compare=False)
    """Reads other signatures of the file, where `graph` holds those of `signatures` alone (TF2)."""

    keras: KerasFile | None = None
    """What loads the file, where it is one of Keras and says so."""

    @property
    def keys(self) -> tuple[str, ...]:
        """All signatures of the file."""
        return tuple(sorted((*self.signatures, *self.others, *self.copies)))

    def of_signatures(self, names: Sequence[str]) -> Model:
        """The model with these signatures of its file."""
        if self.flattened is None or {*names} == {*self.signatures}:
            return self
        return replace(self.flattened(names), variables=self.variables)

    @property
    def of_tf2(self) -> bool:
        """Whether TensorFlow 2 or Keras made it: its users convert in the TF2 flow."""
        if self.outer is not None or self.format in ("keras", "keras-h5", "function"):
            return True
        return self.format.startswith("savedmodel") and any(map(self._is_of_tf2, self.graph.of_ops(CALLS)))

    def _is_of_tf2(self, name: str) -> bool:
        """Whether that node calls a function that TensorFlow 2 writes into every SavedModel.

        They stay where a fix serves a graph of its own (writers/flattened.py). Source:
        tensorflow/python/saved_model/signature_serialization.py and tensorflow/python/checkpoint/functional_saver.py.
        """
        function = self.graph[name].attribute("f")
        return isinstance(function, FunctionRef) and function.name.startswith(_OF_TF2)

    def require_graph(self, to: str) -> None:
        """Nothing for a graph. Raises UserError for a finished .tflite: there is nothing to `to` about it."""
        if self.finished is not None:
            raise UserError(
                f"{self.path or 'this'} is a finished TFLite model; {to} the graph that it was made from"
            )

    def input_keys(self, inputs: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
        """Input array -> the keys under which the signatures know it; of several signatures `SIGNATURE/KEY` as well."""
        known = [pair for one in self.signatures.values() for pair in one.inputs.items()]
        if len(self.signatures) > 1:
            known += [
                (f"{one.name}/{key}", array)
                for one in self.signatures.values()
                for key, array in one.inputs.items()
            ]
        return {array: tuple(key for key, other in known if other == array) for array in inputs}

    def output_keys(self, outputs: Iterable[str]) -> tuple[str | None, ...]:
        """The key under which a signature knows each output array; None where none does."""
        known = {array: key for one in self.signatures.values() for key, array in one.outputs.items()}
        return tuple(known.get(array) for array in outputs)

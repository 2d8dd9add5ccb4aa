"""What a real converter wrote: a .tflite model as data."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

from minmax_lint.converters.prediction import SHAPE_OPS, OpOutcome, Prediction, computing
from minmax_lint.converters.profile import Flow

BOUNDARY_OPS = frozenset({"QUANTIZE", "DEQUANTIZE"})
FLOAT = "float32"
PROFILE = "tflite"
"""Under this name reports show what a finished model is, beside what converters would make."""


@dataclass(frozen=True, slots=True)
class TensorInfo:
    """A tensor of the model. `scale` and `zero_point` are None unless it is quantized per tensor."""

    name: str
    dtype: str
    """Lower case name of the TFLite tensor type: `float32`, `uint8`, `int32`."""
    shape: tuple[int, ...]
    scale: float | None = None
    zero_point: int | None = None
    index: int = -1
    """Its place in its subgraph: names may be empty or there twice."""
    constant: bool = False
    values: tuple[int, ...] | None = None
    """The numbers of a small constant of whole numbers: axes, paddings, strides."""
    channels: int = 0
    """Of how many channels each has a scale of its own; 0 where one holds for all, or there is none."""
    dynamic: bool = False
    """Whether a size other than the first is known only when the model runs."""


class OpInfo(NamedTuple):
    """An op of the model; tensors that an op leaves out are not listed."""

    name: str
    """TFLite builtin name (`CONV_2D`), or the name of a custom op."""
    inputs: tuple[TensorInfo, ...]
    outputs: tuple[TensorInfo, ...]
    subgraph: int = 0
    """0 is the main subgraph; the others are bodies of control flow."""
    options: Mapping[str, int] = {}
    """What the model says of the op, by the schema's names (`FusedActivationFunction`)."""

    @property
    def is_float(self) -> bool:
        """Contract: an op other than QUANTIZE and DEQUANTIZE with a float32 input or output tensor."""
        return self.name not in BOUNDARY_OPS and any(
            tensor.dtype == FLOAT for tensor in (*self.inputs, *self.outputs)
        )

    @property
    def computes(self) -> bool:
        """Whether it computes on real values: float ones, or integers with a scale. Reports count these ops alone."""
        return self.name not in BOUNDARY_OPS | SHAPE_OPS and any(
            tensor.dtype == FLOAT or tensor.scale is not None for tensor in (*self.inputs, *self.outputs)
        )

    @property
    def output(self) -> str:
        """Name of its first output tensor; empty where it has none."""
        return self.outputs[0].name if self.outputs else ""

    @property
    def label(self) -> str:
        """For people: the op and its first output; of several names that a fusion joined, the last op's."""
        return f"{self.name} {self.output.split(';')[0]!r}"


@dataclass(frozen=True)
class TFLiteModel:
    """A .tflite model: ops in order (bodies of control flow after the main subgraph), inputs, outputs."""

    ops: tuple[OpInfo, ...]
    inputs: tuple[TensorInfo, ...]
    outputs: tuple[TensorInfo, ...]
    size: int
    """Bytes of the file."""

    @cached_property
    def float_ops(self) -> tuple[tuple[str, str], ...]:
        """(op name, name of its first output tensor) of every float op."""
        return tuple((op.name, op.output) for op in self.ops if op.is_float)

    @property
    def computing_float_ops(self) -> tuple[tuple[str, str], ...]:
        """The float ops without those that read a shape alone: what reports count and list."""
        return computing(self.float_ops)

    @property
    def output_types(self) -> tuple[str, ...]:
        """Tensor types of the model's outputs."""
        return tuple(tensor.dtype for tensor in self.outputs)

    def verdict(self, flow: Flow) -> Literal["quantized", "float"]:
        """`float` if any op is; in the TF1 flow a float32 model output counts as well."""
        if self.float_ops or (flow == "tf1" and FLOAT in self.output_types):
            return "float"
        return "quantized"

    @property
    def flow(self) -> Flow:
        """The flow that makes such ends: a float32 input is the TF2 flow's."""
        return "tf2" if any(tensor.dtype == FLOAT for tensor in self.inputs) else "tf1"


def as_prediction(model: TFLiteModel) -> Prediction:
    """The model in the form of a prediction, so that reports show what is like what would be."""
    ops = tuple(OpOutcome(op.name, op.output, (), not op.is_float, op.computes) for op in model.ops)
    return Prediction(PROFILE, model.verdict(model.flow), float_ops=model.float_ops, ops=ops)

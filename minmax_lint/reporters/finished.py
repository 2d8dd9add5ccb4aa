"""What is in a finished .tflite model: its ends, and how much of each kind of op is integer."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from minmax_lint.converters.finished import BOUNDARY_OPS, TensorInfo, TFLiteModel, as_prediction
from minmax_lint.reporters.document import fields_of


@dataclass(frozen=True)
class OpShare:
    """How many ops of one kind there are, and how many of those are integer."""

    op: str
    count: int
    float: int
    computing: int
    """Those that compute on real values; shape arithmetic and QUANTIZE do not."""

    @property
    def uncounted(self) -> str:
        """What the others are, for people; empty where there are none."""
        others = self.count - self.computing
        if not others:
            return ""
        what = "at a float border" if self.op in BOUNDARY_OPS else "no real values"
        return f"{others} not counted: {what}"

    @property
    def integer(self) -> int:
        """Computing ops that are integer."""
        return self.computing - self.float


def op_shares(model: TFLiteModel) -> tuple[OpShare, ...]:
    """By kind of op, the most frequent first."""
    count = Counter(op.name for op in model.ops)
    floats = Counter(op for op, _ in model.computing_float_ops)
    computing = Counter(op.name for op in model.ops if op.computes)
    return tuple(OpShare(op, n, floats[op], computing[op]) for op, n in count.most_common())


def finished_data(path: str, model: TFLiteModel) -> dict[str, Any]:
    """What is in a .tflite model, as the JSON document has it."""
    return {
        "path": path,
        "format": "tflite",
        "size": model.size,
        "inputs": [tensor_data(tensor) for tensor in model.inputs],
        "outputs": [tensor_data(tensor) for tensor in model.outputs],
        "integer_share": as_prediction(model).integer_share,
        "ops": [fields_of(share, "op count computing integer float") for share in op_shares(model)],
        "float_ops": [list(pair) for pair in model.float_ops],
    }


def tensor_data(tensor: TensorInfo) -> dict[str, Any]:
    """A tensor of a .tflite model as plain data."""
    return fields_of(tensor, "name dtype shape scale zero_point")

"""A small finished model for the examples of rules about .tflite files."""

from typing import NamedTuple

from minmax_lint.converters.finished import OpInfo, TensorInfo, TFLiteModel
from minmax_lint.graph.build import Builder
from minmax_lint.graph.dtype import DType
from minmax_lint.rules.framework.rule import Example


class FinishedNet(NamedTuple):
    """CONV_2D, an op in the middle, CONV_2D; each part's type can be set."""

    ends: str = "int8"
    middle: str = "int8"
    middle_op: str = "ADD"

    def example(self, *profiles: str) -> Example:
        """The model with its graph, for these profiles of devices."""
        b = Builder()
        dtype = DType.FLOAT if self.ends == "float32" else DType.INT8
        x = b.placeholder("input", [1, 8, 8, 4], dtype)
        y = b.add("CONV_2D", "output", b.add(self.middle_op, "middle", b.add("CONV_2D", "first", x)))
        return Example(b.graph(), {"input": (1, 8, 8, 4)}, (y,), profiles, self.model())

    def model(self) -> TFLiteModel:
        """The model, with a QUANTIZE or DEQUANTIZE wherever the type changes."""
        ops: list[OpInfo] = []
        at = source = self._tensor("input", self.ends, 0)
        for name, op, dtype in (
            ("first", "CONV_2D", "int8"),
            ("middle", self.middle_op, self.middle),
            ("output", "CONV_2D", "int8"),
        ):
            at = self._as(at, dtype, ops)
            made = self._tensor(name, dtype, len(ops) + 1)
            ops.append(OpInfo(op, (at,), (made,)))
            at = made
        end = self._as(at, self.ends, ops)
        return TFLiteModel(tuple(ops), (source,), (end,), 1000)

    def _as(self, tensor: TensorInfo, dtype: str, ops: list[OpInfo]) -> TensorInfo:
        if tensor.dtype == dtype:
            return tensor
        op = "DEQUANTIZE" if dtype == "float32" else "QUANTIZE"
        made = self._tensor(f"{tensor.name}_{op.lower()}d", dtype, len(ops) + 1)
        ops.append(OpInfo(op, (tensor,), (made,)))
        return made

    def _tensor(self, name: str, dtype: str, index: int) -> TensorInfo:
        scale = None if dtype == "float32" else 0.1
        return TensorInfo(name, dtype, (1, 8, 8, 4), scale, None if scale is None else 0, index)

"""What the examples of rules are made of beside graphs: a small finished model, and a checkpoint as data."""

from collections.abc import Mapping
from typing import NamedTuple

from minmax_lint.converters.finished import OpInfo, TensorInfo, TFLiteModel
from minmax_lint.graph.build import Builder
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.tensor import Tensor
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


class MadeCheckpoint(NamedTuple):
    """Scalars by key. `saved`: the variables that the graph's saver restores; all of them where it is None."""

    values: Mapping[str, float]
    saved: frozenset[str] | None = None
    prefix: str = "model.ckpt"

    @property
    def keys(self) -> tuple[str, ...]:
        """Every key."""
        return tuple(self.values)

    @property
    def restores(self) -> bool:
        """Whether the graph has a saver."""
        return self.saved is None or bool(self.saved)

    def key(self, node: str) -> str:
        """Nodes are keyed by their names."""
        return node

    def is_restored(self, node: str) -> bool:
        """Whether the saver restores that node."""
        return self.saved is None or node in self.saved

    def is_uninitialized(self, node: str) -> bool:
        """No graph of a rule is a SavedModel of TF2."""
        return False

    def value(self, node: str) -> Tensor | None:
        """The value of a node's variable, a scalar."""
        return Tensor.of(DType.FLOAT, [], [self.values[node]]) if node in self.values else None


def quantized_net(checkpoint: MadeCheckpoint) -> Example:
    """Relu6 with a FakeQuant whose range stands in the variables `act_quant/min` and `act_quant/max`."""
    b = Builder()
    x = b.fake_quant("input_quant", b.placeholder("input", [1, 4]), -1.0, 1.0)
    y = b.add("Relu6", "Relu6", x)
    bounds = [
        b.add("Identity", f"{name}/read", b.add("VariableV2", name, dtype=DType.FLOAT, shape=()))
        for name in ("act_quant/min", "act_quant/max")
    ]
    b.add("FakeQuantWithMinMaxVars", "act_quant", y, *bounds, num_bits=8, narrow_range=False)
    return Example(b.graph(), {"input": (1, 4)}, ("act_quant",), variables=checkpoint)

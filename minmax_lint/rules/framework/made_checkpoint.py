"""A checkpoint as data, for the examples of rules about checkpoints."""

from collections.abc import Mapping
from typing import NamedTuple

from minmax_lint.graph.build import Builder
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.tensor import Tensor
from minmax_lint.rules.framework.rule import Example


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

"""The place of one node that several new ones take."""

from minmax_lint.fixes.edit.draft import Draft, int32s
from minmax_lint.fixes.edit.fake_quant import fake_quant
from minmax_lint.graph.attr import Attr
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.fakequant import Range
from minmax_lint.graph.names import Edge
from minmax_lint.graph.node import Node
from minmax_lint.graph.tensor import Tensor


class Place:
    """Adds ops under the scope of a node, one behind the other; the one without suffix takes its name."""

    def __init__(self, draft: Draft, node: Node, source: Edge) -> None:
        self._draft = draft
        self._name = node.name
        self._after = source.node

    def op(self, op: str, suffix: str, *inputs: Edge, **attrs: Attr) -> Edge:
        """Add an op on float arrays."""
        return self.add(suffix, Node("", op, inputs, attrs={"T": DType.FLOAT, **attrs}))

    def quantize(self, suffix: str, array: Edge, found: Range, *, narrow: bool = False) -> Edge:
        """Add a FakeQuant of an array."""
        return self.add(suffix, fake_quant(array, found, narrow=narrow))

    def reshape(self, suffix: str, source: Edge, sizes: tuple[int, ...]) -> Edge:
        """Add a Reshape of an array."""
        shape = self.constant(f"{suffix}/shape", int32s(sizes))
        return self.op("Reshape", suffix, source, shape, Tshape=DType.INT32)

    def constant(self, suffix: str, tensor: Tensor) -> Edge:
        """Add a constant."""
        name = self._draft.free_name(f"{self._name}/{suffix.strip('/')}")
        self._after = self._draft.add_constant(name, tensor, self._after)
        return Edge(name, 0)

    def add(self, suffix: str, new: Node) -> Edge:
        """Any node, which is given a name."""
        if not suffix:
            self._draft.replace(new._replace(name=self._name))
            return Edge(self._name, 0)
        name = self._draft.free_name(f"{self._name}/{suffix}")
        self._after = self._draft.add(new._replace(name=name), self._after)
        return Edge(name, 0)

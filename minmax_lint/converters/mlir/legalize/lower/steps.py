"""Operations of the shape of one TensorFlow node, made one after the other."""

from collections.abc import Callable
from functools import wraps

from minmax_lint.converters.mlir.ir import Value
from minmax_lint.converters.mlir.legalize.importer import Importer
from minmax_lint.converters.mlir.matchers import constant_tensor, is_constant, static
from minmax_lint.converters.mlir.matchers import number as number_of
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.node import Node
from minmax_lint.graph.tensor import Tensor


class Steps:
    """Operations of the shape of one node, made one after the other."""

    def __init__(self, importer: Importer, node: Node) -> None:
        self.importer = importer
        self.node = node

    def op(self, name: str, *operands: Value) -> Value:
        """One operation of the node's type; of constants it is folded."""
        if all(map(is_constant, operands)):
            shape = max((value.shape or () for value in operands), key=len)
            return self.importer.constant(self.node.name, DType.FLOAT, shape)
        return self.importer.add(name, self.node, operands)

    def truth(self, name: str, *operands: Value) -> Value:
        """One comparison."""
        value = self.op(name, *operands)
        value.dtype = DType.BOOL
        if name == "EQUAL" and value.op is not None and is_constant(value):
            value.op.attrs["load"] = lambda: _equal(*operands)
        return value

    def select(self, *operands: Value) -> Value:
        """One SelectV2."""
        return self.importer.select(self.node, operands)

    def read_last(self, value: Value, *readers: Value) -> None:
        """Let the operations of `readers` be the last, in this order, that read `value` as operand 0.

        It is not the order in which they stand (measured by which readers the quantization meets first).
        """
        for reader in readers:
            if reader.op is not None:
                reader.op.set_operand(0, value)

    def number(self, value: float) -> Value:
        """A scalar constant."""
        return number(self.importer, self.node, value)


def _equal(left: Value, right: Value) -> Tensor | None:
    """Which elements of a constant are the number `right`.

    Of a constant that only the conversion computes, such as a number of elements, the content is not known here; it is
    taken for one without 0, for which DivNoNan and its like look.
    """
    tensor, wanted = constant_tensor(left), number_of(right)
    if tensor is None and wanted == 0 and static(left):
        return Tensor.of(DType.BOOL, [size or 0 for size in left.shape or ()], [False])
    if tensor is None or wanted is None:
        return None
    return Tensor.of(DType.BOOL, tensor.shape, [value == wanted for value in tensor.leading()])


def number(importer: Importer, node: Node, value: float) -> Value:
    """A scalar constant."""
    return importer.filled(node.name, (), value)


def steps(make: Callable[..., Value | None]) -> Callable[[Importer, Node], Value | None]:
    """The rule that makes these steps of the values of all inputs."""

    @wraps(make)
    def applied(importer: Importer, node: Node) -> Value | None:
        return make(Steps(importer, node), *importer.inputs(node))

    return applied

"""BROADCAST_TO in front of operations that do not broadcast operands of so many dimensions themselves.

Source: legalize_tf.cc, stage 2 of the pass; TFL_OperandsHaveSameShapesOrBroadcastableShape (tfl_ops.td).
"""

from collections.abc import Callable, Sequence

from minmax_lint.converters.mlir.behaviours import DIVIDES_SIX_DIMENSIONS
from minmax_lint.converters.mlir.failure import ConversionError
from minmax_lint.converters.mlir.ir import CONST, Function, Operation, Value
from minmax_lint.converters.mlir.matchers import constant_tensor, is_constant, static
from minmax_lint.converters.mlir.pattern import legalize_tf_cc
from minmax_lint.converters.mlir.tables import BROADCAST_RANK
from minmax_lint.converters.mlir.version import Version
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.tensor import Shape, Tensor
from minmax_lint.inference.shape_arithmetic import broadcast


@legalize_tf_cc(
    before=lambda n: n.op("Pow", n.op("Abs", x := n.x(2, 1, 1, 2, 2)), n.op("Exp", n.sum(x, 0))),
    after="ABS(float) SUM(float) EXP(float) BROADCAST_TO(float) POW(float)",
)
def apply_explicit_broadcasting(function: Function, version: Version) -> None:
    """Operands of many dimensions, of which one has another shape or an open one, are spread first.

    An op that is lowered to several is lowered once all of them have a form, so all of its operands are spread then.
    """
    wide = {
        op.nodes
        for op in function
        if op.name in BROADCAST_RANK
        and (op.results[0].shape or ())[_NARROWEST:]  # more than some op takes
        and _needs_broadcasting(op, version)
    }
    spreading = _Spreading(function)
    for op in function if wide else ():
        if op.name in BROADCAST_RANK and op.nodes in wide and not _same_shapes(op.operands):
            spreading.spread_operands(op)
            if op.name == "SELECT_V2" and _same_shapes(op.operands):
                op.name = "SELECT"


def broadcast_rank(name: str, version: Version) -> int:
    """The most dimensions in which the operation `name` takes operands of different shapes."""
    most = BROADCAST_RANK[name]
    return most if name != "DIV" or version.has(DIVIDES_SIX_DIMENSIONS) else most - 1


def _needs_broadcasting(op: Operation, version: Version) -> bool:
    """Whether it takes operands of these shapes only once they are spread.

    Of open shapes it is not known whether they are the same. VerifyOperandsHaveSameShapesOrBroadcastableShape.
    """
    if None in (shapes := [value.shape for value in op.operands]):
        return False
    rank = max(len(shape or ()) for shape in shapes)
    return rank > broadcast_rank(op.name, version) and not _same_shapes(op.operands)


_ILLEGAL = "failed to legalize operation 'tfl.select_v2' that was explicitly marked illegal"
_SCALAR = "Of so many dimensions, SELECT_V2 takes no scalar in the place of true elements unless every size is known."
_NARROWEST = min(BROADCAST_RANK.values())


def _same_shapes(values: Sequence[Value]) -> bool:
    return static(values[0]) and len({value.shape for value in values}) == 1


class _Spreading:
    """Operations in front of others, and the constants that these read."""

    def __init__(self, function: Function) -> None:
        self.function = function
        self._sizes: dict[Shape, Value] = {}

    def spread_operands(self, op: Operation) -> None:
        """Let `op` read its operands through BROADCAST_TO: all, or where shapes are known those of another one."""
        shape: Shape = ()
        for value in op.operands:
            shape = broadcast(shape, value.shape) or ()
        known = all(map(static, op.operands))
        sizes = self._constant_sizes(op, shape) if known else self._sizes_of_all(op, shape)
        for slot, value in enumerate(op.operands):
            if known and value.shape == shape:
                continue
            if known and is_constant(value):
                spread = self._constant(op, value.dtype, shape, _repeat(value, shape))
            else:
                spread = self._make("BROADCAST_TO", [value, sizes], op, value.dtype, shape)
            op.set_operand(slot, spread)

    def _sizes_of_all(self, op: Operation, shape: Shape) -> Value:
        """BROADCAST_ARGS of the shapes; of three operands the first comes last.

        The first BROADCAST_ARGS of SELECT_V2 has as many sizes as its second operand has dimensions: of a scalar it has
        none, and folds (measured on 2.15 and 2.21).
        """
        if op.name == "SELECT_V2" and op.operands[1].shape == () and None in shape:
            if len(shape) > BROADCAST_RANK[op.name]:
                raise ConversionError.at(op, "other", _ILLEGAL, reason=_SCALAR)
            return self._constant_sizes(op, ())
        sizes, *others = (self._sizes_of(op, value) for value in (*op.operands[-2:], *op.operands[:-2]))
        for other in others:
            sizes = self._make(
                "BROADCAST_ARGS", [sizes, other], op, DType.INT64, (len(op.result.shape or ()),)
            )
        return sizes

    def _sizes_of(self, op: Operation, value: Value) -> Value:
        shape = value.shape or ()
        if static(value):
            return self._constant_sizes(op, shape)
        return self._make("SHAPE", [value], op, DType.INT64, (len(shape),))

    def _constant_sizes(self, op: Operation, shape: Shape) -> Value:
        if shape not in self._sizes:
            self._sizes[shape] = self._constant(op, DType.INT64, (len(shape),), lambda: None)
        return self._sizes[shape]

    def _make(self, name: str, operands: Sequence[Value], op: Operation, dtype: DType, shape: Shape) -> Value:
        made = self.function.insert_before(op, Operation(name, operands, op.nodes, **op.attrs))
        return made.add_result(op.result.name, dtype, shape)

    def _constant(
        self, op: Operation, dtype: DType, shape: Shape, load: Callable[[], Tensor | None]
    ) -> Value:
        made = self.function.insert_first(Operation(CONST, (), op.nodes, load=load))
        return made.add_result(op.result.name, dtype, shape)


def _repeat(value: Value, shape: Shape) -> Callable[[], Tensor | None]:
    """The content of a constant that repeats the scalar `value`; of another one it is not known."""

    def load() -> Tensor | None:
        tensor = constant_tensor(value)
        if tensor is None or tensor.size != 1:
            return None
        return Tensor.of(tensor.dtype, [size or 0 for size in shape], tensor.leading()[:1])

    return load

"""Conditions: of constants, of casts, and selections by them (optimize_patterns.td, tfl_ops.cc)."""

from minmax_lint.converters.example import Net
from minmax_lint.converters.mlir.ir import Operation, Value
from minmax_lint.converters.mlir.matchers import all_equal, constant_tensor, producer, same_type, splat
from minmax_lint.converters.mlir.pattern import (
    optimize_broadcast_like_pass_cc,
    optimize_cc,
    optimize_patterns_td,
    tfl_ops_cc,
)
from minmax_lint.converters.mlir.rewriter import Rewriter
from minmax_lint.graph.dtype import DType


def _select(n: Net, op: str, *, constant: bool) -> str:
    e = n.op("Elu", x := n.x())
    every = n.const("every", [constant], [1, 8], DType.BOOL)
    return n.op("SelectV2", n.op(op, n.op("Greater", e, n.c(0.5)), every), e, n.op("Exp", x))


@optimize_patterns_td(
    "LOGICAL_AND",
    "LOGICAL_OR",
    tf_name="EliminateLogicalAndTrue, EliminateLogicalAndFalse, EliminateLogicalOrFalse",
    before=lambda n: _select(n, "LogicalAnd", constant=True),
    after="ELU(float) GREATER(float) EXP(float) SELECT(float)",
)
def eliminate_logical(rewriter: Rewriter, op: Operation) -> bool:
    """AND with a constant that is the same everywhere is that constant or the other condition, as OR with False is."""
    return not (op.name == "LOGICAL_OR" and _decides(op)) and _eliminate(rewriter, op)


@optimize_patterns_td(
    "LOGICAL_OR", until=(2, 18), before=lambda n: _select(n, "LogicalOr", constant=True), after="ELU(float)"
)
def eliminate_logical_or_true(rewriter: Rewriter, op: Operation) -> bool:
    """OR with True everywhere is True; later the constant is a scalar before, which has another type."""
    return _decides(op) and _eliminate(rewriter, op)


def _decides(op: Operation) -> bool:
    """Whether the right side alone decides the result."""
    tensor = constant_tensor(op.operands[1])
    return (
        splat(op.operands[1])
        and tensor is not None
        and bool(tensor.leading()[0]) == (op.name == "LOGICAL_OR")
    )


def _eliminate(rewriter: Rewriter, op: Operation) -> bool:
    if not splat(op.operands[1]):
        return False
    kept = op.operands[1 if _decides(op) else 0]
    if not same_type(kept, op.result):
        return False
    return rewriter.replace(op, kept)


@optimize_patterns_td(
    "SELECT",
    "SELECT_V2",
    before=lambda n: n.op(
        "SelectV2",
        n.op(
            "LogicalNot",
            n.op("LogicalAnd", n.op("Greater", e := n.op("Elu", n.x()), n.c(0.5)), n.op("Less", e, n.c(2.0))),
        ),
        e,
        n.op("Exp", e),
    ),
    after="ELU(float) EXP(float) GREATER(float) LESS(float) SELECT(float)",
)
def optimize_select_op_not(rewriter: Rewriter, op: Operation) -> bool:
    """SELECT by the opposite of a condition is SELECT of the two exchanged."""
    opposite = producer(op.operands[0], "LOGICAL_NOT")
    if opposite is None:
        return False
    operands = [opposite.operands[0], op.operands[2], op.operands[1]]
    return rewriter.replace_with_new(op, op.name, operands, [opposite])


def _cast_of_comparison(n: Net) -> str:
    e = n.op("Elu", x := n.x())
    number = n.op("Cast", n.op("Greater", e, n.c(0.5)), SrcT=DType.BOOL)
    return n.op("SelectV2", n.op("Greater", number, n.c(0.0)), x, n.op("Exp", x))


_COMPARISONS = ("EQUAL", "GREATER", "GREATER_EQUAL", "LESS", "LESS_EQUAL", "NOT_EQUAL")


@optimize_broadcast_like_pass_cc(
    "CAST",
    since=(2, 20),
    before=lambda n: n.op(
        "Cast",
        n.op("BroadcastTo", n.op("Cast", n.op("Elu", n.x()), DstT=DType.INT32), n.ints(2, 8), T=DType.INT32),
        SrcT=DType.INT32,
    ),
    after="ELU(float) CAST(float) CAST(float) BROADCAST_TO(float)",
)
def reorder_broadcast_to_cast(rewriter: Rewriter, op: Operation) -> bool:
    """CAST comes in front of BROADCAST_TO."""
    spread = producer(op.operands[0], "BROADCAST_TO")
    if spread is None:
        return False
    first = rewriter.compute("CAST", [spread.operands[0]], op, op.result)
    first.shape = spread.operands[0].shape
    return rewriter.replace_with_new(op, "BROADCAST_TO", [first, *spread.operands[1:]], [spread])


@optimize_patterns_td(
    "GATHER",
    since=(2, 18),
    before=lambda n: n.op(
        "GatherV2",
        n.op("Cast", n.op("Greater", n.op("Elu", n.x(4, 4)), n.c(0.5)), SrcT=DType.BOOL),
        n.ints(0, 2),
        n.i(0),
        batch_dims=0,
        Tindices=DType.INT32,
        Taxis=DType.INT32,
        Tparams=DType.FLOAT,
    ),
    after="ELU(float) GREATER(float) CAST(float)",
)
def reorder_gather_and_cast(rewriter: Rewriter, op: Operation) -> bool:
    """GATHER comes in front of a CAST that it alone reads."""
    cast = producer(op.operands[0], "CAST")
    if cast is None or cast.result.use_count != 1:
        return False
    source = cast.operands[0]
    first = rewriter.compute("GATHER", [source, *op.operands[1:]], op, op.result)
    first.dtype, first.scale = source.dtype, source.scale
    return rewriter.replace_with_new(op, "CAST", [first], [cast])


def _zero_of_cast(op: Operation) -> tuple[Value, str] | None:
    """The condition whose CAST is compared with 0, and the comparison as if 0 stood on the right."""
    mirrored = {
        "GREATER": "LESS",
        "LESS": "GREATER",
        "GREATER_EQUAL": "LESS_EQUAL",
        "LESS_EQUAL": "GREATER_EQUAL",
    }
    for slot, name in ((0, op.name), (1, mirrored.get(op.name, op.name))):
        cast, zero = producer(op.operands[slot], "CAST"), op.operands[1 - slot]
        if cast is None or cast.operands[0].dtype is not DType.BOOL or not splat(zero):
            continue
        tensor = constant_tensor(zero)
        if all_equal(zero, 0.0) or (tensor is not None and not any(tensor.leading())):
            return cast.operands[0], name
    return None


@optimize_cc(
    *_COMPARISONS,
    tf_name="CastEqualZero, CastGreaterEqualZero, CastGreaterZero, CastLessEqualZero, CastLessZero, CastNotEqualZero, "
    "ZeroEqualCast, ZeroGreaterCast, ZeroGreaterEqualCast, ZeroLessCast, ZeroLessEqualCast, ZeroNotEqualCast",
    since=(2, 20),
    before=_cast_of_comparison,
    after="ELU(float) GREATER(float) EXP SELECT",
)
def compare_cast_with_zero(rewriter: Rewriter, op: Operation) -> bool:
    """A condition made a number and compared with 0 is the condition, or its opposite."""
    found = _zero_of_cast(op)
    if found is None or not same_type(found[0], op.result):
        return False
    condition, name = found
    if name in ("GREATER", "NOT_EQUAL"):
        return rewriter.replace(op, condition)
    if name in ("EQUAL", "LESS_EQUAL"):
        return rewriter.replace_with_new(op, "LOGICAL_NOT", [condition])
    return False


def _larger(n: Net) -> str:
    c, d = (n.op("Log", n.fq(n.c(0.5, number, shape=[8]))) for number in (0.25, 0.75))
    return n.op("AddV2", n.op("Exp", n.x()), n.op("SelectV2", n.op("NotEqual", c, d), c, d))


@tfl_ops_cc(
    *(*_COMPARISONS, "LOGICAL_AND", "LOGICAL_NOT", "LOGICAL_OR"),
    tf_name="EqualOp::fold, GreaterOp::fold, GreaterEqualOp::fold, LessOp::fold, LessEqualOp::fold, "
    "NotEqualOp::fold, LogicalAndOp::fold, LogicalNotOp::fold, LogicalOrOp::fold",
    since=(2, 18),
    before=_larger,
    after="EXP(float) ADD(float)",
)
def fold_condition(rewriter: Rewriter, op: Operation) -> bool:
    """A condition on constants is one (2.15, 2.18 and 2.21 measured)."""
    return rewriter.fold_constants(op)


@tfl_ops_cc(
    *("SELECT", "SELECT_V2"),
    tf_name="SelectOp::fold, SelectV2Op::fold",
    since=(2, 18),
    before=_larger,
    after="EXP(float) ADD(float)",
)
def fold_select(rewriter: Rewriter, op: Operation) -> bool:
    """So is a choice among constants of one shape (2.15, 2.18 and 2.21 measured)."""
    return len({value.shape for value in op.operands}) == 1 and rewriter.fold_constants(op)


def _truncated(n: Net) -> str:
    whole = n.op("Cast", n.fq(n.c(0.5, 1.25, shape=[8])), DstT=DType.INT32)
    return n.op("AddV2", n.op("Exp", n.x()), n.op("Cast", whole, SrcT=DType.INT32))


@tfl_ops_cc("CAST", tf_name="CastOp::fold", since=(2, 18), before=_truncated, after="EXP(float) ADD(float)")
def fold_cast_of_constants(rewriter: Rewriter, op: Operation) -> bool:
    """So is a CAST of constants, but for integers of 8 bits (2.15, 2.18 and 2.21 measured)."""
    return op.operands[0].dtype not in (DType.INT8, DType.UINT8) and rewriter.fold_constants(op)


CONDITION_FOLDS = (fold_condition, fold_select, fold_cast_of_constants)

"""RESHAPEs that go because the operation next to them does not need them (optimize.cc, optimize_patterns.td)."""

from minmax_lint.converters.mlir.behaviours import FLATTENS_ROWS_WITH_ACTIVATION, KEEPS_DIMENSIONS_OF_ROWS
from minmax_lint.converters.mlir.ir import Operation, Value
from minmax_lint.converters.mlir.matchers import (
    axes_of,
    elements_of,
    is_constant,
    keeps_dimensions,
    producer,
    producers,
    quantize_of,
    rank,
    static,
    tail_of,
    without_leading_ones,
)
from minmax_lint.converters.mlir.pattern import optimize_cc, optimize_pass_cc, optimize_patterns_td
from minmax_lint.converters.mlir.rewriter import Rewriter
from minmax_lint.converters.mlir.tables import BEFORE_RESHAPE
from minmax_lint.graph.dtype import DType

REDUCTIONS = ("MEAN", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_PROD", "SUM")


@optimize_patterns_td(
    "RESHAPE",
    tf_name="FoldReshapeTo",
    before=lambda n: n.reshape(n.sum(n.op("Elu", n.x()), 1, keep_dims=False), 1, 1),
    after="ELU(float) SUM(float)",
)
def fold_reshape_to_reduce(rewriter: Rewriter, op: Operation) -> bool:
    """A RESHAPE that puts reduced dimensions back in: the reduction keeps them instead. Axes count from the front.

    The numbers of the new shape are compared with the sizes: -1 is none of them, nor is an open dimension (measured).
    """
    reduction = op.operands[0].op
    if reduction is None or reduction.name not in REDUCTIONS or keeps_dimensions(reduction):
        return False
    axes, shape = axes_of(reduction.operands[1]), reduction.operands[0].shape
    wanted = axes_of(op.operands[1])
    if axes is None or shape is None or wanted is None or reduction.result.use_count != 1:
        return False
    reduced = set(axes)  # a negative axis is none of the dimensions compared (measured)
    if wanted != [1 if axis in reduced else size for axis, size in enumerate(shape)]:
        return False
    return rewriter.replace_with_new(
        op, reduction.name, reduction.operands, [reduction], attrs_of=reduction, keep_dims=True
    )


@optimize_cc(
    "FULLY_CONNECTED",
    lacking=((2, 14),),
    before=lambda n: n.mat_mul(n.reshape(n.op("Elu", n.x(1, 2, 8)), 2, 8), n.weights(8, 4)),
    after="ELU(float) FULLY_CONNECTED(float)",
)
def remove_reshape_before_fully_connected(rewriter: Rewriter, op: Operation) -> bool:
    """FULLY_CONNECTED flattens what it reads: a RESHAPE in front that leaves the last dimension goes."""
    reshape = producer(op.operands[0], "RESHAPE")
    if reshape is None or op.attrs.get("keep_num_dims") or rank(op.result) != 2:
        return False
    source = reshape.operands[0]
    if not (static(op.operands[0]) and static(source) and static(op.result)):
        return False
    if not source.shape or not op.operands[0].shape or source.shape[-1] != op.operands[0].shape[-1]:
        return False
    rewriter.set_operand(op, 0, source)
    return True


@optimize_cc(
    "RESHAPE",
    lacking=((2, 14),),
    before=lambda n: n.reshape(
        n.mat_mul(n.reshape(n.op("Elu", n.x(1, 2, 8)), 2, 8), n.weights(8, 4)), 1, 2, 4
    ),
    after="ELU(float) FULLY_CONNECTED(float)",
)
def remove_reshape_after_fully_connected(rewriter: Rewriter, op: Operation) -> bool:
    """A RESHAPE behind FULLY_CONNECTED that restores the dimensions it has read: the layer keeps them instead."""
    dense = producer(op.operands[0], "FULLY_CONNECTED")
    if dense is None or dense.attrs.get("keep_num_dims") or dense.result.use_count != 1:
        return False
    source, wanted = dense.operands[0].shape, op.result.shape
    if not (static(dense.operands[0]) and static(dense.result) and static(op.result)):
        return False
    if not wanted or not source or not dense.result.shape or dense.result.shape[-1] != wanted[-1]:
        return False
    if source[:-1] != wanted[:-1]:
        return False
    return rewriter.replace_with_new(
        op,
        "FULLY_CONNECTED",
        dense.operands,
        [dense],
        attrs_of=dense,
        activation=dense.activation,
        keep_num_dims=True,
    )


@optimize_pass_cc(
    "RESHAPE",
    since=(2, 18),
    before=lambda n: n.reshape(
        n.mat_mul(n.reshape(n.op("Elu", x := n.x(1, 4, 8)), 4, 8), n.reshape(n.op("Exp", x), 8, 4)),
        1,
        4,
        2,
        2,
    ),
    after="ELU(float) EXP(float) RESHAPE(float) BATCH_MATMUL(float) RESHAPE(float)",
)
def enable_fully_connected_keep_num_dims_before_reshape(rewriter: Rewriter, op: Operation) -> bool:
    """A dense layer in front of a RESHAPE keeps the dimensions it reads."""
    dense = producer(op.operands[0], "FULLY_CONNECTED")
    if dense is None or dense.attrs.get("keep_num_dims") or dense.result.use_count != 1:
        return False
    source, made = dense.operands[0].shape, dense.result.shape
    if not source or not made or len(source) == 2:
        return False
    dense.attrs = {**dense.attrs, "keep_num_dims": True}
    dense.result.shape = (*source[:-1], made[-1])
    rewriter.visit([dense])
    return True


@optimize_patterns_td(
    *sorted(BEFORE_RESHAPE),
    before=lambda n: n.op(
        "AddV2",
        n.reshape(n.mat_mul(n.op("Elu", n.x(2, 8)), n.fq(n.weights(8, 4))), 2, 1, 4),
        n.c(0.5, 0.25, shape=[1, 4]),
    ),
    after="ELU(float) FULLY_CONNECTED(float) RESHAPE(float)",
)
def move_binary_op_flatten_const_before_reshape(rewriter: Rewriter, op: Operation) -> bool:
    """A binary operation with a constant row moves, made flat, in front of the RESHAPE of a dense layer."""
    reshape, constant = producer(op.operands[0], "RESHAPE"), op.operands[1]
    if reshape is None or not is_constant(constant) or reshape.result.use_count != 1:
        return False
    source = reshape.operands[0]
    if producer(source, "FULLY_CONNECTED") is None or not static(source) or not source.shape:
        return False
    if not tail_of(constant.shape, reshape.result.shape) or source.shape[-1] != elements_of(constant):
        return False
    if max(rank(source), rank(reshape.result), rank(constant)) > 4:
        return False
    flat = rewriter.constant(constant, source.shape[-1:])
    moved = rewriter.create(op.name, [source, flat], op)
    moved.result.shape, moved.result.scale = source.shape, source.scale
    return rewriter.replace_with_new(op, "RESHAPE", [moved.result, *reshape.operands[1:]], [reshape])


@optimize_patterns_td(
    "ADD",
    since=(2, 15),
    before=lambda n: n.op("AddV2", n.mat_mul(n.x(2, 8), n.fq(n.weights(8, 4))), n.c(0.5, 0.25, shape=[1, 4])),
    after="FULLY_CONNECTED(float)",
)
def undo_broadcast_fully_connected_bias_add(rewriter: Rewriter, op: Operation) -> bool:
    """A row added to a dense layer is made flat, so that it can become its bias."""
    constant = op.operands[1]
    product = op.operands[0]
    if product.op is None or product.op.name != "FULLY_CONNECTED":
        return False
    if (op.activation or not static(product)) and not rewriter.version.has(FLATTENS_ROWS_WITH_ACTIVATION):
        return False
    if not is_constant(constant) or not constant.shape or not 2 <= len(constant.shape) <= 4:
        return False
    if constant.shape[-1] != elements_of(constant):
        return False
    for user in constant.users:
        if user.name != "ADD" or producer(user.operands[0], "FULLY_CONNECTED") is None:
            return False
    wider = len(constant.shape) > rank(product) and rewriter.version.has(KEEPS_DIMENSIONS_OF_ROWS)
    if wider and (not static(product) or product.use_count != 1):
        return False
    flat = rewriter.constant(constant, constant.shape[-1:])
    return _add_flat(rewriter, op, flat, wider=wider)


def _add_flat(rewriter: Rewriter, op: Operation, flat: Value, *, wider: bool) -> bool:
    """`flat` in the place of the row; behind it a RESHAPE where the row was `wider` than what it is added to."""
    product = op.operands[0]
    if not wider:
        rewriter.set_operand(op, 1, flat)
        return True
    added = rewriter.create(op.name, [product, flat], op)
    added.result.shape = product.shape
    sizes = rewriter.integers([size or 1 for size in op.result.shape or ()], product)
    return rewriter.replace_with_new(op, "RESHAPE", [added.result, sizes])


@optimize_pass_cc(
    "ADD",
    tf_name="UndoBroadcastFullyConnectedBiasAdd, UndoBroadcastFullyConnectedBiasAddWithQDQs",
    since=(2, 16),
    before=lambda n: n.fq(
        n.op(
            "AddV2",
            n.mat_mul(n.x(2, 8), n.fq(n.weights(8, 4))),
            n.fq(n.c(0.5, 0.25, 0.5, 0.25, shape=[1, 4])),
        )
    ),
    after="FULLY_CONNECTED",
)
def undo_broadcast_fully_connected_bias_add_with_qdqs(rewriter: Rewriter, op: Operation) -> bool:
    """The same of a row behind a FakeQuant, whatever else reads that."""
    dense = op.operands[0].op
    pair = quantize_of(op.operands[1]) if dense is not None and dense.name == "FULLY_CONNECTED" else None
    if pair is None or op.result.use_count != 1:
        return False
    constant = pair.operands[0]
    if not is_constant(constant) or not 2 <= rank(constant) <= 4:
        return False
    if (constant.shape or ())[-1] != elements_of(constant):
        return False
    wider = rank(constant) > rank(op.operands[0]) and rewriter.version.has(KEEPS_DIMENSIONS_OF_ROWS)
    if wider and not static(op.operands[0]):
        return False
    flat = rewriter.constant(constant, (constant.shape or ())[-1:])
    pair.result.shape = op.operands[1].shape = flat.shape
    rewriter.set_operand(pair, 0, flat)
    rewriter.visit([op])
    return True


@optimize_cc(
    "CONCATENATION",
    before=lambda n: n.op(
        "ConcatV2", u := n.op("Unpack", n.op("Elu", n.x(2, 4)), num=2, axis=0), f"{u}:1", n.i(0)
    ),
    after="ELU(float) RESHAPE(float)",
)
def fuse_unpack_and_concat_to_reshape(rewriter: Rewriter, op: Operation) -> bool:
    """CONCATENATION of all that an UNPACK makes, in order, is a RESHAPE."""
    unpack = producer(op.operands[0], "UNPACK")
    if unpack is None or op.operands != unpack.results or not static(op.result):
        return False
    sizes = rewriter.constant(op.result, dtype=DType.INT32)
    return rewriter.replace_with_new(op, "RESHAPE", [unpack.operands[0], sizes], [unpack])


@optimize_patterns_td(
    "TRANSPOSE",
    tf_name="ConvertTrasposeReshapeTransposeToReshape",
    since=(2, 14),
    before=lambda n: n.transpose(n.reshape(n.transpose(n.op("Elu", n.x(1, 2, 8)), 0, 2, 1), 8, 2), 1, 0),
    after="ELU(float) RESHAPE(float)",
)
def convert_transpose_reshape_transpose_to_reshape(rewriter: Rewriter, op: Operation) -> bool:
    """TRANSPOSE, RESHAPE that takes leading ones off, TRANSPOSE back: one RESHAPE."""
    found = producers(op.operands[0], "RESHAPE", "TRANSPOSE")
    if found is None:
        return False
    reshape, first = found
    source = first.operands[0]
    if not all(map(static, (source, first.result, reshape.result, op.result))):
        return False
    if without_leading_ones(first.result.shape) != reshape.result.shape:
        return False
    if without_leading_ones(source.shape) != op.result.shape:
        return False
    sizes = rewriter.constant(reshape.operands[1])
    return rewriter.replace_with_new(op, "RESHAPE", [source, sizes], [first, reshape])

"""Moves of elements, which prepare_tf.cc puts in front of the FakeQuants that they follow."""

from collections.abc import Sequence

from minmax_lint.converters.mlir.behaviours import REORDERS_SHARED_FAKE_QUANTS
from minmax_lint.converters.mlir.failure import no_builtin
from minmax_lint.converters.mlir.ir import Value
from minmax_lint.converters.mlir.legalize.importer import Importer
from minmax_lint.converters.mlir.matchers import axes_of, is_constant, producer, quantize_of
from minmax_lint.converters.mlir.pattern import prepare_patterns_td, tf_ops_n_z_cc, tfl_ops_cc
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.node import Node
from minmax_lint.graph.tensor import Shape

MOVED_BEFORE_TRANSPOSE = ("Relu", "Tanh")
"""Ops that MoveTransposesPass puts in front of a Transpose."""


def _reader_count(importer: Importer, fake_quant: str) -> int:
    """How many operations read a FakeQuant when MoveTransposesPass has run."""
    count, kept = importer.reader_count(fake_quant), importer.kept
    for transpose in {use.node for use in kept.uses(fake_quant) if kept.graph.op(use.node) == "Transpose"}:
        behind = [kept.graph.op(use.node) in MOVED_BEFORE_TRANSPOSE for use in kept.uses(transpose)]
        stays = not all(behind) or transpose in kept.outputs
        count += sum(behind) - (not stays)
    return count


def move_before_fake_quants(
    importer: Importer, node: Node, name: str, source: Value, shape: Shape | None, *others: Value
) -> Value:
    """A RESHAPE or TRANSPOSE of `source`, in front of the FakeQuants that `source` comes through."""
    quantize = quantize_of(source)
    if quantize is None or quantize.result.scale is None:
        if source.op is not None and is_constant(source):
            # Folded; the content only matters where a scale is read off it, which no order changes.
            return importer.constant(source.name, source.dtype, shape, source.op.load)
        return importer.add(name, node, [source, *others], shape)
    constant = is_constant(quantize.operands[0])
    if quantize.result.scale.channels and not constant:
        return importer.add(name, node, [source, *others], shape)
    shared = _reader_count(importer, quantize.nodes[-1]) > 1 and not quantize.attrs.get("moved")
    if shared and not importer.version.has(REORDERS_SHARED_FAKE_QUANTS):
        if constant and quantize.operands[0].op is not None:
            # Not moved, it is folded with the FakeQuant in front of it: plain weights are left.
            return importer.constant(source.name, source.dtype, shape, quantize.operands[0].op.load)
        return importer.add(name, node, [source, *others], shape)
    if quantize.attrs.get("movable") or constant:
        inner = move_before_fake_quants(importer, node, name, quantize.operands[0], shape, *others)
    else:
        inner = importer.add(name, node, [source, *others], shape)
    scale = quantize.result.scale
    fake_quant_node = importer.kept.graph[quantize.nodes[-1]]
    result = importer.quantized(
        inner, scale, fake_quant_node, movable=quantize.attrs.get("movable"), moved=True
    )
    for op in (result.op, result.op and result.op.operands[0].op):
        if op is not None:
            op.result.name = node.name
    return result


def reshape(importer: Importer, node: Node, source: Value, shape: Shape) -> Value:
    """A RESHAPE of `source`, in front of the FakeQuants that it comes through."""
    sizes = importer.constant(node.name, DType.INT32, (len(shape),))
    return move_before_fake_quants(importer, node, "RESHAPE", source, shape, sizes)


@tf_ops_n_z_cc(
    "Reshape",
    before=lambda n: n.fq(n.op("Log", n.reshape(n.op("Softmax", n.x()), 1, 8))),
    after="LOG_SOFTMAX",
)
def reshape_to_self_shape(importer: Importer, node: Node) -> Value | None:
    """To the shape it has, a RESHAPE is nothing; of several in a row the first ones are."""
    (source, sizes), shape = importer.inputs(node)[:2], importer.inference.shape(node.name)
    if shape is not None and shape == source.shape and None not in shape:
        return source
    measured = producer(sizes, "SHAPE")
    if measured is None:
        return None
    while (inner := producer(source, "RESHAPE")) is not None:
        source = inner.operands[0]
    return source if source is measured.operands[0] else None


@prepare_patterns_td(
    "Reshape",
    tf_name="ReorderReshapeFakeQuant, ReorderReshapeDequantQuant, ReorderFakeQuantPattern",
    before=lambda n: n.fq(n.op("Relu", n.reshape(n.x(), 8, 1))),
    after="RELU RESHAPE",
)
def reorder_reshape_fake_quant(importer: Importer, node: Node) -> Value:
    """A RESHAPE comes in front of the FakeQuant that it follows."""
    source, sizes = importer.inputs(node)[:2]
    return move_before_fake_quants(
        importer, node, "RESHAPE", source, importer.inference.shape(node.name), sizes
    )


@tf_ops_n_z_cc(
    "Transpose",
    tf_name="TransposeOp::fold",
    before=lambda n: n.fq(n.op("Log", n.transpose(n.op("Softmax", n.x()), 0, 1))),
    after="LOG_SOFTMAX",
)
def fold_transpose(importer: Importer, node: Node) -> Value | None:
    """In the order there is, a TRANSPOSE is nothing; nor is one that undoes another."""
    source = importer.operand(node)
    axes = importer.integers(node.inputs[1].array)
    if axes is not None and axes == tuple(range(len(axes))):
        return source
    before = producer(source, "TRANSPOSE")
    if before is None or axes is None:
        return None
    return before.operands[0] if undoes(axes, axes_of(before.operands[1])) else None


def undoes(order: Sequence[int], earlier: Sequence[int] | None) -> bool:
    """Whether a TRANSPOSE of that order gives back what one of the earlier order had, or the other way around."""
    places = list(range(len(order)))
    if earlier is None or not sorted(order) == sorted(earlier) == places:
        return False
    return [earlier[axis] for axis in order] == places


@tfl_ops_cc(
    "Transpose",
    since=(2, 16),
    before=lambda n: n.fq(n.transpose(n.op("Elu", n.x(1, 2, 1, 3, 1, 4, 1)), 0, 5, 2, 3, 4, 1, 6)),
    after="ELU(float) RESHAPE(float) TRANSPOSE RESHAPE",
)
def convert_transpose_to_decrease_rank(importer: Importer, node: Node) -> Value | None:
    """Of more than six axes those of size 1 are left out, between two RESHAPEs; a rank that stays above is refused."""
    return decrease_rank(importer, node, importer.inputs(node)[0], importer.integers(node.inputs[1].array))


def decrease_rank(
    importer: Importer, node: Node, source: Value, axes: tuple[int, ...] | None
) -> Value | None:
    """The TRANSPOSE of `source` where it has more than six axes; None where it has less or they are not known."""
    if source.shape is None or len(source.shape) <= _MOST_AXES or axes is None:
        return None
    left = [axis for axis in axes if source.shape[axis] != 1]
    if len(left) > _MOST_AXES or not importer.version.has(convert_transpose_to_decrease_rank):
        return importer.add("Transpose", node, [source], refused=no_builtin(node._replace(op="Transpose")))
    order, sizes = [sorted(left).index(axis) for axis in left], importer.integer_vector(node.name, [])
    flat = move_before_fake_quants(
        importer, node, "RESHAPE", source, tuple(size for size in source.shape if size != 1), sizes
    )
    turned = flat
    if order != sorted(order):
        shape = tuple(source.shape[axis] for axis in left)
        turned = move_before_fake_quants(
            importer, node, "TRANSPOSE", flat, shape, importer.integer_vector(node.name, order)
        )
    return move_before_fake_quants(
        importer, node, "RESHAPE", turned, importer.inference.shape(node.name), sizes
    )


_MOST_AXES = 6


@prepare_patterns_td(
    "Transpose",
    tf_name="ReorderTransposeFakeQuant, ReorderTransposeDequantQuant, ReorderFakeQuantPattern",
    before=lambda n: n.fq(n.op("Exp", n.transpose(n.x(2, 4, 8), 0, 2, 1))),
    after="EXP TRANSPOSE",
)
def reorder_transpose_fake_quant(importer: Importer, node: Node) -> Value:
    """A TRANSPOSE comes in front of the FakeQuant that it follows."""
    source, order = importer.inputs(node)[:2]
    return move_before_fake_quants(
        importer, node, "TRANSPOSE", source, importer.inference.shape(node.name), order
    )


def transpose_matrix(importer: Importer, node: Node, source: Value) -> Value:
    """A matrix transposed; weights with a scale for each channel keep their FakeQuant in front.

    The order of an array of unknown rank is computed from its rank while the model runs.
    """
    if source.shape is None:
        return importer.add("TRANSPOSE", node, [source, _reversed_order(importer, node, source)])
    shape = tuple(reversed(source.shape))
    order = importer.integer_vector(node.name, [1, 0])
    quantize = quantize_of(source)
    if quantize is not None and quantize.result.scale is not None and quantize.result.scale.channels:
        return importer.add("TRANSPOSE", node, [source, order], shape)
    return move_before_fake_quants(importer, node, "TRANSPOSE", source, shape, order)


def _reversed_order(importer: Importer, node: Node, source: Value) -> Value:
    """(rank - 1) - range(rank), as ConvertMatmulWithoutTransposeToWithTranspose writes it."""

    def integers(name: str, shape: Shape, *operands: Value) -> Value:
        return importer.add(name, node, operands, shape, DType.INT32)

    zero, one = (importer.filled(node.name, (), number, DType.INT32) for number in (0, 1))
    rank = integers("RANK", (), source)
    return integers(
        "SUB", (None,), integers("SUB", (), rank, one), integers("RANGE", (None,), zero, rank, one)
    )


@tf_ops_n_z_cc("Pack", before=lambda n: n.op("Pack", n.x(), axis=0), after="RESHAPE")
def convert_pack_to_reshape(importer: Importer, node: Node) -> Value | None:
    """Of one array, PACK is a RESHAPE."""
    operands = importer.inputs(node)
    if len(operands) > 1:
        return None
    sizes = importer.constant(node.name, DType.INT32, (1,))
    return move_before_fake_quants(
        importer, node, "RESHAPE", operands[0], importer.inference.shape(node.name), sizes
    )

"""MoveTransposesPass: elementwise ops come in front of a TRANSPOSE of what they read (layout_optimization.cc)."""

from minmax_lint.converters.mlir.behaviours import KEEPS_TRANSPOSED_CONSTANTS
from minmax_lint.converters.mlir.failure import ConversionError
from minmax_lint.converters.mlir.ir import Value
from minmax_lint.converters.mlir.legalize.importer import Importer
from minmax_lint.converters.mlir.legalize.layout_assignment import channels_first
from minmax_lint.converters.mlir.legalize.legalize_patterns import LEGALIZED
from minmax_lint.converters.mlir.legalize.reorder_fake_quant import (
    MOVED_BEFORE_TRANSPOSE,
    decrease_rank,
    move_before_fake_quants,
    undoes,
)
from minmax_lint.converters.mlir.pattern import layout_optimization_cc
from minmax_lint.graph.node import Node
from minmax_lint.graph.tensor import Shape


@layout_optimization_cc(
    *MOVED_BEFORE_TRANSPOSE,
    tf_name="MoveTransposesPass::runOnOperation()",
    before=lambda n: n.fq(n.op("Relu", n.transpose(n.x(2, 4, 8), 0, 2, 1))),
    after="RELU TRANSPOSE",
)
def move_transpose_behind_unary(importer: Importer, node: Node) -> Value | None:
    """RELU and TANH come in front of a TRANSPOSE, whatever else reads it."""
    return before_transpose(importer, LEGALIZED[node.op], node)


def before_transpose(importer: Importer, name: str, node: Node) -> Value | None:
    """The operation `name` in front of the TRANSPOSE that input 0 of the node comes from; None where there is none."""
    transpose = _transpose(importer, node, 0)
    if transpose is None:
        return None
    source = importer.inputs(transpose)[0]
    first = importer.add(name, node, [source], source.shape)
    return _behind(importer, node, first, transpose)


def _behind(importer: Importer, node: Node, source: Value, transpose: Node) -> Value:
    order = transpose.inputs[1].array
    smaller = decrease_rank(importer, node, source, importer.integers(order))
    shape = importer.inference.shape(node.name)
    return smaller or move_before_fake_quants(
        importer, node, "TRANSPOSE", source, shape, importer.value(order)
    )


def _transpose(importer: Importer, node: Node, slot: int) -> Node | None:
    """The Transpose that makes input `slot`, of known order and not constant."""
    source = importer.kept.graph[node.inputs[slot].node]
    if source.op != "Transpose" or importer.kept.is_cut(source.name):
        return None
    known = importer.integers(source.inputs[1].array) is not None
    return source if known and not importer.inference.is_constant(source.name) else None


@layout_optimization_cc(
    "BiasAdd",
    tf_name="LayoutAssignmentPass::runOnOperation()",
    before=lambda n: n.fq(n.op("BiasAdd", n.x(2, 4, 8), n.c(0.5, shape=[4]), data_format=b"NCHW")),
    after="",
)
def assign_layout_of_bias_add(importer: Importer, node: Node) -> Value | None:
    """Over channels first it takes arrays of rank 4 alone: raises ConversionError."""
    shape = importer.ordered_inputs(node)[0].shape
    if not channels_first(node) or shape is None or len(shape) == 4:
        return None
    rank = len(shape)
    message = f"'tf.Transpose' op x should be of the same rank with y, got x of rank {rank}, and y of rank 4"
    reason = f"BiasAdd over channels first takes arrays of rank 4, and {node.name} has rank {rank}."
    raise ConversionError("other", message, node=node.name, array=node.name, reason=reason)


@layout_optimization_cc(
    *("Add", "AddV2", "BiasAdd", "BiasAddV1"),
    tf_name="MoveTransposesPass::runOnOperation()",
    before=lambda n: n.op(
        "AddV2", n.transpose(n.op("Elu", x := n.x(2, 4, 8)), 0, 2, 1), n.transpose(n.op("Exp", x), 0, 2, 1)
    ),
    after="ELU(float) EXP(float) ADD(float) TRANSPOSE(float)",
)
def move_transposes_behind_add(importer: Importer, node: Node) -> Value | None:
    """A sum comes in front of two equal transpositions of its operands."""
    left, right = _transpose(importer, node, 0), _transpose(importer, node, 1)
    if left is None or right is None:
        return None
    orders = [importer.integers(source.inputs[1].array) for source in (left, right)]
    if orders[0] != orders[1]:
        return None
    sources = [importer.value(source.inputs[0].array) for source in (left, right)]
    total = importer.add("ADD", node, sources, sources[0].shape)
    return _behind(importer, node, total, left)


_LAYOUT_AGNOSTIC = frozenset({"Add", "AddV2", *MOVED_BEFORE_TRANSPOSE})


@layout_optimization_cc(
    "Transpose",
    tf_name="MoveTransposesPass::runOnOperation()",
    before=lambda n: n.transpose(
        n.op("AddV2", n.transpose(e := n.op("Elu", n.x(2, 4, 4)), 0, 2, 1), n.op("Exp", e)), 0, 2, 1
    ),
    after="ELU(float) EXP(float) TRANSPOSE(float) ADD(float)",
)
def move_transpose_before_sum(importer: Importer, node: Node) -> Value | None:
    """A TRANSPOSE goes up through sums and activations to one that it undoes; until 2.16, to a constant as well."""
    order = importer.integers(node.inputs[1].array)
    if order is None or sorted(order) != list(range(len(order))):
        return None
    if any(_undoes(importer, use.node, order) for use in importer.kept.uses(node.array)):
        return None  # that pair is folded before
    return _move_up(importer, node, node.inputs[0].array, order, node.name)


def _move_up(importer: Importer, node: Node, array: str, order: tuple[int, ...], reader: str) -> Value | None:
    """The operation that makes `array` with its operands in that order; None where no operand gets simpler so.

    `reader` of the array is in that order itself.
    """
    source = importer.kept.graph.producer(array)
    if not _moves(importer, source, order, reader):
        return None
    arrays = [edge.array for edge in source.inputs]
    values = [_undone(importer, node, one, order, source.name) for one in arrays]
    folds = not importer.version.has(KEEPS_TRANSPOSED_CONSTANTS)
    if all(value is None for value in values) and not (
        folds and any(importer.inference.is_constant(one) for one in arrays)
    ):
        return None
    axes, operands = importer.value(node.inputs[1].array), []
    for one, value in zip(map(importer.value, arrays), values, strict=True):
        operands.append(
            value or move_before_fake_quants(importer, node, "TRANSPOSE", one, _permute(one, order), axes)
        )
    return importer.add(LEGALIZED[source.op], source, operands, _permute(importer.value(array), order))


def _moves(importer: Importer, source: Node, order: tuple[int, ...], reader: str) -> bool:
    """Whether all that reads an elementwise op takes its result in that order, and its operands have that rank."""
    kept, inference = importer.kept, importer.inference
    if source.op not in _LAYOUT_AGNOSTIC or kept.is_cut(source.name) or inference.is_constant(source.array):
        return False
    others = {use.node for use in kept.uses(source.array)} - {reader}
    if source.array in kept.outputs or not all(_is_transposed(importer, one, order) for one in others):
        return False
    return all(len(inference.shape(edge.array) or ()) == len(order) for edge in source.inputs)


def _undone(importer: Importer, node: Node, array: str, order: tuple[int, ...], reader: str) -> Value | None:
    """`array` in that order where this takes no TRANSPOSE of it."""
    source = importer.kept.graph.producer(array)
    if _undoes(importer, source.name, order) and not importer.kept.is_cut(source.name):
        return importer.value(source.inputs[0].array)
    return _move_up(importer, node, array, order, reader)


def _undoes(importer: Importer, name: str, order: tuple[int, ...]) -> bool:
    """Whether a node is a Transpose that undoes one of that order."""
    node = importer.kept.graph[name]
    return node.op == "Transpose" and undoes(order, importer.integers(node.inputs[1].array))


def _is_transposed(importer: Importer, name: str, order: tuple[int, ...]) -> bool:
    node = importer.kept.graph[name]
    return node.op == "Transpose" and importer.integers(node.inputs[1].array) == order


def _permute(value: Value, order: tuple[int, ...]) -> Shape | None:
    return None if value.shape is None else tuple(value.shape[axis] for axis in order)

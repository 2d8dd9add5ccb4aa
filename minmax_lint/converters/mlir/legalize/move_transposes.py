"""MoveTransposesPass: elementwise ops come in front of a TRANSPOSE of what they read (layout_optimization.cc)."""

from __future__ import annotations

from minmax_lint.converters.mlir.failure import ConversionError
from minmax_lint.converters.mlir.ir import Value
from minmax_lint.converters.mlir.legalize.importer import Importer
from minmax_lint.converters.mlir.legalize.layout_assignment import channels_first
from minmax_lint.converters.mlir.legalize.legalize_patterns import LEGALIZED
from minmax_lint.converters.mlir.legalize.reorder_fake_quant import MOVED_BEFORE_TRANSPOSE, decreased, moved
from minmax_lint.converters.mlir.pattern import pattern
from minmax_lint.graph.node import Node


@pattern(
    *MOVED_BEFORE_TRANSPOSE,
    tf_name="MoveTransposesPass::runOnOperation()",
    source="layout_optimization.cc",
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
    smaller = decreased(importer, node, source, importer.integers(order))
    shape = importer.inference.shape(node.name)
    return smaller or moved(importer, node, "TRANSPOSE", source, shape, importer.value(order))


def _transpose(importer: Importer, node: Node, slot: int) -> Node | None:
    """The Transpose that makes input `slot`, of known order and not constant."""
    source = importer.kept.graph[node.inputs[slot].node]
    if source.op != "Transpose" or importer.kept.is_cut(source.name):
        return None
    known = importer.integers(source.inputs[1].array) is not None
    return source if known and not importer.inference.is_constant(source.name) else None


@pattern(
    "BiasAdd",
    tf_name="LayoutAssignmentPass::runOnOperation()",
    source="layout_optimization.cc",
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


@pattern(
    *("Add", "AddV2", "BiasAdd", "BiasAddV1"),
    tf_name="MoveTransposesPass::runOnOperation()",
    source="layout_optimization.cc",
    before=lambda n: n.op(
        "AddV2",
        n.transpose(n.op("Elu", x := n.x(2, 4, 8)), 0, 2, 1),
        n.transpose(n.op("Exp", x), 0, 2, 1),
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

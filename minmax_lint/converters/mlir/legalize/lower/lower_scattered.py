"""TensorFlow ops that put parts of arrays together, as UNPACK, PACK and SCATTER_ND (lower_tf.td, lower_tf.cc)."""

from minmax_lint.converters.example import Net
from minmax_lint.converters.mlir.behaviours import FOLDS_WIDE_BROADCASTS
from minmax_lint.converters.mlir.ir import Operation, Value
from minmax_lint.converters.mlir.legalize.importer import Importer
from minmax_lint.converters.mlir.legalize.lower.steps import number
from minmax_lint.converters.mlir.matchers import is_constant, static
from minmax_lint.converters.mlir.pattern import lower_tf_cc, lower_tf_td, prepare_patterns_td
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.node import Node
from minmax_lint.graph.tensor import Tensor


def _scattering(n: Net, op: str) -> str:
    return n.op(op, n.x(4, 2), n.ints(1, shape=[1, 1]), n.c(0.5, 0.25, shape=[1, 2]))


@lower_tf_td(
    "TensorScatterUpdate",
    tf_name="LowerTensorScatterUpdate_1, LowerTensorScatterUpdate_2",
    before=lambda n: _scattering(n, "TensorScatterUpdate"),
    after="SCATTER_ND(float) SUB(float) MUL(float) SCATTER_ND(float) ADD(float)",
)
def lower_tensor_scatter_update(importer: Importer, node: Node) -> Value:
    """The rest of the tensor, and the updates: each by SCATTER_ND."""
    return _scatter(importer, node, *importer.inputs(node)[:3])


@prepare_patterns_td(
    "TensorScatterAdd",
    before=lambda n: _scattering(n, "TensorScatterAdd"),
    after="SLICE ADD(float) BROADCAST_TO(float) SCATTER_ND(float) SUB(float) MUL(float) "
    "SCATTER_ND(float) ADD(float)",
)
def lower_tensor_scatter_add(importer: Importer, node: Node) -> Value:
    """The sums with what stood there take its place."""
    x, indices, updates = importer.inputs(node)[:3]
    gathered = importer.add("GATHER_ND", node, [x, indices], updates.shape)
    return _scatter(importer, node, x, indices, importer.add("ADD", node, [updates, gathered], updates.shape))


def _scatter(importer: Importer, node: Node, x: Value, indices: Value, updates: Value) -> Value:
    shape = importer.constant(node.name, DType.INT32, (len(x.shape or ()),))
    one = number(importer, node, 1.0)
    one.dtype = x.dtype
    sizes = [size for size in updates.shape or () if size is not None]
    known = updates.shape is not None and None not in updates.shape
    filled = Tensor.of(updates.dtype, sizes, [1]) if known else None
    ones = importer.constant(updates.name, updates.dtype, updates.shape, lambda: filled)
    if not is_constant(updates) and not importer.version.has(FOLDS_WIDE_BROADCASTS):
        wanted = importer.constant(node.name, DType.INT64, None)
        ones = importer.add("BROADCAST_TO", node, [one, wanted], updates.shape)
    mask = importer.add("SCATTER_ND", node, [indices, ones, shape], x.shape)
    rest = importer.add("SUB", node, [one, mask], x.shape)
    left = importer.add("MUL", node, [rest, x], x.shape)
    scattered = importer.add("SCATTER_ND", node, [indices, updates, shape], x.shape)
    return importer.add("ADD", node, [left, scattered], x.shape)


@lower_tf_cc(
    "InvertPermutation",
    before=lambda n: n.op(
        "Cast",
        n.op("InvertPermutation", n.op("Cast", n.x(4), DstT=DType.INT32), T=DType.INT32),
        SrcT=DType.INT32,
    ),
    after="CAST(float) CAST(float)",
)
def lower_invert_permutation_op(importer: Importer, node: Node) -> Value | None:
    """The places of the elements, scattered to where these point."""
    x = importer.operand(node)
    if not static(x) or x.shape is None or len(x.shape) != 1:
        return None
    sizes = importer.integer_vector(node.name, [])
    column = importer.add("RESHAPE", node, [x, sizes], (*x.shape, 1))
    places = importer.constant(node.name, x.dtype, x.shape)
    return _scatter(importer, node, x, column, places)


@lower_tf_cc(
    "DynamicStitch",
    before=lambda n: n.fq(
        n.op("DynamicStitch", n.ints(1, 0), n.ints(2, 3), x := n.x(2, 4), n.fq(n.op("Relu", x)), N=2)
    ),
    after="RELU UNPACK UNPACK PACK",
)
def lower_dynamic_stitch_op(importer: Importer, node: Node) -> Value | None:
    """The rows of all arrays, taken apart and put together in the order of constant indices."""
    count = len(node.inputs) // 2
    places = [importer.integers(edge.array) for edge in node.inputs[:count]]
    arrays = importer.inputs(node)[count:]
    rows: dict[int, Value] = {}
    for indices, value in zip(places, arrays, strict=True):
        if indices is None or not static(value) or not value.shape or value.shape[0] != len(indices):
            return None
        unpack = importer.function.append(Operation("UNPACK", [value], (node.name,), node=node))
        for place in indices:
            rows[place] = unpack.add_result(node.name, value.dtype, value.shape[1:])
    if sorted(rows) != list(range(len(rows))):
        return None
    shape = (len(rows), *(rows[0].shape or ()))
    return importer.add("PACK", node, [rows[place] for place in sorted(rows)], shape)

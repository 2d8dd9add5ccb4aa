"""Ops that TensorFlow's dialect folds to an operand or to a constant (the `fold` methods of its ops)."""

from minmax_lint.converters.example import Net
from minmax_lint.converters.mlir.ir import Value
from minmax_lint.converters.mlir.legalize.importer import Importer
from minmax_lint.converters.mlir.matchers import all_equal, constant_tensor, number, producer, static
from minmax_lint.converters.mlir.pattern import canonicalize_td, tf_ops_a_m_cc, tf_ops_n_z_cc
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.node import Node


@tf_ops_n_z_cc(
    "Tile",
    tf_name="TileOp::fold",
    before=lambda n: n.fq(n.op("Tile", n.op("Relu", n.x()), n.ints(1, 1))),
    after="RELU",
)
def fold_tile(importer: Importer, node: Node) -> Value | None:
    """TILE that repeats nothing goes."""
    once = set(importer.integers(node.inputs[1].array) or (0,)) == {1}
    return importer.operand(node) if once else None


@tf_ops_a_m_cc(
    "Cast",
    tf_name="CastOp::fold",
    before=lambda n: n.fq(n.op("Cast", n.op("Relu", n.x()))),
    after="RELU",
)
def fold_cast(importer: Importer, node: Node) -> Value | None:
    """CAST to the type that an array has goes."""
    source = importer.operand(node)
    return source if source.dtype is importer.inference.dtype(node.name) else None


@tf_ops_a_m_cc(
    "EnsureShape",
    tf_name="EnsureShapeOp::fold",
    before=lambda n: n.fq(n.op("Relu", n.op("EnsureShape", n.x(), shape=(None, 8), T=DType.FLOAT))),
    after="RELU",
)
def fold_ensure_shape(importer: Importer, node: Node) -> Value | None:
    """EnsureShape goes where the shape of its input cannot contradict it; else it stays, and has no builtin."""
    source, wanted = importer.operand(node), node.attribute("shape")
    if not isinstance(wanted, tuple):
        return source
    sizes = zip(wanted, source.shape or (), strict=False)
    holds = source.shape is not None and all(size in (None, known) for size, known in sizes)
    return source if holds else None


@canonicalize_td(
    "Bitcast",
    tf_name="BitcastNested, BitcastSameType",
    before=lambda n: n.fq(n.op("Relu", n.op("Bitcast", n.x(), T=DType.FLOAT, type=DType.FLOAT))),
    after="RELU",
)
def bitcast_nested(importer: Importer, node: Node) -> Value | None:
    """Of two BITCASTs the last counts, and one to the type that an array has goes."""
    first = source = importer.operand(node)
    while (inner := producer(source, "BITCAST")) is not None:
        source = inner.operands[0]
    if source.dtype is importer.inference.dtype(node.name):
        return source
    return None if source is first else importer.add("BITCAST", node, [source])


@tf_ops_a_m_cc(
    "LeakyRelu",
    tf_name="LeakyReluOp::fold",
    before=lambda n: n.fq(n.op("LeakyRelu", n.op("Relu", n.x()), alpha=1.0)),
    after="RELU",
)
def fold_leaky_relu(importer: Importer, node: Node) -> Value | None:
    """LEAKY_RELU of slope 1 is nothing."""
    return importer.operand(node) if node.real("alpha", 0.2) == 1 else None


@tf_ops_n_z_cc(
    "Pow",
    tf_name="PowOp::fold",
    before=lambda n: n.op("Pow", n.op("Elu", n.x()), n.c(1.0, shape=[8])),
    after="ELU(float)",
)
def fold_pow(importer: Importer, node: Node) -> Value | None:
    """The first power is the number itself, the power of 0 is 1."""
    base, exponent = importer.inputs(node)[:2]
    if all_equal(exponent, 1.0):
        return base if base.shape == importer.inference.shape(node.name) else None
    shape = importer.inference.shape(node.name)
    if shape is None or None in shape or not all_equal(exponent, 0.0):
        return None
    return importer.filled(node.name, shape, 1.0)


@tf_ops_a_m_cc(
    "AddN",
    tf_name="AddNOp::fold",
    before=lambda n: n.fq(n.op("AddN", n.op("Relu", n.x()), n.c(0.0, shape=[1, 8]))),
    after="RELU",
)
def fold_add_n(importer: Importer, node: Node) -> Value | None:
    """Of one array, and of one and zeros, ADD_N is nothing."""
    operands = importer.inputs(node)
    if len(operands) == 1:
        return operands[0]
    rest = [value for value in operands if not all_equal(value, 0.0)]
    return rest[0] if len(rest) == 1 and _has_static_type(importer, node, rest[0]) else None


def _has_static_type(importer: Importer, node: Node, value: Value) -> bool:
    """Whether the value has the static type of the result."""
    return static(value) and value.shape == importer.inference.shape(node.name)


def _own_shape(n: Net) -> str:
    integers = DType.INT32
    shape = n.op("Shape", e := n.op("Elu", n.x(None, 8)), T=DType.FLOAT, out_type=integers)
    ends = [n.ints(place) for place in (0, 1, 1)]
    batch = n.op("StridedSlice", shape, *ends, shrink_axis_mask=1, Index=integers, T=integers)
    return n.op("Reshape", e, n.op("Pack", batch, n.i(8), axis=0, T=integers))


@tf_ops_n_z_cc("Pack", tf_name="PackOp::fold", before=_own_shape, after="ELU(float)")
def fold_pack(importer: Importer, node: Node) -> Value | None:
    """The open batch of an array and its other sizes, packed, are its SHAPE."""
    batch, *sizes = importer.inputs(node)
    sliced = importer.kept.graph[node.inputs[0].node]
    taken = producer(batch, "STRIDED_SLICE")
    if taken is None or sliced.op != "StridedSlice" or not sizes:
        return None
    shape, *ends = taken.operands
    masks = [
        sliced.integer(f"{one}_mask", 0) for one in ("begin", "end", "ellipsis", "new_axis", "shrink_axis")
    ]
    if shape.op is None or shape.op.name != "SHAPE" or masks != [0, 0, 0, 0, 1] or node.integer("axis", 0):
        return None
    packed = [None, *map(number, sizes)]
    whole = list(map(number, ends)) == [0, 1, 1] and packed == list(shape.op.operands[0].shape or ())
    return shape if whole and shape.dtype is batch.dtype else None


@tf_ops_a_m_cc(
    "LogicalAnd",
    tf_name="LogicalAndOp::fold",
    before=lambda n: n.op(
        "Cast",
        n.op(
            "LogicalAnd",
            n.op("Greater", n.op("Elu", n.x()), n.c(0.5)),
            n.const("never", [False] * 8, [1, 8], DType.BOOL),
        ),
        SrcT=DType.BOOL,
    ),
    after="",
)
def fold_logical_and(importer: Importer, node: Node) -> Value | None:
    """LOGICAL_AND with a constant that is false everywhere is that constant."""
    for value in importer.inputs(node):
        tensor = constant_tensor(value) if _has_static_type(importer, node, value) else None
        if tensor is not None and tensor.known and not any(tensor.leading()):
            return value
    return None


@tf_ops_n_z_cc(
    "ToBool",
    before=lambda n: n.op(
        "Cast",
        n.op("ToBool", n.sum(n.reshape(n.op("Elu", n.x()), 8), 0, keep_dims=False), T=DType.FLOAT),
        SrcT=DType.BOOL,
    ),
    after="ELU(float) RESHAPE(float) SUM(float) NOT_EQUAL(float) CAST(float)",
)
def to_bool_of_ranked_tensor(importer: Importer, node: Node) -> Value | None:
    """Whether a number is not 0; of other arrays, whether they have elements, which an open size has."""
    source = importer.operand(node)
    if source.shape is None:
        return None
    if source.shape:
        return importer.filled(node.name, (), 0 not in source.shape, DType.BOOL)
    return importer.add("NOT_EQUAL", node, [source, importer.filled(node.name, (), 0, source.dtype)])

"""What PrepareTFPass makes of convolutions, matrix products and others that TFLite lays out anew (prepare_tf.cc)."""

from minmax_lint.converters.example import Net
from minmax_lint.converters.mlir.behaviours import FILLS_OPEN_BROADCASTS
from minmax_lint.converters.mlir.bounds import Bounds
from minmax_lint.converters.mlir.failure import no_builtin
from minmax_lint.converters.mlir.ir import Value
from minmax_lint.converters.mlir.legalize.canonicalize_concat import concatenated_arrays
from minmax_lint.converters.mlir.legalize.importer import Importer
from minmax_lint.converters.mlir.legalize.legalize_patterns import LEGALIZED
from minmax_lint.converters.mlir.legalize.reorder_fake_quant import move_before_fake_quants, transpose_matrix
from minmax_lint.converters.mlir.matchers import is_constant, sizes_of, static
from minmax_lint.converters.mlir.pattern import (
    legalize_patterns_td,
    legalize_tf_cc,
    optimize_td,
    prepare_patterns_td,
    prepare_tf_cc,
    tensorflow_optimize_cc,
)
from minmax_lint.graph.attr import Attr
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.node import Node
from minmax_lint.graph.tensor import Shape


@prepare_patterns_td(
    "MatMul",
    tf_name="ConvertMatmulWithTranspose, ConvertMatmulWithoutTransposeToWithTranspose",
    before=lambda n: n.fq(n.mat_mul(n.x(8, 1), n.fq(n.weights(8, 4)), a=True)),
    after="RESHAPE FULLY_CONNECTED",
)
def convert_mat_mul_with_transpose(importer: Importer, node: Node) -> Value:
    """FULLY_CONNECTED; what is not transposed as it wants it gets a TRANSPOSE."""
    left, right = importer.inputs(node)[:2]
    adj_x, adj_y = node.flag("transpose_a"), node.flag("transpose_b")
    return fully_connected(importer, node, left, right, adj_x=adj_x, adj_y=adj_y)


def fully_connected(
    importer: Importer, node: Node, left: Value, right: Value, *, adj_x: bool = False, adj_y: bool
) -> Value:
    """The product of two matrices, of which the right one is read by rows."""
    if adj_x:
        left = transpose_matrix(importer, node, left)
    if not adj_y:
        right = transpose_matrix(importer, node, right)
    return importer.add("FULLY_CONNECTED", node, [left, right])


def _two_convolutions(n: Net) -> str:
    ones = [1, 1, 1, 1]
    first = n.fq(n.conv(n.image(), n.fq(n.weights(3, 3, 4, 4))))
    filters = n.fq(n.weights(3, 3, 4, 1))
    attrs: dict[str, Attr] = {"strides": ones, "padding": b"SAME", "dilations": ones}
    return n.fq(n.op("DepthwiseConv2dNative", first, filters, **attrs))


@prepare_tf_cc(
    *("Conv2D", "DepthwiseConv2dNative"),
    tf_name="ConvertTFConv2D, ConvertTFDepthwiseConv2dNative",
    before=_two_convolutions,
    after="CONV_2D DEPTHWISE_CONV_2D",
)
def convert_tf_conv(importer: Importer, node: Node) -> Value:
    """A bias of zeros is added; the filters are transposed, those of a depthwise convolution reshaped.

    An image whose rank or number of channels is unknown leaves the op what it is (measured: 2.15.1 and 2.21.0).
    """
    image, filters = importer.inputs(node)[:2]
    if image.shape is None or image.shape[-1:] == (None,):
        if custom := importer.custom_op(node):
            return importer.add(custom, node, importer.inputs(node))
        unknown = "rank" if image.shape is None else "number of channels"
        reason = f"{node.op} has no TFLite builtin where the {unknown} of its input is unknown."
        refused = no_builtin(node, "other", reason, "open-shape")
        return importer.add(node.op, node, [image, filters], refused=refused)
    depthwise = node.op == "DepthwiseConv2dNative"
    move, wanted = "RESHAPE" if depthwise else "TRANSPOSE", _filters(filters.shape, depthwise=depthwise)
    order = importer.constant(node.name, DType.INT32, (4,))
    filters = move_before_fake_quants(importer, node, move, filters, wanted, order)
    bias = importer.filled(node.name, (None if wanted is None else wanted[-1 if depthwise else 0],), 0.0)
    return importer.add(LEGALIZED[node.op], node, [image, filters, bias])


def _filters(shape: Shape | None, *, depthwise: bool) -> Shape | None:
    """The shape of the filters as TFLite reads them."""
    if shape is None or len(shape) != 4:
        return None
    rows, columns, depth, count = shape
    if not depthwise:
        return count, rows, columns, depth
    return 1, rows, columns, None if depth is None or count is None else depth * count


@legalize_patterns_td(
    "Conv2DBackpropInput",
    tf_name="LegalizeConv2DBackpropInput",
    before=lambda n: n.fq(
        n.op(
            "Conv2DBackpropInput",
            n.ints(1, 4, 4, 4),
            n.fq(n.weights(3, 3, 4, 4)),
            n.image(),
            strides=[1, 1, 1, 1],
            padding=b"SAME",
        )
    ),
    after="TRANSPOSE TRANSPOSE_CONV",
)
def legalize_conv2d_backprop_input(importer: Importer, node: Node) -> Value:
    """Constant filters are transposed in front of their FakeQuant, others behind it."""
    sizes, filters, image = importer.inputs(node)[:3]
    shape = filters.shape
    wanted = None if shape is None else (shape[2], shape[0], shape[1], shape[3])
    order = importer.integer_vector(node.name, [2, 0, 1, 3])
    if is_constant(filters):
        filters = move_before_fake_quants(importer, node, "TRANSPOSE", filters, wanted, order)
    else:
        filters = importer.add("TRANSPOSE", node, [filters, order], wanted)
    return importer.add("TRANSPOSE_CONV", node, [sizes, filters, image])


@legalize_tf_cc(
    *("Concat", "ConcatV2"),
    tf_name="ConvertTFConcatV2Op",
    before=lambda n: n.op("ConcatV2", x := n.x(), x, n.i(1)),
    after="CONCATENATION",
)
def convert_tf_concat_v2_op(importer: Importer, node: Node) -> Value:
    """The axis becomes an attribute; of one array, CONCATENATION is nothing."""
    operands = concatenated_arrays(importer, node)
    return operands[0] if len(operands) == 1 else importer.add("CONCATENATION", node, operands)


@legalize_patterns_td(
    "SelectV2",
    before=lambda n: n.fq(
        n.op("SelectV2", n.op("Greater", x := n.x(), y := n.fq(n.op("Relu", x))), n.op("Elu", x), y)
    ),
    after="ELU(float) RELU GREATER SELECT(float)",
)
def legalize_select_v2_same_static_shape(importer: Importer, node: Node) -> Value:
    """SELECT where all operands have one static shape."""
    return importer.select(node, importer.inputs(node))


@optimize_td(
    "Mul",
    tf_name="PassthroughMulAndBiasAdd, PassthroughMulAndAddV2",
    before=lambda n: n.fq(n.op("Mul", n.op("BiasAdd", n.conv(n.image()), n.c(0.5, shape=[4])), n.c(0.5))),
    after="CONV_2D",
)
def passthrough_mul_and_bias_add(importer: Importer, node: Node) -> Value | None:
    """(conv + bias) * factor is conv * factor + bias * factor."""
    return _scale_convolution(importer, node, *importer.ordered_inputs(node))


def _scale_convolution(importer: Importer, node: Node, left: Value, right: Value) -> Value | None:
    added = left.op
    if added is None or added.name != "ADD" or not is_constant(right) or not is_constant(added.operands[1]):
        return None
    conv = added.operands[0].op
    source = importer.kept.graph[added.nodes[-1]]
    if conv is None or conv.name != "CONV_2D" or len(importer.kept.uses(source.name)) != 1:
        return None
    product = importer.add("MUL", node, [added.operands[0], right])
    bias = importer.constant(source.name, DType.FLOAT, added.operands[1].shape)
    return importer.add("ADD", node, [product, bias])


@prepare_tf_cc(
    "BroadcastTo",
    tf_name="ConvertTFBroadcastTo",
    before=lambda n: n.op(
        "BroadcastTo",
        n.op("BiasAdd", n.conv(n.image(), n.fq(n.weights(3, 3, 4, 4))), n.c(0.5, 0.25, 0.5, 0.125)),
        n.ints(2, 4, 4, 4),
    ),
    after="CONV_2D(float) MUL(float) ADD(float)",
    until=(2, 15),
)
def convert_tf_broadcast_to(importer: Importer, node: Node) -> Value | None:
    """BROADCAST_TO is a product with ones."""
    source, sizes = importer.inputs(node)[:2]
    return _as_product(importer, node, source, sizes, importer.inference.shape(node.name))


def _as_product(
    importer: Importer, node: Node, source: Value, sizes: Value, shape: Shape | None
) -> Value | None:
    multiplied = source.dtype in (DType.FLOAT, DType.INT32, DType.INT16)
    if not multiplied or shape is None or len(shape) > 4:
        return None
    if not importer.version.has(FILLS_OPEN_BROADCASTS if None in shape else convert_tf_broadcast_to):
        return None
    if None in shape:
        one = importer.filled(node.name, (), 1, source.dtype)
        return importer.add("MUL", node, [source, importer.add("FILL", node, [sizes, one])])
    ones = importer.filled(node.name, shape, 1, source.dtype)
    passed = _scale_convolution(importer, node, source, ones)
    if passed is not None:
        return passed
    neutral = source.shape == shape and source.dtype is DType.FLOAT
    return source if neutral else importer.add("MUL", node, [source, ones], shape)


@tensorflow_optimize_cc(
    "BroadcastTo",
    before=lambda n: n.op(
        "Exp", n.reshape(n.op("BroadcastTo", n.op("Elu", n.x()), n.ints(1, 1, 4, 8)), 4, 8)
    ),
    after="ELU(float) EXP(float) BROADCAST_TO(float)",
)
def simplify_broadcast_reshape(importer: Importer, node: Node) -> Value | None:
    """BROADCAST_TO behind which a RESHAPE alone drops or adds dimensions of 1 makes the shape of that."""
    kept = importer.kept
    readers = [use.node for use in kept.uses(node.name)]
    if len(readers) != 1 or importer.reader_count(node.name) != 1 or kept.graph.op(readers[0]) != "Reshape":
        return None
    source, sizes = importer.inputs(node)[:2]
    wanted, spread = (importer.inference.shape(name) for name in (readers[0], node.name))
    if wanted is None or None in wanted or spread is None or not static(source):
        return None
    shape = source.shape or ()
    carried = [
        have
        for size, have in zip(spread[::-1], (*shape[::-1], *[1] * len(spread)), strict=False)
        if size != 1
    ]
    if len(wanted) > len(shape) or [s for s in wanted if s != 1] != [s for s in spread if s != 1]:
        return None
    narrow = tuple(carried.pop() if size != 1 else 1 for size in wanted)
    if narrow != shape:
        vector = importer.integer_vector(node.name, [size or 0 for size in narrow])
        source = move_before_fake_quants(importer, node, "RESHAPE", source, narrow, vector)
    if narrow == wanted:
        return source
    product = _as_product(importer, node, source, sizes, wanted)
    return product or importer.add("BROADCAST_TO", node, [source, sizes], wanted)


@prepare_tf_cc(
    "StridedSlice",
    tf_name="ConvertTFStridedSlice",
    before=lambda n: n.op("StridedSlice", n.x(), n.ints(0), n.ints(0), n.ints(1), new_axis_mask=1),
    after="RESHAPE STRIDED_SLICE",
)
def convert_tf_strided_slice(importer: Importer, node: Node) -> Value | None:
    """New axes (`x[:, None]`) are a RESHAPE in front, which takes one open size at most.

    Of an array with several STRIDED_SLICE makes them itself, where it has no ellipsis and no more bounds than the array
    has sizes (27 slices, 2.15 and 2.21 measured).
    """
    ellipsis = node.integer("ellipsis_mask", 0)
    new_axes = node.integer("new_axis_mask", 0) & ~ellipsis
    if not new_axes:
        return None
    source, *bounds = importer.inputs(node)
    expanded = _with_new_axes(source.shape, bounds[0].shape, new_axes, ellipsis)
    if expanded is None or expanded.count(None) > 1:
        if expanded is not None and not ellipsis and sizes_of(bounds[0])[0] <= len(source.shape or ()):
            return None
        if custom := importer.custom_op(node):
            return importer.add(custom, node, [source, *bounds])
        raise no_builtin(node, reason=f"{node.op} makes no new axis of an array with several open sizes.")
    name = "" if importer.version.has(_UNNAMED_SIZES) else node.name
    sizes = importer.integer_vector(name, [-1 if size is None else size for size in expanded])
    return importer.add(
        "STRIDED_SLICE",
        node,
        [move_before_fake_quants(importer, node, "RESHAPE", source, expanded, sizes), *bounds],
    )


_UNNAMED_SIZES = Bounds((2, 18))
"""The sizes of that RESHAPE have the slice's name no longer (2.15, 2.18 and 2.21 measured)."""


def _with_new_axes(shape: Shape | None, bounds: Shape | None, new_axes: int, ellipsis: int) -> Shape | None:
    """The shape with a 1 wherever a slice makes an axis; None where that is not known."""
    if shape is None or not bounds or bounds[0] is None:
        return None
    left, made = list(shape), list[int | None]()
    for place in range(bounds[0]):
        if ellipsis >> place & 1:
            behind = bounds[0] - place - 1 - (new_axes >> place).bit_count()
            made += [left.pop(0) for _ in range(len(left) - behind)]
        else:
            made += [1] if new_axes >> place & 1 else left[:1]
            left = left if new_axes >> place & 1 else left[1:]
    return (*made, *left)

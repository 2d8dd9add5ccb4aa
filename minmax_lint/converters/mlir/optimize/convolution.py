"""Arithmetic with constants that goes into the convolution in front of it (optimize.cc, optimize_patterns.td)."""

from minmax_lint.converters.mlir.ir import Operation, Value
from minmax_lint.converters.mlir.matchers import axes_of, is_constant, padding_of, producer, quantize_of
from minmax_lint.converters.mlir.pattern import optimize_cc, optimize_patterns_td
from minmax_lint.converters.mlir.rewriter import Rewriter
from minmax_lint.converters.mlir.tables import BIAS_SLOTS
from minmax_lint.graph.node import Node
from minmax_lint.graph.tensor import Shape

CONVOLUTIONS = {"CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV"}


def _fits_channels(conv: Operation, constant: Value) -> bool:
    shape = constant.shape
    if shape is None or any(size != 1 for size in shape[:-1]):
        return False
    if not shape or shape[-1] == 1:
        return True
    filters = conv.operands[1].shape
    if not filters:
        return False
    return (filters[-1] if conv.name == "DEPTHWISE_CONV_2D" else filters[0]) == shape[-1]


@optimize_patterns_td(
    "ADD",
    "SUB",
    tf_name="FuseBinaryOpWithConv, FuseBinaryOpWithDepthwiseConv, FuseBinaryOpWithTransposeConv",
    before=lambda n: n.op("AddV2", n.conv(n.image(), n.fq(n.weights(3, 3, 4, 4))), n.c(0.5)),
    after="CONV_2D(float)",
)
def fuse_binary_op_with_conv(rewriter: Rewriter, op: Operation) -> bool:
    """ADD or SUB of a constant behind a convolution of one reader becomes its bias."""
    return not _scalar_behind_depthwise(op) and _fuse(rewriter, op)


def _scalar_behind_depthwise(op: Operation) -> bool:
    return op.operands[1].shape == () and producer(op.operands[0], "DEPTHWISE_CONV_2D") is not None


def _fuse(rewriter: Rewriter, op: Operation) -> bool:
    """What is added becomes the bias; what is multiplied goes into the filters, and the bias."""
    conv, constant = op.operands[0].op, op.operands[1]
    if conv is None or conv.name not in CONVOLUTIONS or conv.activation or not is_constant(constant):
        return False
    if conv.result.use_count != 1 or not _fits_channels(conv, constant):
        return False
    operands, bias = conv.operands[: BIAS_SLOTS[conv.name]], conv.operands[BIAS_SLOTS[conv.name] :]
    if not all(map(is_constant, bias)):
        return False
    if op.name in ("ADD", "SUB"):
        bias = [rewriter.constant(constant)]
    elif is_constant(operands[1]):
        operands[1], bias = rewriter.constant(operands[1]), list(map(rewriter.constant, bias))
    else:
        return False
    return rewriter.replace_with_new(
        op, conv.name, [*operands, *bias], [conv], attrs_of=conv, activation=op.activation
    )


@optimize_patterns_td(
    "DIV",
    "MUL",
    tf_name="FuseMulOrDivWithConv, FuseMulOrDivWithDepthwiseConv, FuseMulOrDivWithTransposeConv",
    before=lambda n: n.op("Mul", n.conv(n.image()), n.c(0.5)),
    after="CONV_2D(float)",
)
def fuse_mul_or_div_with_conv(rewriter: Rewriter, op: Operation) -> bool:
    """MUL or DIV by a constant goes into constant filters that have no FakeQuant of their own."""
    return not _scalar_behind_depthwise(op) and _fuse(rewriter, op)


@optimize_patterns_td(
    "ADD",
    "DIV",
    "MUL",
    "SUB",
    tf_name="FuseBinaryOpWithDepthwiseConv, FuseMulOrDivWithDepthwiseConv",
    since=(2, 13),
    before=lambda n: n.op(
        "Mul",
        n.op(
            "DepthwiseConv2dNative",
            n.image(),
            n.weights(3, 3, 4, 1),
            strides=[1, 1, 1, 1],
            padding=b"SAME",
            dilations=[1, 1, 1, 1],
        ),
        n.c(0.5),
    ),
    after="DEPTHWISE_CONV_2D(float)",
)
def fuse_scalar_with_depthwise_conv(rewriter: Rewriter, op: Operation) -> bool:
    """The same with a scalar behind a depthwise convolution."""
    return _scalar_behind_depthwise(op) and _fuse(rewriter, op)


@optimize_cc(
    "MUL",
    tf_name="FuseAffinOpAndMulWithQDQs",
    before=lambda n: n.fq(
        n.op("Mul", n.conv(n.image(), n.per_channel(n.weights(3, 3, 4, 4), 4)), n.c(0.5, 0.25, 0.5, 0.25))
    ),
    after="CONV_2D",
)
def fuse_affin_op_and_mul_with_qdqs(rewriter: Rewriter, op: Operation) -> bool:
    """MUL by a constant vector goes into filters behind a FakeQuant for each channel."""
    conv, factor = op.operands[0].op, op.operands[1]
    if conv is None or conv.name not in ("CONV_2D", "DEPTHWISE_CONV_2D") or conv.activation:
        return False
    quantize = quantize_of(conv.operands[1])
    if quantize is None or not is_constant(quantize.operands[0]) or not is_constant(factor):
        return False
    scale = quantize.result.scale
    if scale is None or not scale.channels or not is_constant(conv.operands[2]):
        return False
    if not factor.shape or any(size != 1 for size in factor.shape[:-1]):
        return False
    conv.activation = op.activation
    conv.nodes = (*conv.nodes, *op.nodes)
    conv.result.name = op.result.name
    return rewriter.replace(op, conv.result)


@optimize_patterns_td(
    "CONV_2D",
    "CONV_3D",
    "DEPTHWISE_CONV_2D",
    tf_name="FuseSamePaddingConv2D, FuseSamePaddingConv3D, FuseSamePaddingDepthwiseConv",
    since=(2, 18),
    before=lambda n: n.conv(
        n.op("Pad", n.op("Elu", n.image()), n.ints(0, 0, 1, 1, 1, 1, 0, 0, shape=[4, 2])), padding=b"VALID"
    ),
    after="ELU(float) CONV_2D(float)",
)
def fuse_same_padding_conv(rewriter: Rewriter, op: Operation) -> bool:
    """A PAD of zeros that only a convolution reads, and that pads as SAME would, goes into it; one by nothing stays."""
    pad = producer(op.operands[0], "PAD")
    if pad is None or pad.result.use_count != 1 or "padding" in op.attrs or padding_of(op) != "VALID":
        return False
    source, filters = pad.operands[0].shape, op.operands[1].shape
    pads = axes_of(pad.operands[1])
    if not pads or not any(pads) or source is None or filters is None:
        return False
    if pads != _same_padding(source, filters, op.attrs["node"]):
        return False
    op.attrs = {**op.attrs, "padding": "SAME"}
    return rewriter.take_in(op, 0, pad)


def _same_padding(source: Shape, filters: Shape, node: Node) -> list[int] | None:
    """What SAME pads in front of and behind each dimension of an image in the order NHWC."""
    strides, dilations = node.integers("strides"), node.integers("dilations") or (1,) * len(source)
    if len({len(source), len(filters), len(strides)}) > 1 or node.text("data_format").startswith("NC"):
        return None
    pads = [0, 0]
    for axis in range(1, len(source) - 1):
        # The filters of CONV_3D keep TensorFlow's order, depth first
        size, taps = source[axis], filters[axis - (len(source) == 5)]
        if size is None or taps is None:
            return None
        count = -(-size // strides[axis])
        total = max((count - 1) * strides[axis] + (taps - 1) * dilations[axis] + 1 - size, 0)
        pads += [total // 2, total - total // 2]
    return [*pads, 0, 0]

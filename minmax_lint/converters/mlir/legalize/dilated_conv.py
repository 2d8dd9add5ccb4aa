"""ConvertTFDilatedConvOp: a convolution between SpaceToBatchND and BatchToSpaceND is a dilated one (dilated_conv.h)."""

from typing import NamedTuple

from minmax_lint.converters.example import Net
from minmax_lint.converters.mlir.failure import ConversionError
from minmax_lint.converters.mlir.ir import Operation, Value
from minmax_lint.converters.mlir.legalize.importer import Importer
from minmax_lint.converters.mlir.pattern import dilated_conv_h
from minmax_lint.converters.prediction import AbortKind
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.node import Node
from minmax_lint.graph.tensor import Shape


def _spread(n: Net) -> str:
    block, ones = n.ints(2, 2), n.ints(2, 2, 2, 2, shape=[2, 2])
    spread = n.op("SpaceToBatchND", n.image(), block, ones, Tpaddings=DType.INT32, Tblock_shape=DType.INT32)
    conv = n.conv(spread, n.weights(3, 3, 4, 4), b"VALID")
    crops = n.ints(0, 0, 0, 0, shape=[2, 2])
    return n.fq(n.op("BatchToSpaceND", conv, block, crops, Tcrops=DType.INT32, Tblock_shape=DType.INT32))


class _Between(NamedTuple):
    """The operations between the two: ExpandDims and Squeeze come in a pair, Pad and BiasAdd alone."""

    spread: Operation
    expand: Operation | None
    conv: Operation
    squeeze: Operation | None
    pad: Operation | None
    bias: Operation | None


@dilated_conv_h("BatchToSpaceND", tf_name="ConvertTFDilatedConvOp", before=_spread, after="CONV_2D")
def convert_tf_dilated_conv_op(importer: Importer, node: Node) -> Value | None:
    """SpaceToBatchND -> Conv2D -> BatchToSpaceND becomes Conv2D.

    Without ExpandDims, BiasAdd between the two keeps the shape it had, which the verifier refuses (measured).
    """
    found = _between(importer, node)
    padding = None if found is None else _padding(importer, node, found)
    if found is None or padding is None:
        return None
    if found.bias is not None and found.expand is None:
        raise _shape_kept(importer, node, found.bias)
    value, shape = found.spread.operands[0], importer.inference.shape(node.name)
    if found.expand is not None:
        axis = _axis(importer, found.expand)
        value = _again(importer, found.expand, value, _expand(value.shape, axis))
        value = _again(importer, found.conv, value, _expand(shape, axis), padding)
    else:
        value = _again(importer, found.conv, value, shape, padding)
    for op in (found.squeeze, found.bias):
        value = value if op is None else _again(importer, op, value, shape)
    return value


def _between(importer: Importer, node: Node) -> _Between | None:
    graph, op = importer.kept.graph, importer.operand(node).op
    passed: dict[str, Operation | None] = {}
    names = ("BiasAdd", "Pad", "Squeeze", "Conv2D", "DepthwiseConv2dNative", "ExpandDims", "SpaceToBatchND")
    for name in names:
        if op is not None and op.nodes and graph.op(op.nodes[-1]) == name:
            if importer.reader_count(op.nodes[-1]) != 1:
                return None
            passed[name], op = op, op.operands[0].op if op.operands else None
    conv = passed.get("Conv2D") or passed.get("DepthwiseConv2dNative")
    expand, squeeze, spread = (passed.get(name) for name in ("ExpandDims", "Squeeze", "SpaceToBatchND"))
    if (
        conv is None
        or spread is None
        or (expand is None) is not (squeeze is None)
        or not _has_no_dilation(conv)
    ):
        return None
    return _Between(spread, expand, conv, squeeze, passed.get("Pad"), passed.get("BiasAdd"))


def _has_no_dilation(conv: Operation) -> bool:
    """Whether it is a plain convolution of an array whose height and width alone may be open."""
    node, shape = conv.attrs["node"], conv.result.shape
    if shape is None or shape[0] is None or shape[-1] is None:
        return False
    strides, dilations = node.integers("strides"), node.integers("dilations")
    return node.text("padding") == "VALID" and all(size == 1 for size in (*strides, *dilations))


def _padding(importer: Importer, node: Node, found: _Between) -> str | None:
    """VALID where what is padded is cropped again; None where block shapes, paddings or crops do not fit."""
    spread = importer.kept.graph[found.spread.nodes[-1]]
    constants = [importer.integers(edge.array) for edge in (*spread.inputs[1:3], *node.inputs[1:3])]
    if None in constants or constants[0] != constants[2]:
        return None
    block, paddings, _, crops = (values or () for values in constants)
    if len(paddings) != len(crops) or len(block) != (1 if found.expand is not None else 2):
        return None
    more: tuple[int, ...] | None = (0,) * len(crops)
    if found.pad is not None:
        more = importer.integers(importer.kept.graph[found.pad.nodes[-1]].inputs[1].array)
        more = None if more is None else more[2 : 2 + len(crops)]
    if more is None:
        return None
    same = any(a + b != c for a, b, c in zip(paddings, more, crops, strict=True))
    return "SAME" if same else "VALID"


def _axis(importer: Importer, expand: Operation) -> int:
    axis = importer.integers(importer.kept.graph[expand.nodes[-1]].inputs[1].array)
    return axis[0] % 4 if axis else 1


def _expand(shape: Shape | None, axis: int) -> Shape | None:
    return None if shape is None else (*shape[:axis], 1, *shape[axis:])


def _again(
    importer: Importer, op: Operation, value: Value, shape: Shape | None, padding: str | None = None
) -> Value:
    """The same operation of another value."""
    attrs = {name: held for name, held in op.attrs.items() if name != "node"}
    attrs |= {} if padding is None else {"padding": padding}
    return importer.add(op.name, op.attrs["node"], [value, *op.operands[1:]], shape, **attrs)


def _shape_kept(importer: Importer, node: Node, bias: Operation) -> ConversionError:
    returned = importer.only_returned(node.name)
    message = f"what reads {node.name} does not fit the shape of {bias.result.name}"
    if returned:
        message = "type of return operand 0 doesn't match function result type in function @main"
    reason = (
        f"BiasAdd between the convolution and {node.name} keeps a shape that no longer fits: put it behind."
    )
    kind: AbortKind = "scale-conflict" if returned else "other"
    array = bias.result.name
    return ConversionError(kind, message, node=bias.nodes[-1], op="BiasAdd", array=array, reason=reason)

"""Element types of outputs: most ops say it in an attribute, a few have it fixed by their definition."""

from __future__ import annotations

from minmax_lint.graph.dtype import DType
from minmax_lint.graph.fakequant import FAKE_QUANTS
from minmax_lint.graph.node import Node

_ATTRIBUTE = {
    **dict.fromkeys(
        ("Const", "Placeholder", "PlaceholderWithDefault", "RandomUniform", "ReadVariableOp", "Dequantize"),
        "dtype",
    ),
    **dict.fromkeys(("VariableV2", "VarHandleOp"), "dtype"),
    **dict.fromkeys(("Gather", "GatherV2", "GatherNd"), "Tparams"),
    **dict.fromkeys(("Shape", "Size"), "out_type"),
    **dict.fromkeys(("ArgMax", "ArgMin"), "output_type"),
    **dict.fromkeys(("Complex", "ComplexAbs", "Imag", "Real"), "Tout"),
    **dict.fromkeys(("RFFT", "RFFT2D"), "Tcomplex"),
    "Cast": "DstT",
    "Multinomial": "output_dtype",
    "Range": "Tidx",
}
"""Attribute that holds the type of every output, where it is not `T`."""

_FIXED = {
    **dict.fromkeys(
        ("All", "Any", "Equal", "Greater", "GreaterEqual", "IsFinite", "IsInf", "IsNan"), DType.BOOL
    ),
    **dict.fromkeys(("Less", "LessEqual", "LogicalAnd", "LogicalNot", "LogicalOr", "NotEqual"), DType.BOOL),
    **dict.fromkeys(FAKE_QUANTS, DType.FLOAT),
    **dict.fromkeys(("LRN", "ResizeBilinear", "ResizeBicubic"), DType.FLOAT),
    **dict.fromkeys(("NonMaxSuppressionV3", "NonMaxSuppressionV4", "NonMaxSuppressionV5"), DType.INT32),
    "Rank": DType.INT32,
    "Where": DType.INT64,
}

_SECOND = {"TopKV2": DType.INT32, "TopK": DType.INT32, "Unique": DType.INT32, "UniqueV2": DType.INT32}
"""Type of output 1 where it differs from output 0."""


_EIGHT_BIT = ("Quantized", "QuantizeV2", "QuantizeDownAndShrinkRange", "Requantize", "RequantizationRange")
"""How ops of TensorFlow's first quantization start: their last two outputs are the ends of a range."""

LOOPS = frozenset({"StatelessWhile", "While"})

_LISTED = LOOPS | {"IdentityN"}
"""Ops whose attribute `T` lists the type of each output."""


def element_type(node: Node, port: int) -> DType:
    """The type of output `port`; INVALID where the node does not say."""
    if port == 1 and node.op in _SECOND:
        return _SECOND[node.op]
    if port > 0 and node.op.startswith("FusedBatchNorm"):
        return node.dtype("U") or DType.FLOAT
    if node.op.startswith(_EIGHT_BIT) and (port > 0 or node.op.startswith("RequantizationRange")):
        return DType.FLOAT
    if node.op in _FIXED:
        return _FIXED[node.op]
    listed = node.attribute("T" if node.op in _LISTED else "Tout")
    if isinstance(listed, list) and port < len(listed):
        entry = listed[port]
        return entry if isinstance(entry, DType) else DType.INVALID
    return node.dtype(_ATTRIBUTE.get(node.op, "T")) or node.dtype("dtype") or DType.INVALID

"""Constant folding of real-valued arrays (weights through batch-norm arithmetic), on demand."""

from collections.abc import Sequence

from minmax_lint.graph.node import Node
from minmax_lint.graph.tensor import Tensor
from minmax_lint.ops.table import IDENTITIES, SPLITS

FOLDABLE = (
    IDENTITIES
    | SPLITS
    | frozenset(
        """
    Abs Acos Acosh Add AddN AddV2 All Any Asin Asinh Atan Atan2 Atanh BiasAdd BroadcastTo Cast Ceil Concat ConcatV2
    Cos Cosh Div DivNoNan Elu Equal Erf Erfc Exp ExpandDims Expm1 Fill Floor FloorDiv FloorMod Gather GatherV2 Greater
    GreaterEqual Less LessEqual Lgamma Log Log1p LogicalAnd LogicalNot LogicalOr MatMul MatrixDiag MatrixDiagV2
    MatrixDiagV3 Max Maximum Mean Min Minimum Mod Mul MulNoNan Neg NotEqual OnesLike Pack Pad PadV2 Pow Prod Range
    RealDiv Relu Relu6 Reshape ReverseV2 Rint Round Rsqrt Select SelectV2 Selu Sigmoid Sign Sin Sinh Slice Softmax
    Softsign Sqrt Square SquaredDifference Squeeze StridedSlice Sub Sum Tan Tanh Tile Transpose TruncateDiv
    TruncateMod Xdivy Xlog1py Xlogy ZerosLike
    """.split()
    )
)
"""Ops that `fold` can evaluate, for any element type of numpy."""


def fold(node: Node, inputs: Sequence[Tensor], port: int = 0) -> Tensor | None:
    """Output `port` of `node` on constant inputs; None where we cannot say. Never raises on odd values."""
    if node.op in IDENTITIES:
        return inputs[0]
    if any(not tensor.known or tensor.dtype.numpy_name is None for tensor in inputs):
        return None
    if any(tensor.spreads for tensor in inputs):
        return None
    from minmax_lint.inference.array_folding import fold_arrays

    return fold_arrays(node, port, *inputs)

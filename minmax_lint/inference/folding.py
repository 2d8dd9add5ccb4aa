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
    Abs Add AddV2 All Any BiasAdd BroadcastTo Cast Ceil Concat ConcatV2 Div Equal Exp ExpandDims Fill Floor FloorDiv
    FloorMod Gather GatherV2 Greater GreaterEqual Less LessEqual Log LogicalAnd LogicalNot LogicalOr MatMul MatrixDiag
    MatrixDiagV2 MatrixDiagV3 Max Maximum Mean Min Minimum Mul Neg NotEqual Pack Pow Prod Range RealDiv Relu Relu6
    Reshape Rint Round Rsqrt Select SelectV2 Sigmoid Slice Softmax Sqrt Square SquaredDifference Squeeze StridedSlice
    Sub Sum Tanh Tile Transpose
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

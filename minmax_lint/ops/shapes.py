"""Ops whose output shape follows from their inputs in one of three ways.

Source: the shape functions of TensorFlow's op registrations (core/ops/*.cc).
"""

from __future__ import annotations

UNARY = frozenset(
    """
    Abs Acos Asin Atan BiasAdd Cast EnsureShape Ceil CheckNumerics Cos Cumsum Elu Erf Exp Expm1
    FakeQuantWithMinMaxArgs FakeQuantWithMinMaxVars FakeQuantWithMinMaxVarsPerChannel Floor Identity Inv
    IsFinite IsInf IsNan L2Normalize LRN LeakyRelu Log Log1p LogSoftmax LogicalNot Neg OnesLike
    PlaceholderWithDefault PreventGradient QuantizeAndDequantize QuantizeAndDequantizeV2
    QuantizeAndDequantizeV3 Reciprocal Relu Relu6 ReverseV2 Rint Round Rsqrt ReadVariableOp Selu Sigmoid
    Sign Sin Snapshot Softmax Softplus Softsign Sqrt Square StopGradient Tan Tanh ZerosLike
    MatrixSetDiag Relu1 Dequantize ComplexAbs Imag MatrixBandPart Real Roll TensorScatterAdd TensorScatterMax
    TensorScatterMin TensorScatterSub TensorScatterUpdate
    """.split()
)
"""Output 0 has the shape of input 0."""


BINARY = frozenset(
    """
    Add AddV2 Atan2 BitwiseAnd BitwiseOr Div DivNoNan Equal FloorDiv FloorMod Greater GreaterEqual Less
    LessEqual LogicalAnd LogicalOr Maximum Minimum Mod Mul MulNoNan NotEqual Pow RealDiv
    SquaredDifference Sub TruncateDiv Xdivy Xlogy
    """.split()
)
"""Output 0 is the broadcast of inputs 0 and 1."""


REDUCTIONS = frozenset(["All", "Any", "Max", "Mean", "Min", "Prod", "Sum"])

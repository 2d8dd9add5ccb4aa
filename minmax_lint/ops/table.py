"""What TensorFlow says of an op, one row an op; what an engine does with it stands in `converters`.

Inputs, outputs and attributes of all ops stand in the registry made from TensorFlow's OpDefs (`graph.op_registry`);
here stands what no OpDef says. Source: the shape functions of TensorFlow's op registrations (core/ops/*.cc) and the
documentation of the ops.
"""

from math import inf
from typing import Literal, NamedTuple

Shape = Literal["", "input", "broadcast", "reduced"]
"""Of output 0: by its own rule, that of input 0, the broadcast of inputs 0 and 1, that of input 0 without axes."""
Values = Literal["", "same", "moved", "picked", "between", "padded", "joined"]
"""How the result follows from the data: it is the data; all elements in another shape or order; some of them; values
between them; they and zeros; the elements of several inputs."""
Role = Literal[
    "", "variable", "assignment", "effect", "restore", "loss", "loss of logits", "random", "batch norm"
]
"""`assignment`: input 0 is a reference to a variable. `effect`: another op that is run for what it does, not for a
value. `loss of logits`: a loss whose input 0 is what the model predicts."""


class Op(NamedTuple):
    """What TensorFlow says of one op."""

    shape: Shape = ""
    values: Values = ""
    data: slice = slice(0, 1)
    """The inputs that hold the data."""
    image: tuple[float, float] | None = None
    """The smallest and the largest value of the result, whatever the input."""
    rises: bool = False
    """Whether each element of the result never falls where that of the input rises."""
    weights: tuple[int, ...] = ()
    """The inputs of a linear op that can be weights."""
    pieces: str = ""
    """The attribute that says in how many results the data is cut."""
    calls: tuple[tuple[str, str], ...] = ()
    """The attributes that name functions, and what these are."""
    role: Role = ""


OPS: dict[str, Op] = {
    "Abs": Op(shape="input", image=(0, inf)),
    "Acos": Op(shape="input"),
    "Acosh": Op(shape="input"),
    "Add": Op(shape="broadcast"),
    "AddN": Op(data=slice(None)),
    "AddV2": Op(shape="broadcast"),
    "All": Op(shape="reduced"),
    "Any": Op(shape="reduced"),
    "ApplyAdam": Op(role="effect"),
    "ApplyGradientDescent": Op(role="assignment"),
    "Asin": Op(shape="input"),
    "Asinh": Op(shape="input", rises=True),
    "Assert": Op(role="effect"),
    "Assign": Op(role="assignment"),
    "AssignAdd": Op(role="assignment"),
    "AssignAddVariableOp": Op(role="effect"),
    "AssignSub": Op(role="assignment"),
    "AssignSubVariableOp": Op(role="effect"),
    "AssignVariableOp": Op(role="effect"),
    "Atan": Op(shape="input", rises=True),
    "Atan2": Op(shape="broadcast"),
    "Atanh": Op(shape="input"),
    "AutoReloadVariable": Op(role="variable"),
    "AvgPool": Op(values="between"),
    "BatchMatMul": Op(weights=(0, 1)),
    "BatchMatMulV2": Op(weights=(0, 1)),
    "BatchToSpaceND": Op(values="picked"),
    "BiasAdd": Op(shape="input"),
    "BitwiseAnd": Op(shape="broadcast"),
    "BitwiseOr": Op(shape="broadcast"),
    "BitwiseXor": Op(shape="broadcast"),
    "Case": Op(calls=(("branches", "branch"),)),
    "Cast": Op(shape="input"),
    "Ceil": Op(shape="input", rises=True),
    "CheckNumerics": Op(shape="input", values="same"),
    "Complex": Op(shape="broadcast"),
    "ComplexAbs": Op(shape="input"),
    "Concat": Op(values="joined", data=slice(1, None)),
    "ConcatV2": Op(values="joined", data=slice(None, -1)),
    "Conv2D": Op(weights=(1,)),
    "Conv2DBackpropInput": Op(weights=(1,)),
    "Cos": Op(shape="input"),
    "Cosh": Op(shape="input"),
    "CTCLoss": Op(role="loss of logits"),
    "CTCLossV2": Op(role="loss of logits"),
    "Cumsum": Op(shape="input"),
    "DepthToSpace": Op(values="picked"),
    "DepthwiseConv2dNative": Op(weights=(1,)),
    "Dequantize": Op(shape="input"),
    "Digamma": Op(shape="input"),
    "Div": Op(shape="broadcast"),
    "DivNoNan": Op(shape="broadcast"),
    "Elu": Op(shape="input", rises=True),
    "EluGrad": Op(shape="input"),
    "EnsureShape": Op(shape="input"),
    "Equal": Op(shape="broadcast"),
    "Erf": Op(shape="input", rises=True),
    "Erfc": Op(shape="input"),
    "Erfinv": Op(shape="input"),
    "Exp": Op(shape="input", rises=True, image=(0, inf)),
    "ExpandDims": Op(values="moved"),
    "Expm1": Op(shape="input", rises=True),
    "FakeQuantWithMinMaxArgs": Op(shape="input"),
    "FakeQuantWithMinMaxVars": Op(shape="input"),
    "FakeQuantWithMinMaxVarsPerChannel": Op(shape="input"),
    "Floor": Op(shape="input", rises=True),
    "FloorDiv": Op(shape="broadcast"),
    "FloorMod": Op(shape="broadcast"),
    "FusedBatchNorm": Op(role="batch norm"),
    "FusedBatchNormV2": Op(role="batch norm"),
    "FusedBatchNormV3": Op(role="batch norm"),
    "Gather": Op(values="picked"),
    "GatherNd": Op(values="picked"),
    "GatherV2": Op(values="picked"),
    "Greater": Op(shape="broadcast"),
    "GreaterEqual": Op(shape="broadcast"),
    "Identity": Op(shape="input", values="same"),
    "If": Op(calls=(("then_branch", "then branch"), ("else_branch", "else branch"))),
    "Imag": Op(shape="input"),
    "Inv": Op(shape="input"),
    "InvGrad": Op(shape="input"),
    "IsFinite": Op(shape="input"),
    "IsInf": Op(shape="input"),
    "IsNan": Op(shape="input"),
    "L2Loss": Op(role="loss"),
    "L2Normalize": Op(shape="input"),
    "LeakyRelu": Op(shape="input"),
    "LeakyReluGrad": Op(shape="input"),
    "LeftShift": Op(shape="broadcast"),
    "Less": Op(shape="broadcast"),
    "LessEqual": Op(shape="broadcast"),
    "Lgamma": Op(shape="input"),
    "Log": Op(shape="input", rises=True),
    "Log1p": Op(shape="input", rises=True),
    "LogicalAnd": Op(shape="broadcast"),
    "LogicalNot": Op(shape="input"),
    "LogicalOr": Op(shape="broadcast"),
    "LogSoftmax": Op(shape="input", image=(-inf, 0)),
    "LRN": Op(shape="input"),
    "MatMul": Op(weights=(0, 1)),
    "MatrixBandPart": Op(shape="input"),
    "MatrixSetDiag": Op(shape="input"),
    "MatrixSetDiagV2": Op(shape="input"),
    "MatrixSetDiagV3": Op(shape="input"),
    "Max": Op(shape="reduced", values="picked"),
    "Maximum": Op(shape="broadcast"),
    "MaxPool": Op(values="picked"),
    "Mean": Op(shape="reduced", values="between"),
    "Min": Op(shape="reduced", values="picked"),
    "Minimum": Op(shape="broadcast"),
    "MirrorPad": Op(values="picked"),
    "Mod": Op(shape="broadcast"),
    "Mul": Op(shape="broadcast"),
    "MulNoNan": Op(shape="broadcast"),
    "Neg": Op(shape="input"),
    "NotEqual": Op(shape="broadcast"),
    "OnesLike": Op(shape="input"),
    "Pack": Op(values="joined", data=slice(None)),
    "Pad": Op(values="padded"),
    "PadV2": Op(values="joined", data=slice(None, None, 2)),
    "PartitionedCall": Op(calls=(("f", "function"),)),
    "PlaceholderWithDefault": Op(shape="input"),
    "Pow": Op(shape="broadcast"),
    "PreventGradient": Op(shape="input", values="same"),
    "Prod": Op(shape="reduced"),
    "QuantizeAndDequantize": Op(shape="input"),
    "QuantizeAndDequantizeV2": Op(shape="input"),
    "QuantizeAndDequantizeV3": Op(shape="input"),
    "RandomUniform": Op(role="random"),
    "RandomUniformInt": Op(role="random"),
    "ReadVariableOp": Op(shape="input", values="same"),
    "Real": Op(shape="input"),
    "RealDiv": Op(shape="broadcast"),
    "Reciprocal": Op(shape="input"),
    "ReciprocalGrad": Op(shape="input"),
    "Relu": Op(shape="input", image=(0, inf)),
    "Relu1": Op(shape="input"),
    "Relu6": Op(shape="input", image=(0, 6)),
    "Relu6Grad": Op(shape="input"),
    "ReluGrad": Op(shape="input"),
    "Reshape": Op(values="moved"),
    "ResizeBilinear": Op(values="between"),
    "ResizeNearestNeighbor": Op(values="picked"),
    "ResourceApplyAdam": Op(role="effect"),
    "ResourceApplyGradientDescent": Op(role="effect"),
    "Restore": Op(role="restore"),
    "RestoreSlice": Op(role="restore"),
    "RestoreV2": Op(role="restore"),
    "ReverseSequence": Op(shape="input", values="picked"),
    "ReverseV2": Op(shape="input", values="picked"),
    "RightShift": Op(shape="broadcast"),
    "Rint": Op(shape="input", rises=True),
    "Roll": Op(shape="input"),
    "Round": Op(shape="input", rises=True),
    "Rsqrt": Op(shape="input"),
    "RsqrtGrad": Op(shape="input"),
    "ScatterAdd": Op(role="assignment"),
    "ScatterSub": Op(role="assignment"),
    "ScatterUpdate": Op(role="assignment"),
    "Select": Op(values="joined", data=slice(1, None)),
    "SelectV2": Op(values="joined", data=slice(1, None)),
    "Selu": Op(shape="input", rises=True),
    "SeluGrad": Op(shape="input"),
    "Sigmoid": Op(shape="input", image=(0, 1)),
    "SigmoidGrad": Op(shape="input"),
    "Sign": Op(shape="input", rises=True),
    "Sin": Op(shape="input"),
    "Sinh": Op(shape="input", rises=True),
    "Slice": Op(values="picked"),
    "Snapshot": Op(shape="input", values="same"),
    "Softmax": Op(shape="input", image=(0, 1)),
    "SoftmaxCrossEntropyWithLogits": Op(role="loss of logits"),
    "Softplus": Op(shape="input", rises=True, image=(0, inf)),
    "SoftplusGrad": Op(shape="input"),
    "Softsign": Op(shape="input", image=(-1, 1)),
    "SoftsignGrad": Op(shape="input"),
    "SpaceToBatchND": Op(values="padded"),
    "SpaceToDepth": Op(values="picked"),
    "SparseSoftmaxCrossEntropyWithLogits": Op(role="loss of logits"),
    "Split": Op(values="picked", data=slice(1, 2), pieces="num_split"),
    "SplitV": Op(values="picked", pieces="num_split"),
    "Sqrt": Op(shape="input", rises=True, image=(0, inf)),
    "SqrtGrad": Op(shape="input"),
    "Square": Op(shape="input", image=(0, inf)),
    "SquaredDifference": Op(shape="broadcast"),
    "Squeeze": Op(values="moved"),
    "StatefulPartitionedCall": Op(calls=(("f", "function"),)),
    "StatelessCase": Op(calls=(("branches", "branch"),)),
    "StatelessIf": Op(calls=(("then_branch", "then branch"), ("else_branch", "else branch"))),
    "StatelessRandomUniform": Op(role="random"),
    "StatelessRandomUniformV2": Op(role="random"),
    "StatelessWhile": Op(calls=(("cond", "loop condition"), ("body", "loop body"))),
    "StopGradient": Op(shape="input", values="same"),
    "StridedSlice": Op(values="picked"),
    "Sub": Op(shape="broadcast"),
    "Sum": Op(shape="reduced"),
    "Tan": Op(shape="input"),
    "Tanh": Op(shape="input", image=(-1, 1)),
    "TanhGrad": Op(shape="input"),
    "TensorScatterAdd": Op(shape="input"),
    "TensorScatterMax": Op(shape="input"),
    "TensorScatterMin": Op(shape="input"),
    "TensorScatterSub": Op(shape="input"),
    "TensorScatterUpdate": Op(shape="input"),
    "Tile": Op(values="picked"),
    "TopK": Op(values="picked"),
    "TopKV2": Op(values="picked"),
    "Transpose": Op(values="moved"),
    "TruncateDiv": Op(shape="broadcast"),
    "TruncateMod": Op(shape="broadcast"),
    "Unpack": Op(values="picked", pieces="num"),
    "VarHandleOp": Op(role="variable"),
    "Variable": Op(role="variable"),
    "VariableV2": Op(role="variable"),
    "While": Op(calls=(("cond", "loop condition"), ("body", "loop body"))),
    "Xdivy": Op(shape="broadcast"),
    "Xlog1py": Op(shape="broadcast"),
    "Xlogy": Op(shape="broadcast"),
    "ZerosLike": Op(shape="input"),
}


_UNKNOWN = Op()


def row(op: str) -> Op:
    """The row of an op; an empty one for an op without."""
    return OPS.get(op, _UNKNOWN)


def of_values(*kinds: Values) -> frozenset[str]:
    """The ops whose result follows from the data in one of these ways."""
    return frozenset(op for op, row in OPS.items() if row.values in kinds)


def of_role(*roles: Role) -> frozenset[str]:
    """The ops that have one of these roles."""
    return frozenset(op for op, row in OPS.items() if row.role in roles)


IDENTITIES = of_values("same")
SAME_VALUES = of_values("same", "moved")
"""Output 0 holds the elements of the data, unchanged: a range behind such an op holds in front of it."""
WITHIN_INPUT = of_values("same", "moved", "picked", "between", "padded")
"""All values of the result lie between the smallest and the largest of the data, zeros beside them."""
VARIABLES = of_role("variable")
ASSIGNMENTS = of_role("assignment")
RESOURCE_ASSIGNMENTS = frozenset(
    {"AssignAddVariableOp", "AssignSubVariableOp", "AssignVariableOp", "ResourceScatterUpdate"}
)
"""Those of TensorFlow 2's variables: a frozen graph, in which the variable is a constant, holds none."""
BATCH_NORMS = of_role("batch norm")
SPLITS = frozenset(op for op, row in OPS.items() if row.pieces)
CALLS = frozenset({"PartitionedCall", "StatefulPartitionedCall"})
"""Ops that call one function, which takes their place."""
CONTROL_FLOW = frozenset(op for op, row in OPS.items() if row.calls) - CALLS
"""Ops that stay in the graph and call functions."""

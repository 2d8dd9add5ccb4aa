"""What the calibration cannot run: it runs the float model, with what FakeQuants have made integer in it.

Measured with TF 2.15.1 and 2.21.0, each message the kernel's own.
"""

from minmax_lint.converters.mlir.bounds import Bounds
from minmax_lint.converters.mlir.failure import ConversionError
from minmax_lint.converters.mlir.fake_quant_support import Scale
from minmax_lint.converters.mlir.ir import DEQUANTIZE, QUANTIZE, Function, Operation, Value
from minmax_lint.converters.mlir.legalize.flex_ops import UNCALIBRATED, UNRESOLVED, UNSUPPORTED, is_flex
from minmax_lint.converters.mlir.running import TO_SCALAR, is_spread_to_scalar, lacking_kernel
from minmax_lint.converters.mlir.tables import FIXED
from minmax_lint.converters.mlir.version import Version

_FIVE_SIZES = Bounds((2, 21), (2, 21))
"""The kernels of slices take no more dimensions, new axes among them (2.12, 2.15 and 2.17 to 2.22 measured)."""
_SLICES = {"SLICE": "Slice", "STRIDED_SLICE": "StridedSlice"}
_MOST_SLICED = 5
_OUTPUT_SCALES = {
    "LOGISTIC": "output->params.scale == 1. / 256 was not true.",
    "LOG_SOFTMAX": "output->params.scale != 16.0 / 256",
}
"""Op whose kernel takes its fixed range alone -> what it says of another."""
_MIDDLE = 1 << 15
"""The zero point of int16 that is 0, as scales of unsigned numbers have it."""
_RELUS = frozenset(("RELU", "RELU6", "RELU_N1_TO_1"))


def check_calibration(function: Function, version: Version, *, signed: bool) -> None:
    """Raises ConversionError for an op that the calibration cannot run; `signed`: as FakeQuants have become."""
    for op in function:
        message, reason = _refused(op, version, signed=signed)
        if message:
            node = op.nodes[-1] if op.nodes else None
            raise ConversionError("other", message, node=node, op=op.name, reason=f"{op.name} {reason}.")


def _refused(op: Operation, version: Version, *, signed: bool) -> tuple[str, str]:
    """The message and what is said of the op; empty where it runs."""
    if version.select_tf and is_flex(op.name) and version.has(UNCALIBRATED):
        return UNSUPPORTED, "is an op of TensorFlow, which the calibration of TF 2.19 and newer cannot run"
    if version.custom_ops and op.node is not None and op.name == op.node.op:
        return UNRESOLVED.format(op.name), "becomes a custom op, which the calibration cannot run"
    if op.name in _SLICES and len(op.operands[0].shape or ()) > _MOST_SLICED and version.has(_FIVE_SIZES):
        message = f"{_SLICES[op.name]} op only supports 1D-{_MOST_SLICED}D input arrays."
        return message, f"takes {_MOST_SLICED} dimensions at most in the calibration of TF 2.21"
    if op.name == "BROADCAST_TO" and is_spread_to_scalar(op):
        return TO_SCALAR, "spreads an array to the shape of a scalar"
    scales = [value.scale for value in op.results if value.scale is not None]
    message = lacking_kernel(op, version, signed=signed)
    if message and any(not signed or scale.bits == 16 for scale in scales):
        return message, "has no kernel of that type, which the calibration needs"
    if not signed and op.name in _OUTPUT_SCALES and scales and scales[0] != Scale(*FIXED[op.name]):
        reason = (
            "has a kernel for its own range alone, and the calibration runs it with that of its FakeQuant"
        )
        return _OUTPUT_SCALES[op.name], reason
    return _sixteen_bits(op, signed=signed), "has no kernel for these 16 bits, which the calibration needs"


def _sixteen_bits(op: Operation, *, signed: bool) -> str:
    """What a kernel says of what a FakeQuant of 16 bits has made; empty where it takes that.

    Such a number has no zero point, an 8-bit one becomes none, and nothing is quantized to unsigned ones.
    """
    if op.name == QUANTIZE and _bits(op.result) == 16:
        if _bits(op.operands[0]) == 8:
            return "output->type == kTfLiteUInt8 || output->type == kTfLiteInt8 was not true."
        if not signed:
            return (
                "output->type == kTfLiteUInt8 || output->type == kTfLiteInt8 || output->type == kTfLiteInt16"
            )
    if op.name == DEQUANTIZE and _is_shifted(op.operands[0]):
        return "op_context.input->params.zero_point != 0"
    if op.name in _RELUS:
        ends = {"input": op.operands[0], "output": op.result}
        return next((f"{end}->params.zero_point != 0" for end in ends if _is_shifted(ends[end])), "")
    return ""


def _bits(value: Value) -> int:
    return 0 if value.scale is None else value.scale.bits


def _is_shifted(value: Value) -> bool:
    return _bits(value) == 16 and value.scale is not None and value.scale.zero_point != _MIDDLE

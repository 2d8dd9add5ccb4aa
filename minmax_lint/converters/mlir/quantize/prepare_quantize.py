"""What happens at the function's boundary before scales are propagated.

Source: prepare_quantize.cc (SetInputNodesQuantizationParams, SanityCheckAndAdjustment).
"""

from itertools import takewhile

from minmax_lint.converters.mlir.behaviours import LEAVES_REPEATED_BIASES_FLOAT
from minmax_lint.converters.mlir.failure import ConversionError, spell_tensor
from minmax_lint.converters.mlir.fake_quant_support import scale_of
from minmax_lint.converters.mlir.ir import CONST, DEQUANTIZE, QUANTIZE, Function, Operation, Value
from minmax_lint.converters.mlir.matchers import all_equal, elements_of, only_quantize, quantize_of, splat
from minmax_lint.converters.mlir.pattern import prepare_quantize_cc
from minmax_lint.converters.mlir.qdq import quantize_behind
from minmax_lint.converters.mlir.version import Version
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.fakequant import Range

INPUT_RANGE = Range((0 - 128) / 64, (255 - 128) / 64)
"""Of every input: quantized_input_stats with mean 128 and std 64."""
_OTHER_WIDTHS = {DType.DOUBLE: "f64", DType.HALF: "f16"}


@prepare_quantize_cc(
    tf_name="PrepareQuantizePass::SetInputNodesQuantizationParams()",
    before=lambda n: n.fq(n.op("Relu6", n.op("Relu", n.placeholder("input", (1, 8))))),
    after="RELU(float) RELU6(float)",
)
def quantize_inputs(function: Function) -> None:
    """TF1 flow: every float input whose only reader is not a quantize gets a range."""
    _check_types(function)
    _check_dominance(function)
    # Constants come first: folding hoists them.
    last_constant = next(iter([*takewhile(lambda op: op.name == CONST, function)][::-1]), None)
    scale = scale_of(INPUT_RANGE, 8, narrow=False)
    for argument in reversed(function.arguments):
        if argument.dtype is not DType.FLOAT or only_quantize(argument) is not None:
            continue
        # Readers are met as before (measured).
        quantize_behind(function, argument, scale, (argument.name,), place=last_constant, in_order=True)


def lacks_input_ranges(function: Function) -> bool:
    """Whether a float input is read by anything but one quantize.

    A call for int16 activations then leaves PrepareQuantizePass at once: SetInputNodesQuantizationParams finds no
    ranges for inputs. FakeQuants stay unsigned, and no scale reaches a value without a FakeQuant (TF 2.15.1 and 2.21.0
    measured).
    """
    floats = (argument for argument in function.arguments if argument.dtype is DType.FLOAT)
    return any(only_quantize(argument) is None for argument in floats)


def _check_types(function: Function) -> None:
    """Inputs of other widths get a range too, and no DEQUANTIZE gives back what they are (measured: 2.15, 2.21)."""
    for argument in function.arguments:
        if argument.dtype in _OTHER_WIDTHS:
            kind = _OTHER_WIDTHS[argument.dtype]
            message = (
                "'tfl.dequantize' op result #0 must be tensor of 32-bit float values, but got "
                f"'{spell_tensor(argument.shape, kind)}'"
            )
            raise _invalid(
                message, argument, f"quantize the input {argument.name}, which is {kind}: feed float32"
            )


def leave_repeated_biases(function: Function, version: Version) -> None:
    """FULLY_CONNECTED stays float where a FakeQuant's weights were transposed and the bias repeats one number.

    Measured with TF 2.19.1: 0 and a bias of one element do not matter, nor do weights that need no transposition.
    """
    for op in function:
        if op.name == "FULLY_CONNECTED" and len(op.operands) > 2:
            weights, bias = op.operands[1:3]
            pair = quantize_of(weights)
            moved = pair is not None and pair.attrs.get("moved")
            repeated = moved and elements_of(bias) != 1 and splat(bias) and not all_equal(bias, 0.0)
            if repeated and version.has(LEAVES_REPEATED_BIASES_FLOAT):
                op.attrs["stays_float"] = True


def _check_dominance(function: Function) -> None:
    """The pair of input i is put in at place i of the function, as if every input before it had got one.

    Behind inputs of other types that is behind operations that may read the input already: then the verifier fails.
    """
    body = list(function)
    inserted = 0
    for place, argument in enumerate(function.arguments):
        if argument.dtype is not DType.FLOAT or only_quantize(argument) is not None:
            continue
        if place - inserted > len(body):
            raise _invalid("'func.return' op must be the last operation in the parent block", argument)
        for op in body[: max(0, place - inserted)]:
            if argument in op.operands:
                slot = op.operands.index(argument)
                raise _invalid(f"operand #{slot} does not dominate this use", argument)
        inserted += 2


def _invalid(message: str, argument: Value, reason: str = "") -> ConversionError:
    reason = reason or f"quantize the input {argument.name} behind inputs that are not float: name it first"
    reason = f"The converter cannot {reason}."
    return ConversionError("other", message, "other", node=argument.name, array=argument.name, reason=reason)


def return_quantized(function: Function) -> None:
    """A returned value that exactly one quantize reads as well is returned in its quantized form."""
    returned = list(function.returned.operands)
    quantized = {
        value: [pair for user in value.users if (pair := _quantize(user)) is not None]
        for value in dict.fromkeys(returned)
    }
    for slot, value in enumerate(returned):
        if len(quantized[value]) == 1:
            function.returned.set_operand(slot, quantized[value][0])


def _quantize(op: Operation) -> Value | None:
    if op.name != QUANTIZE or not op.result.use_count:
        return None
    reader = op.result.users[0]
    return reader.result if reader.name == DEQUANTIZE else None

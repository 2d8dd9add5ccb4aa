"""MM610: integer-end-dropped."""

from collections.abc import Iterator
from typing import Any

from minmax_lint.converters.call import INTEGERS, ConverterCall
from minmax_lint.converters.prediction import Prediction
from minmax_lint.graph.build import Builder
from minmax_lint.graph.dtype import DType
from minmax_lint.rules.framework import Examples, Subject
from minmax_lint.rules.framework.call_rule import CallRule, Fault, example_call, predictions_of
from minmax_lint.rules.framework.rule import Example


class IntegerEndDropped(CallRule):
    """The call asks for an integer input or output, and that end of the model will be float.

    ## What it does
    Reports an integer `inference_input_type` or `inference_output_type` where the op that reads the input, or makes the
    output, stays float.

    ## Why
    The converter changes the type of an end only where a QUANTIZE or DEQUANTIZE stands there. Where the op itself is
    float it leaves the end float32 and says nothing. A dataset gives every end a QUANTIZE or DEQUANTIZE of 8 bits, so
    that int8 and uint8 are kept there; int16 is not, from TF 2.16 on.

    ## Symptom
    ```
    the quantize and dequantize layers always come after Conv2D layer together
    ```

    ## Fix
    Give the array at that end a range, or replace the op (see the other findings); then the end gets its type.

    The script is left alone: without the setting the converter makes the same float end, and the setting is right as
    soon as the graph is.

    ## Converters
    MLIR in the TF2 flow (warning).
    """

    name = "integer-end-dropped"
    severity = "warning"

    def faults(self, call: ConverterCall, subject: Subject) -> Iterator[Fault]:
        if call.flow != "tf2":
            return
        for prediction in predictions_of(call, subject):
            if prediction.verdict == "float":
                yield from _dropped_ends(call, prediction, subject)

    def examples(self) -> Examples:
        return Examples(failing=_trained_example(inference_output_type="uint8"), passing=_trained_example())


def _trained_example(**flags: Any) -> Example:
    """A graph with FakeQuants whose output has none."""
    b = Builder()
    x = b.fake_quant("input_quant", b.placeholder("input", [1, 4]), 0.0, 6.0)
    b.add("FloorMod", "output", b.fake_quant("quant", b.add("Relu6", "Relu6", x), 0.0, 6.0), x)
    call = example_call(optimizations=True, **flags)
    return Example(b.graph(), profiles=("mlir-2.21-v2",), calls=(call,))


def _dropped_ends(call: ConverterCall, prediction: Prediction, subject: Subject) -> Iterator[Fault]:
    """Ends of integers, as indices, keep their type, whatever is asked for (measured on 2.15 and 2.21)."""
    floats = [op for op in prediction.ops if op.computes and not op.integer]
    nodes = {node for op in floats for node in op.nodes}
    real = [
        name
        for name in (*subject.kept.inputs, *subject.kept.outputs)
        if subject.inference.dtype(name) is DType.FLOAT
    ]
    calibrated = call.representative_dataset and call.experimental_new_quantizer is not False
    dropped = frozenset({"int16"}) if calibrated else INTEGERS
    if call.inference_input_type in dropped:
        for name in subject.kept.inputs:
            readers = {use.node for use in subject.kept.uses(name)}
            if name in real and readers and readers <= nodes:
                yield Fault(
                    f"inference_input_type = {call.inference_input_type} is dropped: {name!r} is read by float ops alone",
                    "Let the op that reads it become integer first (see the other findings).",
                )
    if call.inference_output_type in dropped:
        for name in subject.kept.outputs:
            if name in real and any(name == op.output or name in op.nodes for op in floats):
                yield Fault(
                    f"inference_output_type = {call.inference_output_type} is dropped: {name!r} is made by a float op",
                    "Let the op that makes it become integer first (see the other findings).",
                )

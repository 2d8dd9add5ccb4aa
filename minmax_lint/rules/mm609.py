"""MM609: io-stays-float."""

from collections.abc import Iterator

from minmax_lint.converters.call import BUILTINS_16X8, COMMAND_LINE, ConverterCall
from minmax_lint.rules.framework import Examples, Subject
from minmax_lint.rules.framework.call_rule import CallRule, Fault, calibrated_example, predictions_of


class IoStaysFloat(CallRule):
    """The model will be integer inside, and its inputs or outputs stay float32.

    ## What it does
    Reports a call of the TF2 flow that quantizes and leaves `inference_input_type` or `inference_output_type` unset.

    ## Why
    Float ends are the default: a QUANTIZE stands behind every input and a DEQUANTIZE in front of every output. That is
    fine on a phone; the Edge TPU compiler and many microcontrollers want integer ends.

    ## Symptom
    ```
    Invalid model: model.tflite
    Model not quantized
    ```

    ## Fix
    `converter.inference_input_type = tf.int8` and `converter.inference_output_type = tf.int8` (`tf.uint8`, or `tf.int16`
    for 16x8), where the program feeds integers.

    ## Converters
    MLIR in the TF2 flow (info).
    """

    name = "io-stays-float"
    severity = "info"

    def faults(self, call: ConverterCall, subject: Subject) -> Iterator[Fault]:
        if call.flow != "tf2":
            return
        found = list(predictions_of(call, subject))
        if not found or call.mode(bool(subject.kept_fake_quants)) in ("float", "dynamic", "float16"):
            return
        if any(one.verdict == "abort" for one in found):
            return
        ends = {"inputs": call.inference_input_type, "outputs": call.inference_output_type}
        left = [end for end, given in ends.items() if given in ("", "float32")]
        if left:
            sixteen = BUILTINS_16X8 in call.supported_ops
            kind = "tf.int16" if sixteen else "tf.int8 or tf.uint8"
            asked = "int16" if sixteen else "uint8" if call.inference_type == "uint8" else "int8"
            names = " and ".join(f"inference_{end[:-1]}_type" for end in left)
            what = f"{' and '.join(left)} of the model stay float32"
            if call.origin == COMMAND_LINE:
                yield Fault(f"{what}: no --io-type", f"`convert --io-type {asked}` makes them integer.")
                return
            yield Fault(
                f"{what}: {names} {'are' if len(left) > 1 else 'is'} not set",
                f"Set {names} to {kind} where the device takes integers alone.",
                {f"inference_{end[:-1]}_type": f"{{tf}}.{asked}" for end in left},
                safe=False,
            )

    def examples(self) -> Examples:
        return Examples(
            failing=calibrated_example(),
            passing=calibrated_example(inference_input_type="int8", inference_output_type="int8"),
        )

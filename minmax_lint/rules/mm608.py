"""MM608: integer-only-not-enforced."""

from collections.abc import Iterator

from minmax_lint.converters.call import BUILTINS_INT8, ConverterCall
from minmax_lint.rules.framework import Examples, Subject
from minmax_lint.rules.framework.call_rule import CallRule, Fault, op_example, predictions_of


class IntegerOnlyNotEnforced(CallRule):
    """The call allows integer kernels alone, and still ops stay float: the converter does not enforce it.

    ## What it does
    Reports a call with `supported_ops = [TFLITE_BUILTINS_INT8]` whose model will hold float ops.

    ## Why
    `TFLITE_BUILTINS_INT8` alone reads like a promise. Today's quantizer ignores it: an op without integer kernel stays
    float, with a DEQUANTIZE and a QUANTIZE around it, without a message. Integer-only hardware refuses the model.

    ## Symptom
    ```
    tflite::ErrorReporter: Didn't find op for builtin opcode 'DEQUANTIZE'
    ```

    ## Fix
    Replace the ops that MM401 and MM405 name, or look at the produced model (`minmax-lint check model.tflite`). With
    `experimental_new_quantizer = False` the converter aborts at such an op.

    `fix` changes the graph where an op has an integer form. The script is left alone: no setting makes an integer op of
    a float one, and the call is what an integer-only model needs.

    ## Converters
    MLIR with a representative dataset (warning).
    """

    name = "integer-only-not-enforced"
    severity = "warning"

    def faults(self, call: ConverterCall, subject: Subject) -> Iterator[Fault]:
        if call.supported_ops != {BUILTINS_INT8}:
            return
        for prediction in predictions_of(call, subject):
            if prediction.verdict == "float" and prediction.computing_float_ops:
                ops = ", ".join(dict.fromkeys(op for op, _ in prediction.computing_float_ops))
                yield Fault(
                    f"TFLITE_BUILTINS_INT8 does not keep float ops out: {ops} will stay float, without a message",
                    "Replace these ops by ones with an integer kernel.",
                )

    def examples(self) -> Examples:
        return Examples(
            failing=op_example("FloorMod", supported_ops=frozenset({BUILTINS_INT8})),
            passing=op_example("Add", supported_ops=frozenset({BUILTINS_INT8})),
        )

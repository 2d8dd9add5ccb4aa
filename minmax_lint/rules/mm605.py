"""MM605: supported-types-refused."""

from collections.abc import Iterator

from minmax_lint.converters.call import BUILTINS_INT8, ConverterCall
from minmax_lint.converters.call_site import DEFAULT
from minmax_lint.rules.framework import Examples, Subject
from minmax_lint.rules.framework.call_rule import CallRule, Fault, float_example


class SupportedTypesRefused(CallRule):
    """`supported_types` contradicts the other flags, or has no effect.

    ## What it does
    Reports `supported_types` other than int8 beside `TFLITE_BUILTINS_INT8` alone, which the converter refuses, and
    `supported_types` without `optimizations`, which it ignores.

    ## Why
    The first call fails. The second one makes a float32 model and says nothing.

    ## Symptom
    ```
    As full integer quantization has been enabled by setting `target_spec.supported_ops`={tf.lite.OpsSet.TFLITE_BUILTINS_INT8}, thus `target_spec.supported_types` should be left uninitizalized or set to {tf.int8}.
    ```

    ## Fix
    Leave `supported_types` out for integer models. For float16 weights set `optimizations` and
    `supported_types = [tf.float16]`, and leave `supported_ops` out.

    ## Converters
    MLIR, from TF 2.12 on (error).
    """

    name = "supported-types-refused"
    severity = "error"

    def faults(self, call: ConverterCall, subject: Subject) -> Iterator[Fault]:
        if call.supported_ops == {BUILTINS_INT8} and call.supported_types - {"int8"}:
            yield Fault(
                "ValueError: As full integer quantization has been enabled by TFLITE_BUILTINS_INT8, "
                "`target_spec.supported_types` should be left uninitizalized or set to {tf.int8}.",
                "Leave target_spec.supported_types out.",
                {"target_spec.supported_types": None},
            )
        elif call.supported_types and not call.optimizations and not call.int8_required:
            yield Fault(
                f"supported_types ({', '.join(sorted(call.supported_types))}) has no effect without optimizations: the "
                "model stays float32",
                "Set converter.optimizations = [tf.lite.Optimize.DEFAULT].",
                {"optimizations": DEFAULT},
            )

    def examples(self) -> Examples:
        return Examples(
            failing=float_example(supported_types=frozenset({"float16"})),
            passing=float_example(optimizations=True, supported_types=frozenset({"float16"})),
        )

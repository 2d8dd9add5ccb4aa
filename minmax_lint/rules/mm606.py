"""MM606: optimizations-missing."""

from collections.abc import Iterator

from minmax_lint.converters.call import ConverterCall
from minmax_lint.converters.call_refusals import refused_ends
from minmax_lint.converters.call_site import DEFAULT
from minmax_lint.rules.framework import Examples, Subject
from minmax_lint.rules.framework.call_rule import CallRule, Fault, calibrated_example, float_example


class OptimizationsMissing(CallRule):
    """A representative dataset is set, and `optimizations` is not: the model stays float.

    ## What it does
    Reports a call with a `representative_dataset` and without `optimizations`. One that asks for integer ends as well is
    refused, which MM604 reports.

    ## Why
    The converter takes the call, ignores the dataset and makes a float32 model without a message, with
    `TFLITE_BUILTINS_INT8` as well.

    ## Symptom
    ```
    Model not quantized
    ```

    ## Fix
    `converter.optimizations = [tf.lite.Optimize.DEFAULT]`.

    ## Converters
    MLIR, from TF 2.12 on (error).
    """

    name = "optimizations-missing"
    severity = "error"

    def faults(self, call: ConverterCall, subject: Subject) -> Iterator[Fault]:
        trained = bool(subject.kept_fake_quants)
        ignored = call.representative_dataset and call.mode(trained) == "float"
        if ignored and not refused_ends(call, trained):
            if call.optimizations:
                yield Fault(
                    f"supported_types ({', '.join(sorted(call.supported_types))}) leaves int8 out: "
                    "representative_dataset is ignored, and the model stays float",
                    "Leave target_spec.supported_types out.",
                    {"target_spec.supported_types": None},
                )
                return
            yield Fault(
                "representative_dataset is set and optimizations is not: the dataset is ignored, and the model stays float",
                "Set converter.optimizations = [tf.lite.Optimize.DEFAULT].",
                {"optimizations": DEFAULT},
            )

    def examples(self) -> Examples:
        return Examples(
            failing=float_example(representative_dataset=True),
            passing=calibrated_example(),
        )

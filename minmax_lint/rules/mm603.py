"""MM603: dataset-missing."""

from collections.abc import Iterator

from minmax_lint.converters.call import BUILTINS_INT8, ConverterCall
from minmax_lint.converters.call_refusals import refusal
from minmax_lint.converters.call_site import DATASET, DEFAULT, Changes
from minmax_lint.rules.framework import Examples, Subject
from minmax_lint.rules.framework.call_rule import (
    CallRule,
    Fault,
    calibrated_example,
    dataset_yields,
    float_example,
)


class DatasetMissing(CallRule):
    """The call asks for full integer quantization and has no representative dataset.

    ## What it does
    Reads the call. It reports `TFLITE_BUILTINS_INT8` in `target_spec.supported_ops`, or `supported_types = [tf.int8]`,
    without a `representative_dataset`.

    ## Why
    The converter refuses the call before it looks at the graph: FakeQuants in the graph do not replace the dataset.

    ## Symptom
    ```
    For full integer quantization, a `representative_dataset` must be specified.
    representative_dataset is required when specifying TFLITE_BUILTINS_INT8 or INT8 supported types.
    ```

    ## Fix
    For a graph with FakeQuants leave `target_spec.supported_ops` out: `optimizations` alone uses their ranges. For a
    float graph set `converter.representative_dataset`.

    ## Converters
    MLIR, from TF 2.12 on (error).
    """

    name = "dataset-missing"
    severity = "error"

    def faults(self, call: ConverterCall, subject: Subject) -> Iterator[Fault]:
        if not call.int8_required or call.representative_dataset:
            return
        advice = "Set converter.representative_dataset to a function that yields samples."
        changes: Changes = {DATASET: dataset_yields(subject)}
        if subject.kept_fake_quants:
            advice = (
                "Leave target_spec.supported_ops and supported_types out: optimizations = [tf.lite.Optimize.DEFAULT] "
                "quantizes with the FakeQuants' ranges."
            )
            changes = {
                "target_spec.supported_ops": None,
                "target_spec.supported_types": None,
                "optimizations": DEFAULT,
            }
        yield Fault(refusal(call, bool(subject.kept_fake_quants)), advice, changes)

    def examples(self) -> Examples:
        return Examples(
            failing=float_example(optimizations=True, supported_ops=frozenset({BUILTINS_INT8})),
            passing=calibrated_example(supported_ops=frozenset({BUILTINS_INT8})),
        )

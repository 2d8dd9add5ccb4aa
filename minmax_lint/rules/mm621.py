"""MM621: dataset-not-finite."""

from collections.abc import Iterator

from minmax_lint.converters.call import ConverterCall
from minmax_lint.converters.dataset import SampleArray
from minmax_lint.rules.framework import Examples, Subject
from minmax_lint.rules.framework.call_rule import WITHIN_ONE, CallRule, Fault, dataset_example


class DatasetNotFinite(CallRule):
    """The representative dataset holds NaN or infinite values.

    ## What it does
    Looks at the first samples of the dataset (`--calibrate DATA`, or `checked(converter)`).

    ## Why
    NaN gives no range: the model stays float without a message. An infinite value gives an infinite range: TF 2.15 and
    2.21 end with a segmentation fault.

    ## Symptom
    ```
    error: scale out of expressed type range [1.401298e-45, 3.402823e+38]
    error: illegal scale: INF
    ```

    ## Fix
    Clean the samples: `numpy.isfinite(sample).all()` holds for each.

    The script is left alone: whether such a sample is left out, clamped or computed anew is a matter of what made it.

    ## Converters
    MLIR with a representative dataset (error).
    """

    name = "dataset-not-finite"
    severity = "error"
    needs = "dataset"

    def faults(self, call: ConverterCall, subject: Subject) -> Iterator[Fault]:
        for sample in call.dataset.arrays if call.dataset is not None else ():
            if not sample.finite or sample.infinite:
                what = (
                    "infinite values: the converter crashes"
                    if sample.infinite
                    else "NaN: no range is calibrated"
                )
                named = f" of {sample.key!r}" if sample.key else ""
                yield Fault(f"the samples{named} hold {what}", "Leave such samples out, or clean them.")

    def examples(self) -> Examples:
        return Examples(
            failing=dataset_example(SampleArray(dtype="float32", finite=False)),
            passing=dataset_example(WITHIN_ONE),
        )

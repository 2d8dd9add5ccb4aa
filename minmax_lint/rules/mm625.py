"""MM625: dataset-constant."""

from collections.abc import Iterator
from math import prod

from minmax_lint.converters.call import ConverterCall
from minmax_lint.converters.dataset import SampleArray
from minmax_lint.rules.framework import Example, Examples, Subject
from minmax_lint.rules.framework.call_rule import CallRule, Fault, dataset_example


class DatasetConstant(CallRule):
    """All samples for an input hold one and the same number.

    ## What it does
    Looks at the first samples of the dataset (`--calibrate DATA`, or `checked(converter)`) for an input that gets the
    same value everywhere, such as zeros that were only meant to make the converter run.

    ## Why
    The input's range is that one number, and the ranges behind it hold what the weights make of it. The converter makes
    an integer model without a message, and real inputs are clipped to nothing in it.

    ## Symptom
    ```
    Accuracy drops to chance after full integer quantization
    ```

    ## Fix
    Yield some hundred real inputs, prepared as the application prepares them.

    ## Converters
    MLIR with a representative dataset (warning).
    """

    name = "dataset-constant"
    severity = "warning"
    needs = "dataset"

    def faults(self, call: ConverterCall, subject: Subject) -> Iterator[Fault]:
        for sample in call.dataset.arrays if call.dataset is not None else ():
            several = sample.shape is not None and prod(sample.shape) > 1
            if several and sample.low is not None and sample.low == sample.high:
                named = f" for input {sample.key!r}" if sample.key else ""
                yield Fault(
                    f"the samples{named} all hold {sample.low:g}: the ranges of such samples fit no other input",
                    "Yield real inputs, some hundred of them.",
                )

    def examples(self) -> Examples:
        return Examples(failing=_example(0.0, 0.0), passing=_example(-1.0, 1.0))


def _example(low: float, high: float) -> Example:
    sample = SampleArray(dtype="float32", shape=(1, 4), low=low, high=high)
    return dataset_example(sample)

"""MM620: dataset-empty."""

from collections.abc import Iterator

from minmax_lint.converters.call import ConverterCall
from minmax_lint.converters.dataset import Dataset, SampleArray
from minmax_lint.rules.framework.call_rule import CallRule, Fault, calibrated_example
from minmax_lint.rules.framework.rule import Example
from minmax_lint.rules.framework.subject import Subject


class DatasetEmpty(CallRule):
    """The representative dataset yields no sample.

    ## What it does
    Looks at the first samples of the dataset (`--calibrate DATA`, or `checked(converter)`).

    ## Why
    Without a sample no array gets a range: the int8 converter makes a float model without a message, the 16x8 converter
    stops.

    ## Symptom
    ```
    Max and min for dynamic tensors should be recorded during calibration: Failed for tensor x
    Empty min/max for tensor x
    ```

    ## Fix
    Let the function yield samples each time it is called: a generator that was read once is empty afterwards.

    The script is left alone: only you have the samples.

    ## Converters
    MLIR with a representative dataset (error).
    """

    code = "MM620"
    name = "dataset-empty"
    severity = "error"
    needs = "dataset"

    def faults(self, call: ConverterCall, subject: Subject) -> Iterator[Fault]:
        if call.dataset is not None and call.dataset.empty:
            yield Fault(
                f"the dataset ({call.dataset.origin}) yields no sample: no array gets a range",
                "Yield samples each time the function is called.",
            )

    @classmethod
    def failing(cls) -> Example:
        return calibrated_example(dataset=Dataset("export.py:4", (), empty=True))

    @classmethod
    def passing(cls) -> Example:
        return calibrated_example(
            dataset=Dataset("export.py:4", (SampleArray(dtype="float32", low=-1.0, high=1.0),))
        )

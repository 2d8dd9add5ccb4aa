"""MM620: dataset-empty."""

from collections.abc import Iterator

from minmax_lint.converters.call import ConverterCall
from minmax_lint.rules.framework import Examples, Subject
from minmax_lint.rules.framework.call_rule import WITHIN_ONE, CallRule, Fault, dataset_example


class DatasetEmpty(CallRule):
    """The representative dataset yields no sample.

    ## What it does
    Looks at the first samples of the dataset (`--calibrate DATA`, or `checked(converter)`), and at the text of the
    script (`range(0)`, `[]`). A pattern of `glob` that fits no file here is a warning: they may lie on another machine.

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

    name = "dataset-empty"
    severity = "error"
    needs = "dataset"

    def faults(self, call: ConverterCall, subject: Subject) -> Iterator[Fault]:
        if call.dataset is not None and call.dataset.empty:
            yield Fault(
                f"the dataset ({call.dataset.origin}) yields no sample: no array gets a range",
                "Yield samples each time the function is called.",
            )
        elif call.dataset is not None and call.dataset.unmatched:
            yield Fault(
                f"the dataset ({call.dataset.origin}) reads the files {call.dataset.unmatched!r}, and none is there: "
                "where it finds none, it yields no sample, and no array gets a range",
                "Name a folder that holds them on the machine that converts, and let the script stop where it is empty.",
                severity="warning",
            )

    def examples(self) -> Examples:
        return Examples(failing=dataset_example(), passing=dataset_example(WITHIN_ONE))

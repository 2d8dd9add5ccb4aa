"""MM622: dataset-type."""

import re
from collections.abc import Iterator

from minmax_lint.converters.call import ConverterCall
from minmax_lint.converters.call_prediction import Mistyped, mistyped
from minmax_lint.converters.call_site import YIELD, Changes
from minmax_lint.converters.dataset import SampleArray
from minmax_lint.rules.framework import Examples, Subject
from minmax_lint.rules.framework.call_rule import (
    WITHIN_ONE,
    CallRule,
    Fault,
    dataset_example,
    dataset_expression,
)


class DatasetType(CallRule):
    """The representative dataset yields another element type than the model's input has.

    ## What it does
    Compares the types that the dataset yields with those of the inputs, as far as the script's text shows them
    (`numpy` makes float64 unless set otherwise), or as the first samples have them (`--calibrate`, `checked`).

    ## Why
    The converter runs the float model over the samples and does not cast them.

    ## Symptom
    ```
    Cannot set tensor: Got value of type FLOAT64 but expected type FLOAT32 for input 0, name: x
    ```

    ## Fix
    `yield [sample.astype(numpy.float32)]`.

    ## Converters
    MLIR with a representative dataset (error).
    """

    name = "dataset-type"
    severity = "error"
    needs = "dataset"

    def faults(self, call: ConverterCall, subject: Subject) -> Iterator[Fault]:
        wrong = mistyped(call, subject.kept, subject.inference)
        if wrong is not None and call.dataset is not None:
            yield Fault(
                f"the dataset ({call.dataset.origin}) does not fit input {wrong.input!r}: {wrong.message}",
                "Yield the type of the input: sample.astype(numpy.float32).",
                _cast(call, wrong),
            )

    def examples(self) -> Examples:
        return Examples(
            failing=dataset_example(SampleArray(dtype="float64")), passing=dataset_example(WITHIN_ONE)
        )


def _cast(call: ConverterCall, wrong: Mistyped) -> Changes:
    """The array of the script's dataset in the type of the input; nothing for an array of TensorFlow."""
    text = dataset_expression(call, wrong.number)
    if not text or "tf." in text:
        return {}
    whole = text if re.fullmatch(r"[\w.]+(\(.*\)|\[.*\])?", text, re.DOTALL) else f"({text})"
    return {f"{YIELD}{wrong.number}": f"{whole}.astype({wrong.kind!r})"}

"""MM611: toco-not-available."""

from __future__ import annotations

from collections.abc import Iterator

from minmax_lint.converters.call import ConverterCall
from minmax_lint.converters.releases import LAST_TOCO, dotted, toco, without_toco
from minmax_lint.rules.framework.call_rule import CallRule, Fault, float_example
from minmax_lint.rules.framework.rule import Example
from minmax_lint.rules.framework.subject import Subject


class TocoNotAvailable(CallRule):
    """The call asks a TensorFlow for TOCO that has none.

    ## What it does
    Reports `experimental_new_converter = False` where the TensorFlow that converts (`--python`, or `tensorflow` in the
    configuration) is 2.18 or newer.

    ## Why
    TOCO runs up to TF 2.17. TF 2.18 dies in its start; from TF 2.19 on the flag is ignored, and MLIR converts without a
    message.

    ## Symptom
    ```
    Unknown command line flag 'debug_proto_file'
    ```

    ## Fix
    Convert with TF 2.17 or older (`--python`), or leave `experimental_new_converter` out and judge MLIR.

    ## Converters
    TOCO of TF 2.18 and newer.
    """

    code = "MM611"
    name = "toco-not-available"
    severity = "error"

    def faults(self, call: ConverterCall, subject: Subject) -> Iterator[Fault]:
        if call.experimental_new_converter is not False or call.tensorflow is None:
            return
        if toco(call.tensorflow) != "runs":
            last = dotted(LAST_TOCO)
            yield Fault(
                f"experimental_new_converter is False, but {without_toco(call.tensorflow)}",
                f"Convert with TensorFlow {last} or older, or leave experimental_new_converter out.",
                {"experimental_new_converter": None},
            )

    @classmethod
    def failing(cls) -> Example:
        return float_example(
            ConverterCall("export.py:12", "tf1", experimental_new_converter=False, tensorflow=(2, 21))
        )

    @classmethod
    def passing(cls) -> Example:
        return float_example(
            ConverterCall("export.py:12", "tf1", experimental_new_converter=False, tensorflow=(2, 15))
        )

"""MM611: toco-not-available."""

from collections.abc import Iterator

from minmax_lint.converters.call import ConverterCall
from minmax_lint.converters.call_refusals import refused_engine
from minmax_lint.converters.call_site import Changes
from minmax_lint.converters.releases import LAST_TOCO, dotted, toco, without_toco
from minmax_lint.rules.framework import Examples, Subject
from minmax_lint.rules.framework.call_rule import CallRule, Fault, float_example

_IGNORED = "which ignores it: MLIR converts"


class TocoNotAvailable(CallRule):
    """The call asks a TensorFlow for TOCO that has none.

    ## What it does
    Reports `experimental_new_converter = False` on the TF2 converter, and where the TensorFlow that converts (`--python`, or `tensorflow` in the
    configuration) is 2.18 or newer.

    ## Why
    TOCO runs up to TF 2.17, and from TF1's converter alone: that of TF2 ends with an error. TF 2.18 dies in its
    start; from TF 2.19 on the flag is ignored, and MLIR converts without a message (a warning).

    ## Symptom
    ```
    Unknown command line flag 'debug_proto_file'
    ```

    ## Fix
    Convert with TF 2.17 or older (`--python`), or leave `experimental_new_converter` out and judge MLIR.

    ## Converters
    TOCO of TF 2.18 and newer.
    """

    name = "toco-not-available"
    severity = "error"

    def faults(self, call: ConverterCall, subject: Subject) -> Iterator[Fault]:
        if call.experimental_new_converter is not False:
            return
        without: Changes = {"experimental_new_converter": None}
        if call.flow == "tf2":
            ended = _outcome(call)
            yield Fault(
                f"experimental_new_converter is False on the TF2 converter, {ended}",
                "Leave experimental_new_converter out.",
                without,
                severity="warning" if ended == _IGNORED else None,
            )
        elif call.tensorflow is not None and toco(call.tensorflow) != "runs":
            last = dotted(LAST_TOCO)
            yield Fault(
                f"experimental_new_converter is False, but {without_toco(call.tensorflow)}",
                f"Convert with TensorFlow {last} or older, or leave experimental_new_converter out.",
                without,
                severity="warning" if toco(call.tensorflow) == "ignored" else None,
            )

    def examples(self) -> Examples:
        return Examples(
            failing=float_example("tf1", experimental_new_converter=False, tensorflow=(2, 21)),
            passing=float_example("tf1", experimental_new_converter=False, tensorflow=(2, 15)),
        )


def _outcome(call: ConverterCall) -> str:
    """What comes of it, measured with TF 2.12 to 2.21."""
    refused = refused_engine(call)
    if refused:
        return f"which ends with an error of Python: {refused}"
    if call.maker == "functions" or call.tensorflow is not None:
        runs = call.tensorflow is not None and toco(call.tensorflow) == "runs"
        return (
            "which then runs TOCO: it knows neither functions nor quantization of TF2" if runs else _IGNORED
        )
    return (
        "which ends with an error of Python for a SavedModel and for a model of Keras 3 (AttributeError: no attribute "
        "'_funcs', TypeError: 'NoneType' object is not callable)"
    )

"""MM613: signature-unknown."""

from collections.abc import Iterator

from minmax_lint.converters.call import ConverterCall
from minmax_lint.converters.call_refusals import meant_signature, refused_signature
from minmax_lint.rules.framework import Examples, Subject
from minmax_lint.rules.framework.call_rule import CallRule, Fault, calibrated_example


class SignatureUnknown(CallRule):
    """The call names a signature that the SavedModel lacks.

    ## What it does
    Compares `signature_keys` of `from_saved_model` (TF1's `signature_key`), or the key that is taken of
    `.signatures`, with the signatures of the SavedModel.

    ## Why
    The converter is not even made: the script ends at that line. `signature_keys` is a list; of a text each
    character counts as a key.

    ## Symptom
    ```
    Invalid signature key 'serve' found. Valid keys are 'serving_default'.
    No 'serve' in the SavedModel's SignatureDefs. Possible values are 'serving_default'.
    ```

    ## Fix
    Name a signature that `minmax-lint inspect` lists, or leave `signature_keys` out: then all are converted together.

    ## Converters
    MLIR and TOCO (error).
    """

    name = "signature-unknown"
    severity = "error"

    def faults(self, call: ConverterCall, subject: Subject) -> Iterator[Fault]:
        refused = refused_signature(call)
        if refused:
            advice = meant_signature(call)
            yield Fault(refused, f"{advice[0].upper()}{advice[1:]}{'' if advice.endswith('?') else '.'}")

    def examples(self) -> Examples:
        known = ("serving_default",)
        return Examples(
            failing=calibrated_example(signatures=("serve",), known_signatures=known),
            passing=calibrated_example(signatures=known, known_signatures=known),
        )

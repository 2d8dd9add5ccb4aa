"""MM604: io-types-refused."""

from collections.abc import Iterator

from minmax_lint.converters.call import ENDS, ConverterCall
from minmax_lint.converters.call_refusals import refused_ends
from minmax_lint.converters.call_site import DATASET, DEFAULT, Changes
from minmax_lint.rules.framework import Examples, Subject
from minmax_lint.rules.framework.call_rule import (
    CallRule,
    Fault,
    calibrated_example,
    dataset_yields,
    float_example,
    predictions_of,
)


class IoTypesRefused(CallRule):
    """The call asks for types at the model's ends that this kind of quantization cannot have.

    ## What it does
    Reads `inference_input_type` and `inference_output_type` and compares them with what the other flags ask for:
    integer ends need `optimizations` and ranges; int8 models have int8 or uint8 ends, 16x8 models int16 ends; dynamic
    range and float16 models have float32 ends.

    ## Why
    The converter refuses the call, whatever the graph.

    ## Symptom
    ```
    The inference_input_type and inference_output_type must be tf.float32.
    The inference_input_type and inference_output_type must be in ['tf.float32', 'tf.int16'].
    The inference_input_type and inference_output_type must be in ['tf.float32', 'tf.int8', 'tf.uint8'].
    Unsupported `inference_input_type` value. Expected to be in ('tf.uint8', 'tf.int8'), instead got tf.int16.
    ```

    ## Fix
    Set `optimizations = [tf.lite.Optimize.DEFAULT]`, and a `representative_dataset` for a float graph; for 16x8 set both
    types to `tf.int16`, for int8 to `tf.int8` or `tf.uint8`.

    ## Converters
    MLIR, from TF 2.12 on (error).
    """

    name = "io-types-refused"
    severity = "error"

    def faults(self, call: ConverterCall, subject: Subject) -> Iterator[Fault]:
        trained = bool(subject.kept_fake_quants)
        refusal = refused_ends(call, trained)
        predictions = list(predictions_of(call, subject))
        said = [one.message for one in predictions if "`inference_" in one.message]
        if refusal and all(one.verdict == "abort" for one in predictions):
            advice, changes = _instead(call, trained, subject)
            yield Fault(said[0] if said else f"ValueError: {refusal}", advice, changes)

    def examples(self) -> Examples:
        return Examples(
            failing=float_example(representative_dataset=True, inference_input_type="int8"),
            passing=calibrated_example(inference_input_type="int8"),
        )


def _instead(call: ConverterCall, trained: bool, subject: Subject) -> tuple[str, Changes]:
    """What to write instead, for people and as changes."""
    mode = call.mode(trained)
    dataset: Changes = {} if trained or call.representative_dataset else {DATASET: dataset_yields(subject)}
    if mode == "float":
        more = " and converter.representative_dataset" if dataset else ""
        changes = {"optimizations": DEFAULT, **dataset}
        return f"Set converter.optimizations = [tf.lite.Optimize.DEFAULT]{more}.", changes
    if mode == "dynamic":
        return (
            "Set converter.representative_dataset: without ranges, inputs and outputs stay float32.",
            dataset,
        )
    if mode == "float16":
        advice = "Leave inference_input_type and inference_output_type out: a float16 model has float32 ends."
        return advice, dict.fromkeys(ENDS)
    wanted = "tf.int16" if mode.startswith("16x8") else "tf.int8 or tf.uint8"
    allowed = {"float32", "int16"} if mode.startswith("16x8") else {"float32", "int8", "uint8"}
    given = {name: getattr(call, name) for name in ENDS}
    kind = "{tf}." + wanted.split(maxsplit=1)[0].removeprefix("tf.")
    return (
        f"Set inference_input_type and inference_output_type to {wanted}, or leave them out.",
        {name: kind for name, now in given.items() if now and now not in allowed},
    )

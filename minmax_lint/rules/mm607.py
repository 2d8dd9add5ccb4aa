"""MM607: flag-without-effect."""

from collections.abc import Iterator

from minmax_lint.converters.call import ConverterCall
from minmax_lint.converters.call_site import DEFAULT, Changes
from minmax_lint.rules.framework import Examples, Subject
from minmax_lint.rules.framework.call_rule import CallRule, Fault, calibrated_example

_INSTEAD = {
    "target_ops": "Set converter.target_spec.supported_ops, with a representative_dataset.",
    "post_training_quantize": "Set converter.optimizations = [tf.lite.Optimize.DEFAULT].",
    "quantized_input_stats": "Set converter.representative_dataset, or train with a FakeQuant on the input.",
    "default_ranges_stats": "Set converter.representative_dataset.",
}
"""Attribute -> what does on the TF2 converter what it did on TF1's."""


class FlagWithoutEffect(CallRule):
    """The call sets an attribute that this converter does not read.

    ## What it does
    Reports `inference_type` on the TF2 converter, and attributes of the TF1 converter (`target_ops`,
    `post_training_quantize`, `quantized_input_stats`, `default_ranges_stats`) on it.

    ## Why
    Python lets any attribute be set. The converter never reads it, and says nothing.

    ## Symptom
    ```
    converter.inference_type = tf.uint8 does not produce uint8 weights
    ```

    ## Fix
    For integer ends set `inference_input_type` and `inference_output_type`; for the set of kernels
    `target_spec.supported_ops`; for ranges a `representative_dataset`. Weights of TF2 models are int8, never uint8.

    ## Converters
    The TF2 converter.
    """

    name = "flag-without-effect"
    severity = "warning"

    def faults(self, call: ConverterCall, subject: Subject) -> Iterator[Fault]:
        if call.flow != "tf2":
            return
        if call.inference_type:
            yield Fault(
                f"inference_type = {call.inference_type} has no effect on the TF2 converter: weights become int8",
                "Set inference_input_type and inference_output_type for the types at the model's ends, and leave "
                "inference_type out.",
                {"inference_type": None},
            )
        unread = list(call.without_effect)
        unread += ["quantized_input_stats"] if call.input_stats is not None else []
        unread += ["default_ranges_stats"] if call.default_ranges else []
        for name in unread:
            yield Fault(f"{name} has no effect on the TF2 converter", _INSTEAD[name], _changes(call, name))

    def examples(self) -> Examples:
        return Examples(
            failing=calibrated_example(inference_type="uint8"),
            passing=calibrated_example(inference_input_type="uint8"),
        )


def _changes(call: ConverterCall, name: str) -> Changes:
    """The attribute goes; what it was meant for is set where this converter reads it."""
    if name == "post_training_quantize":
        return {name: None, "optimizations": DEFAULT}
    changes: dict[str, str | None] = {name: None}
    if name == "target_ops" and call.site is not None and call.site.settings.get(name):
        changes["target_spec.supported_ops"] = call.site.settings[name][0].text
    return changes

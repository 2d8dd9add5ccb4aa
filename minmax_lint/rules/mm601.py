"""MM601: converter-flags-missing."""

from collections.abc import Iterator
from typing import Any

from minmax_lint.converters.call import ConverterCall
from minmax_lint.converters.call_refusals import lacking_stats, refused_stats, without_stats
from minmax_lint.converters.call_site import DEFAULT, Changes
from minmax_lint.graph.build import Builder
from minmax_lint.rules.framework import Example, Examples, Subject
from minmax_lint.rules.framework.call_rule import CallRule, Fault, example_call
from minmax_lint.rules.framework.finding import Severity


class ConverterFlagsMissing(CallRule):
    """The graph has FakeQuants, but the converter is not asked to use them.

    ## What it does
    Reads how the converter is called, from `[tool.minmax-lint.convert]` in the configuration or from a
    script (`--script export.py`, read and never run), and compares that with the graph. In the TF1 flow a
    quantized graph needs `inference_type`, and `quantized_input_stats` for every input; in the TF2 flow it
    needs `optimizations`.

    ## Why
    The ranges are fine, and still the model comes out float, or the converter stops.

    ## Symptom
    ```
    FAKE_QUANT operation {FakeQuant operator} was not converted. If running quantized make sure you are passing --inference_type=QUANTIZED_UINT8 and values for --std_values and --mean_values.
    Quantization input stats are not available for input tensors 'input'.
    std_dev and mean must be defined when inference_type or inference_input_type is QUANTIZED_UINT8 or INT8.
    The `quantized_input_stats` flag must be defined when either `inference_type` flag or `inference_input_type` flag is set to tf.int8 or tf.uint8.
    ```

    ## Fix
    TF1: `converter.inference_type = tf.uint8` and `converter.quantized_input_stats = {"input": (mean, std)}`.
    TF2: `converter.optimizations = [tf.lite.Optimize.DEFAULT]`.

    ## Converters
    All: it is about their flags.
    """

    name = "converter-flags-missing"
    severity = "warning"

    def faults(self, call: ConverterCall, subject: Subject) -> Iterator[Fault]:
        trained = bool(subject.kept_fake_quants)
        refused = refused_stats(call, trained)
        lacking = without_stats(call, subject.kept.inputs)
        if lacking:
            named = ", ".join(f"{name!r}: (mean, std)" for name in lacking)
            yield Fault(
                lacking_stats(lacking), f"Add {named} to converter.quantized_input_stats.", severity="error"
            )
        elif refused and subject.kept.inputs:
            yield _without_stats(f"ValueError: {refused}", subject, "error")
        elif trained:
            yield from _missing(call, subject)

    def examples(self) -> Examples:
        return Examples(
            failing=_example(),
            passing=_example(inference_type="uint8", input_stats={"input": (128.0, 64.0)}),
        )


def _missing(call: ConverterCall, subject: Subject) -> Iterator[Fault]:
    """What a call lacks, and how to add it."""
    if call.flow == "tf2":
        if not call.optimizations:
            yield Fault(
                "the graph has FakeQuants, and optimizations is not set: the model will be float",
                "Set converter.optimizations = [tf.lite.Optimize.DEFAULT].",
                {"optimizations": DEFAULT},
            )
        return
    if call.mode(trained=True) == "float":
        how = "not set" if not call.inference_type else "float32"
        yield Fault(
            f"the graph has FakeQuants, and inference_type is {how}: the model will be float",
            "Set converter.inference_type = tf.uint8, and converter.quantized_input_stats.",
            {
                "inference_type": "{tf}.uint8",
                **({} if call.input_stats is not None else _trained_stats(subject)),
            },
        )
        return
    if call.input_stats is None and call.mode(trained=True) == "tf1" and subject.kept.inputs:
        yield _without_stats("inference_type is integer, and quantized_input_stats is not set", subject, None)


def _without_stats(message: str, subject: Subject, severity: Severity | None) -> Fault:
    named = ", ".join(f"{name!r}: (mean, std)" for name in subject.kept.inputs)
    return Fault(
        message,
        f"Set converter.quantized_input_stats = {{{named}}}.",
        _trained_stats(subject),
        severity=severity,
    )


def _trained_stats(subject: Subject) -> Changes:
    """The stats that give every input the range of the FakeQuant that reads it; nothing where one has none."""
    found = {}
    for name in subject.kept.inputs:
        ranges = [one.range for one in subject.kept_fake_quants if one.array == name and not one.degenerate]
        if len(ranges) != 1 or ranges[0] is None or not ranges[0].finite:
            return {}
        step = (ranges[0].max - ranges[0].min) / 255
        found[name] = (round(-ranges[0].min / step, 6), round(1 / step, 6))
    return {"quantized_input_stats": repr(found)}


def _example(**flags: Any) -> Example:
    b = Builder()
    y = b.add("Relu6", "Relu6", b.placeholder("input", [1, 4]))
    b.fake_quant("output", y, 0.0, 6.0)
    return Example(b.graph(), calls=(example_call("tf1", **flags),))

"""MM602: converter-mode-mismatch."""

from collections.abc import Iterator

from minmax_lint.converters.call import BUILTINS_16X8, INTEGERS, ConverterCall
from minmax_lint.converters.call_refusals import refusal, refused_stats
from minmax_lint.converters.call_site import DATASET, Changes
from minmax_lint.rules.framework import Examples, Subject
from minmax_lint.rules.framework.call_rule import CallRule, Fault, dataset_yields, trained_example


class ConverterModeMismatch(CallRule):
    """The converter is called for another kind of quantization than the graph is made for.

    ## What it does
    Reads how the converter is called, from `[tool.minmax-lint.convert]` in the configuration or from a
    script (`--script export.py`, read and never run). It reports a `representative_dataset` for a graph that
    has FakeQuants, and a call that asks for integers while the graph has no FakeQuant and no dataset is
    given.

    ## Why
    A graph trained with FakeQuants brings its ranges along; a dataset makes the converter calibrate as well. Today's
    quantizer then calibrates what has no FakeQuant; that of 16x8, and TF 2.3's, fail over ops that are quantized
    already. A float graph has no ranges: without a dataset
    there is nothing to quantize it with.

    ## Symptom
    ```
    Quantization not yet supported for op: 'DEQUANTIZE'
    FakeQuant not supported
    For full integer quantization, a representative_dataset must be specified.
    ```

    ## Fix
    For a graph with FakeQuants leave `representative_dataset` out. For a float graph set it, or train with
    FakeQuants.

    ## Converters
    All: it is about their flags.
    """

    name = "converter-mode-mismatch"
    severity = "warning"

    def faults(self, call: ConverterCall, subject: Subject) -> Iterator[Fault]:
        quantized = bool(subject.kept_fake_quants)
        if quantized and call.representative_dataset:
            yield _double_calibration(call)
            return
        reported = refusal(call, quantized) and not refused_stats(call, quantized)  # by MM603, MM604 or MM605
        if not (quantized or call.representative_dataset or call.default_ranges or reported):
            yield from _without_ranges(call, subject)

    def examples(self) -> Examples:
        return Examples(
            failing=trained_example(optimizations=True, representative_dataset=True),
            passing=trained_example(optimizations=True),
        )


def _without_ranges(call: ConverterCall, subject: Subject) -> Iterator[Fault]:
    changes: Changes = {DATASET: dataset_yields(subject)} if call.flow == "tf2" else {}
    if call.asks_for_integers:
        asked = call.inference_type if call.inference_type in INTEGERS else "integer ops"
        yield Fault(
            f"it asks for {asked}, but the graph has no FakeQuant and representative_dataset is not set",
            "Set converter.representative_dataset, or export the graph that was trained with FakeQuants.",
            changes,
        )
    elif call.mode(trained=False) == "dynamic":
        yield Fault(
            "optimizations is set, but the graph has no FakeQuant and representative_dataset is not set: only "
            "weights will be integer (dynamic range), and microcontrollers and the Edge TPU run no such model",
            "Set converter.representative_dataset for integer activations as well.",
            changes,
        )


def _double_calibration(call: ConverterCall) -> Fault:
    changes: Changes = {DATASET: None}
    typed = call.flow == "tf1" and call.inference_type in INTEGERS  # such a model computes other values
    if BUILTINS_16X8 in call.supported_ops or call.experimental_new_quantizer is False or typed:
        return Fault(
            "the graph has FakeQuants, and representative_dataset is set: it would be quantized twice",
            "Leave representative_dataset out: the FakeQuants hold the ranges.",
            {} if call.supported_ops else changes,
        )
    return Fault(
        "the graph has FakeQuants, and representative_dataset is set: arrays without FakeQuant get ranges from the "
        "dataset, and the FakeQuants keep theirs",
        "Where every array has its FakeQuant, leave representative_dataset out.",
        severity="info",
    )

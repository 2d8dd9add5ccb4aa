"""MM624: dataset-scale."""

from collections.abc import Iterator

from minmax_lint.converters.call import ConverterCall
from minmax_lint.converters.dataset import SampleArray
from minmax_lint.ops.table import SAME_VALUES
from minmax_lint.rules.framework import Example, Examples, Subject
from minmax_lint.rules.framework.call_rule import CallRule, Fault, dataset_example

_PIXEL = 255.0
_FAR = 8.0
"""A net trained on -1..1 or 0..1 and fed with raw pixels is 128 or 255 times off; outliers of sound data are not."""
_SCALING = frozenset(
    {"Mul", "RealDiv", "Div", "Sub", "FusedBatchNormV3", "FusedBatchNorm", "FakeQuantWithMinMaxVars"}
)
"""Ops that, as the first that computes with the input, bring it to the scale that the net was trained with."""
_KEEPS_SCALE = frozenset(
    {"Cast", "Pad", "PadV2", "MirrorPad", "ResizeBilinear", "ResizeNearestNeighbor", "ResizeBicubic"}
)
"""Ops in front of those that leave the scale, besides those that only move values."""
_IMAGE_RANK, _CHANNELS = 3, (1, 3, 4)
"""An image: height, width, channels (grey, RGB, RGBA), mostly with a batch in front."""


class DatasetScale(CallRule):
    """The samples look like raw pixels, and nothing in the graph scales them.

    ## What it does
    Reports samples that are whole numbers from 0 to 255, or images with other values in that range (resized ones), for
    a float input that the graph does not scale, and samples that reach more than 8 times as far as the range of the
    FakeQuant that reads the input.

    ## Why
    Ranges are taken from the samples. With values 255 times those of the application every real input falls into one
    step: the model converts without a message, and answers the same for everything.

    ## Symptom
    ```
    The int8 model predicts the same class for every input.
    ```

    ## Fix
    Prepare samples exactly as the application prepares its inputs: mostly `sample / 255.0`.

    The script is left alone: `/ 255.0`, `/ 127.5 - 1` and a mean and deviation for each channel are all in use, and the
    graph does not show which of them the training used.

    ## Converters
    MLIR with a representative dataset (warning).
    """

    name = "dataset-scale"
    severity = "warning"
    needs = "dataset"

    def faults(self, call: ConverterCall, subject: Subject) -> Iterator[Fault]:
        for number, sample in enumerate(call.dataset.arrays if call.dataset is not None else ()):
            name = sample.key if sample.key in subject.kept.inputs else _name(number, subject)
            if name and sample.low is not None and sample.high is not None:
                trained = _trained_reach(name, subject)
                reach = max(-sample.low, sample.high)
                if trained and reach > _FAR * trained:
                    yield Fault(
                        f"the samples for input {name!r} reach from {sample.low:g} to {sample.high:g}, and its FakeQuant "
                        f"was trained to {trained:g}",
                        "Prepare samples as the training did: what lies beyond the FakeQuant's range is clamped.",
                    )
                    continue
                pixels = _pixels(sample)
                if pixels and not _is_scaled(name, subject):
                    yield Fault(
                        f"the samples for input {name!r} are {pixels} from {sample.low:g} to {sample.high:g}, like "
                        "raw pixels, and the graph does not scale its input",
                        "Prepare samples as the application does; a model trained on 0..1 needs sample / 255.0.",
                    )

    def examples(self) -> Examples:
        return Examples(failing=_example(0.0, 255.0, whole=True), passing=_example(0.0, 1.0))


def _example(low: float, high: float, *, whole: bool = False) -> Example:
    return dataset_example(SampleArray(dtype="float32", low=low, high=high, whole=whole))


def _name(number: int, subject: Subject) -> str:
    names = list(subject.kept.inputs)
    return names[0] if len(names) == 1 and number == 0 else ""


def _trained_reach(name: str, subject: Subject) -> float:
    """The largest magnitude that the FakeQuants reading the input were trained to; 0 where there is none."""
    ranges = (one.range for one in subject.kept_fake_quants if one.array == name and not one.degenerate)
    return max((max(-found.min, found.max) for found in ranges if found and found.known), default=0.0)


def _pixels(sample: SampleArray) -> str:
    """What samples that look like raw pixels are; empty for others.

    Resizing and noise make other numbers of pixels, and overshoot a little: those are known by the image's shape.
    """
    if sample.low is None or sample.high is None:
        return ""
    if sample.whole and sample.low >= 0 and _PIXEL / 2 < sample.high <= _PIXEL:
        return "whole numbers"
    image = sample.shape is not None and len(sample.shape) >= _IMAGE_RANK and sample.shape[-1] in _CHANNELS
    overshoot = _PIXEL / _FAR
    if image and sample.low >= -overshoot and _PIXEL / 2 < sample.high <= _PIXEL + overshoot:
        return "images with values"
    return ""


def _is_scaled(name: str, subject: Subject) -> bool:
    """Whether an op scales the input before anything computes with it."""
    pending, seen = [name], {name}
    for array in pending:
        for use in subject.kept.uses(array):
            op = subject.graph.op(use.node)
            if op in _SCALING:
                return True
            if (op in SAME_VALUES or op in _KEEPS_SCALE) and use.node not in seen:
                seen.add(use.node)
                pending.append(use.node)
    return False

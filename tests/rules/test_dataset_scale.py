"""MM624: the scale of the samples against what the graph was trained with."""

import pytest

from minmax_lint.converters.call import ConverterCall
from minmax_lint.converters.dataset import Dataset, SampleArray
from minmax_lint.graph.build import Builder
from minmax_lint.graph.dtype import DType
from minmax_lint.rules.framework.call_rule import CALIBRATED, dataset_example, float_example, trained_example
from minmax_lint.rules.framework.rule import Example
from minmax_lint.rules.mm624 import DatasetScale
from tests.rules.linted import found, lint_example


@pytest.mark.parametrize(
    ("example", "low", "high", "whole", "message"),
    [
        (trained_example, 0.0, 48.0, False, None),  # 8 times the 6 of the FakeQuant
        (trained_example, 0.0, 48.5, False, "reach from 0 to 48.5, and its FakeQuant was trained to 6"),
        (trained_example, -255.0, 1.0, True, "reach from -255 to 1, and its FakeQuant was trained to 6"),
        (float_example, 0.0, 48.5, False, None),
        (float_example, 0.0, 255.0, True, "whole numbers from 0 to 255, like raw pixels"),
        (float_example, -1.0, 255.0, True, None),
    ],
)
def test_samples_far_from_what_the_net_was_trained_with(example, low, high, whole, message):
    sample = SampleArray(dtype="float32", low=low, high=high, whole=whole)
    dataset = Dataset("export.py:4", (sample,))
    linted = lint_example(example(optimizations=True, representative_dataset=True, dataset=dataset))
    assert [message in one.message for one in found(linted, DatasetScale.code)] == ([True] if message else [])


GREY, FEATURES = (1, 28, 28, 1), (1, 784)


@pytest.mark.parametrize(
    ("shape", "low", "high", "message"),
    [
        (GREY, 0.0, 229.4, "images with values from 0 to 229.4, like raw pixels"),  # resized, bilinear
        (GREY, -21.5, 270.25, "images with values from -21.5 to 270.25"),  # bicubic overshoots
        ((1, 28, 28, 3), 3.5, 255.0, "images with values"),
        (GREY, -123.68, 151.06, None),  # the mean is subtracted
        (GREY, 0.0, 1.0, None),
        (GREY, 0.0, 900.5, None),
        (FEATURES, 0.0, 229.4, None),
        ((1, 28, 28, 16), 0.0, 229.4, None),
    ],
)
def test_resized_pixels_are_known_by_the_shape_of_an_image(shape, low, high, message):
    linted = lint_example(dataset_example(SampleArray("", "float32", shape, low, high)))
    assert [message in one.message for one in found(linted, DatasetScale.code)] == ([True] if message else [])


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("front", ["", "Cast", "Pad", "Reshape", "Identity"])
@pytest.mark.parametrize("scales", [True, False])
def test_a_net_that_begins_with_a_rescaling_takes_pixels(front, scales, whole):
    b = Builder()
    x = b.placeholder("input", list(GREY))
    if front == "Pad":
        x = b.add(front, "front", x, b.const("by", [0] * 8, [4, 2], dtype=DType.INT32))
    elif front == "Reshape":
        x = b.add(front, "front", x, b.const("shape", list(GREY), dtype=DType.INT32))
    elif front:
        x = b.add(front, "front", x)
    x = b.add("Mul", "rescaling", x, b.const("factor", [1 / 255])) if scales else x
    b.add("Relu6", "output", x)
    call = calibrated(SampleArray("", "float32", GREY, 0.0, 229.0, whole=whole))
    linted = lint_example(Example(b.graph(), {"input": GREY}, ("output",), CALIBRATED, calls=(call,)))
    assert bool(found(linted, DatasetScale.code)) is not scales


def calibrated(sample: SampleArray) -> ConverterCall:
    dataset = Dataset("export.py:4", (sample,))
    return ConverterCall(
        "export.py:1", "tf2", optimizations=True, representative_dataset=True, dataset=dataset
    )

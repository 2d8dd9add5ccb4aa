"""MM624: the scale of the samples against what the graph was trained with."""

from __future__ import annotations

from dataclasses import replace

import pytest

from minmax_lint.converters.call import ConverterCall
from minmax_lint.converters.dataset import Dataset, SampleArray
from minmax_lint.rules.framework.call_rule import float_example, trained_example
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
    call = ConverterCall("export.py:1", "tf2", optimizations=True, representative_dataset=True)
    linted = lint_example(example(replace(call, dataset=Dataset("export.py:4", (sample,)))))
    assert [message in one.message for one in found(linted, DatasetScale.code)] == ([True] if message else [])

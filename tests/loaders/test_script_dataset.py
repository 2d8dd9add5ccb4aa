"""What a script's dataset yields, read from its text."""

from __future__ import annotations

from pathlib import Path

import pytest

from minmax_lint.converters.dataset import Dataset, SampleArray
from minmax_lint.loaders.script.conversion_script import converter_calls

SCRIPT = """
import numpy as np
import tensorflow as tf

def data():
    rng = np.random.default_rng(7)
    for _ in range(20):
        yield {sample}

converter = tf.lite.TFLiteConverter.from_saved_model("model")
converter.representative_dataset = data
"""


def dataset(tmp_path: Path, sample: str) -> Dataset | None:
    script = tmp_path / "export.py"
    script.write_text(SCRIPT.format(sample=sample))
    (call,) = converter_calls(script)
    return call.dataset


@pytest.mark.parametrize(
    ("sample", "wanted"),
    [
        ("[rng.normal(size=(1, 4))]", SampleArray(dtype="float64")),
        ("[rng.normal(size=(1, 4)).astype(np.float32)]", SampleArray(dtype="float32")),
        ("[np.zeros((1, 4), dtype='float32')]", SampleArray(dtype="float32")),
        ("[np.float32(np.ones((1, 4)))]", SampleArray(dtype="float32")),
        ("[tf.cast(np.random.rand(1, 4), tf.float32)]", SampleArray(dtype="float32", low=0.0, high=1.0)),
        (
            "[rng.integers(0, 256, size=(1, 4)).astype(np.float32)]",
            SampleArray(dtype="float32", low=0.0, high=255.0, whole=True),
        ),
        (
            "[rng.integers(0, 256, size=(1, 4)).astype(np.float32) / 255.0]",
            SampleArray(dtype="float32", low=0.0, high=1.0),
        ),
        ("[image]", SampleArray()),
        ("[load(rng)]", SampleArray()),
        ("{{'x': np.ones((1, 4))}}".replace("{{", "{").replace("}}", "}"), SampleArray("x", "float64")),
    ],
)
def test_types_and_ranges_are_read_where_the_text_shows_them(
    sample: str, wanted: SampleArray, tmp_path: Path
) -> None:
    found = dataset(tmp_path, sample)
    assert found is not None
    assert found.arrays == (wanted,)
    assert found.origin.endswith("export.py:8")


def test_an_array_that_is_no_list_is_seen(tmp_path: Path) -> None:
    found = dataset(tmp_path, "np.zeros((1, 4), np.float32)")
    assert found is not None
    assert not found.listed

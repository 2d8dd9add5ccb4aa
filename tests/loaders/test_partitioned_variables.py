"""Partitioned variables: keys, specs and parts, as TensorFlow's own checkpoints have them."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minmax_lint.errors import UnreadableModel
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.tensor import Tensor
from minmax_lint.loaders import load
from minmax_lint.loaders.checkpoint.bundle import Bundle
from minmax_lint.loaders.checkpoint.slices import FULL, Extent, parse_spec, placed, slice_key, take
from minmax_lint.ops.table import VARIABLES

PARTITIONED = Path(__file__).parents[2] / "fixtures" / "checkpoints" / "partitioned" / "model.ckpt"


def test_a_variable_in_parts_and_in_two_files_is_put_together():
    weights = Bundle(PARTITIONED).tensor("dense/weights")
    assert weights.shape == (10, 2)
    assert weights.values() == pytest.approx([i / 10 for i in range(20)])
    assert Bundle(PARTITIONED).tensor("act_quant/max").values() == (6.0,)


def test_each_part_of_the_graph_has_its_part_of_the_value():
    model = load(PARTITIONED)
    parts = [
        name for name in model.graph.names if model.graph.op(name) in VARIABLES and "weights/part" in name
    ]
    values = [model.variables.value(name) for name in parts]
    assert [value.shape for value in values] == [(4, 2), (3, 2), (3, 2)]
    assert sum((value.values() for value in values), ()) == pytest.approx([i / 10 for i in range(20)])


def test_a_missing_slice_is_damage(tmp_path):
    index = PARTITIONED.with_name("model.ckpt.index").read_bytes()
    for file in PARTITIONED.parent.glob("*.data-*"):
        (tmp_path / file.name).write_bytes(file.read_bytes()[:-60])
    (tmp_path / "model.ckpt.index").write_bytes(index)
    with pytest.raises(UnreadableModel, match="truncated"):
        Bundle(tmp_path / "model.ckpt").tensor("dense/weights")


@pytest.mark.parametrize(
    ("extents", "key"),
    [
        ([Extent(0, 4), Extent(0, 2)], b"\0w\0\1\1\2\x80\x84\x80\x82"),
        ([Extent(0, FULL)], b"\0w\0\1\1\1\x80\x7f"),
        ([Extent(64, 100)], b"\0w\0\1\1\1\xc0\x40\xc0\x64"),
        ([], b"\0w\0\1\0"),
    ],
)
def test_keys_of_slices_are_ordered_code(extents, key):
    assert slice_key("w", extents) == key


@pytest.mark.parametrize(
    ("spec", "extents"),
    [
        ("", None),
        ("10 2 0,4:0,2", (Extent(0, 4), Extent(0, 2))),
        ("10 2 -:1,1", (Extent(0, FULL), Extent(1, 1))),
        ("nonsense", None),
    ],
)
def test_specs_of_restores_are_read(spec, extents):
    assert parse_spec(spec) == extents


@given(st.data())
def test_what_is_taken_goes_back_to_its_place(data):
    shape = data.draw(st.lists(st.integers(1, 4), min_size=1, max_size=4))
    extents = []
    for size in shape:
        start = data.draw(st.integers(0, size - 1))
        extents.append(
            data.draw(st.sampled_from([Extent(start, size - start), Extent(0, FULL), Extent(start, 1)]))
        )
    whole = Tensor.of(DType.INT32, shape, range(math.prod(shape)))
    part = take(whole, extents)
    copy = np.zeros(shape, np.int32)
    assert placed(copy, extents, part.content)
    wanted = set(part.values())
    got = copy.flat
    assert [value for value in got if value] == sorted(wanted - {0})


def test_parts_beyond_the_variable_are_refused():
    assert take(Tensor.of(DType.FLOAT, [4], [0.0]), [Extent(2, 3)]) is None
    assert not placed(np.zeros(4, np.float32), [Extent(2, 3)], bytes(12))

"""How the user's data become batches for a graph's inputs."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from minmax_lint.backends.calibration.feeds import batches
from minmax_lint.backends.calibration.inputs import Input
from minmax_lint.backends.conversion.worker import Misuse

IMAGE = Input("image", np.float32, [None, 2, 3])
SINGLE = Input("image", np.float32, [1, 2, 3])


def values(*shape: int) -> Any:
    return np.arange(np.prod(shape), dtype=np.float32).reshape(shape)


def shapes(
    source: Path | str, inputs: Sequence[Input] = (IMAGE,), size: int = 4, limit: int | None = None
) -> list[Any]:
    feeds = list(batches(str(source), inputs, size, limit))
    return [tuple(feed[one.name].shape for one in inputs) for feed in feeds]


@pytest.mark.parametrize(
    ("one", "data", "expected"),
    [
        (IMAGE, values(10, 2, 3), [(4, 2, 3), (4, 2, 3), (2, 2, 3)]),
        (IMAGE, values(2, 3), [(1, 2, 3)]),
        (SINGLE, values(3, 2, 3), [(1, 2, 3)] * 3),
        (Input("image", np.float32, [2, 2, 3]), values(5, 2, 3), [(2, 2, 3)] * 2),
        (Input("image", np.float32, None), values(5, 7), [(4, 7), (1, 7)]),
    ],
    ids=["whole batches and a rest", "one sample", "batch of one", "fixed batch, rest left out", "no rank"],
)
def test_samples_are_grouped_as_the_graph_takes_them(
    one: Input, data: Any, expected: list[Any], tmp_path: Path
) -> None:
    np.save(tmp_path / "data.npy", data)
    assert shapes(tmp_path / "data.npy", [one]) == [(shape,) for shape in expected]


@pytest.mark.parametrize(
    ("one", "size", "limit", "total"),
    [
        (IMAGE, 4, None, 3),
        (IMAGE, 4, 5, 2),
        (IMAGE, 1, None, 10),
        (Input("image", np.float32, [4, 2, 3]), 1, None, 2),
    ],
    ids=["batches", "at most 5 samples", "single samples", "fixed batch, rest left out"],
)
def test_the_number_of_batches_of_a_file_is_known_before_the_first(
    one: Input, size: int, limit: int | None, total: int, tmp_path: Path
) -> None:
    np.savez(tmp_path / "data.npz", image=values(10, 2, 3))
    known: list[int] = []
    feeds = batches(str(tmp_path / "data.npz"), [one], size, limit, total=known.append)
    next(feeds)
    assert known[-1] == total
    assert 1 + sum(1 for _ in feeds) == total


def test_every_sample_arrives_once_and_in_order(tmp_path: Path) -> None:
    np.save(tmp_path / "data.npy", values(10, 2, 3))
    found = [feed["image"] for feed in batches(str(tmp_path / "data.npy"), [IMAGE], 3)]
    np.testing.assert_array_equal(np.concatenate(found), values(10, 2, 3))


@pytest.mark.parametrize("key", ["image", "image:0", "pixels"])
def test_npz_arrays_go_by_the_inputs_name_or_its_key_in_a_signature(key: str, tmp_path: Path) -> None:
    np.savez(tmp_path / "data.npz", **{key: values(2, 2, 3), "other": values(1)})
    assert shapes(tmp_path / "data.npz", [Input("image", np.float32, [None, 2, 3], ["pixels"])]) == [
        ((2, 2, 3),)
    ]


def test_the_ending_of_a_file_does_not_matter(tmp_path: Path) -> None:
    with (tmp_path / "calibration.data").open("wb") as file:
        np.savez(file, image=values(2, 2, 3))
    assert shapes(tmp_path / "calibration.data") == [((2, 2, 3),)]


def test_the_files_of_a_folder_are_joined_into_batches(tmp_path: Path) -> None:
    for i in range(6):
        np.save(tmp_path / f"{i}.npy", values(2, 3))
    assert shapes(tmp_path) == [((4, 2, 3),), ((2, 2, 3),)]


def test_several_inputs_and_a_scalar_one(tmp_path: Path) -> None:
    inputs = [IMAGE, Input("rate", np.float32, [])]
    np.savez(tmp_path / "data.npz", image=values(5, 2, 3), rate=0.5)
    assert shapes(tmp_path / "data.npz", inputs) == [((4, 2, 3), ()), ((1, 2, 3), ())]


def test_bytes_become_what_the_graph_computes_with(tmp_path: Path) -> None:
    np.save(tmp_path / "data.npy", np.full((1, 2, 3), 200, np.uint8))
    (feed,) = batches(str(tmp_path / "data.npy"), [IMAGE], 4)
    assert feed["image"].dtype == np.float32
    assert feed["image"].max() == 200


FUNCTIONS = """
import itertools, numpy
def mappings(): yield {"image": numpy.zeros([3, 2, 3])}
def lists():
    for _ in range(2): yield [numpy.zeros([1, 2, 3])]
def arrays(): yield numpy.zeros([2, 3])
def signatures():
    yield "other", {"code": numpy.zeros([1, 7])}
    yield "serving_default", {"image": numpy.zeros([2, 2, 3])}
def endless(): return ([numpy.zeros([1, 2, 3])] for _ in itertools.count())
"""


@pytest.mark.parametrize(
    ("function", "expected"), [("mappings", 3), ("lists", 2), ("arrays", 1), ("signatures", 2)]
)
@pytest.mark.parametrize("spelling", ["feeds_of_a_test", "feeds_of_a_test.py"])
def test_a_function_yields_feeds_in_any_usual_form(
    function: str, expected: int, spelling: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "feeds_of_a_test.py").write_text(FUNCTIONS)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delitem(sys.modules, "feeds_of_a_test", raising=False)
    (feed,) = batches(f"{spelling}:{function}", [IMAGE], 4, folder=str(tmp_path))
    assert len(feed["image"]) == expected


def test_a_limit_ends_an_endless_function(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "endless_of_a_test.py").write_text(FUNCTIONS)
    monkeypatch.setattr(sys, "path", [*sys.path])
    found = list(batches("endless_of_a_test:endless", [IMAGE], 4, limit=10, folder=str(tmp_path)))
    assert sum(len(feed["image"]) for feed in found) == 12


MASK = Input("mask", np.float32, [2, 1])
PIXELS = values(4, 2, 3)


@pytest.mark.parametrize(
    ("inputs", "arrays", "message"),
    [
        ([IMAGE], {"image": values(4, 2, 5)}, r"have shape \[4, 2, 5\]; the graph wants \[\?, 2, 3\]"),
        ([IMAGE], {"image": values(4, 1, 2, 3)}, r"of shape \[N, 2, 3\]: save data.reshape\(-1, 2, 3\)$"),
        ([IMAGE, MASK], {"image": PIXELS}, "no data for input 'mask'; it has 'image': name it 'mask'"),
        ([IMAGE, MASK], {"image": PIXELS, "mask": values(2, 1)}, "different numbers of samples"),
        ([SINGLE, MASK], {"image": PIXELS, "mask": values(2, 1)}, "different batch sizes"),
        ([IMAGE], {"image": PIXELS * np.nan}, "NaN or infinite"),
        ([IMAGE], {"image": np.array([["a"]])}, "are no numbers"),
        ([Input("ids", np.int32, [None])], {"ids": values(3) / 2}, "are fractions; the graph wants int32"),
        (
            [Input("image", np.float32, [8, 2, 3])],
            {"image": PIXELS},
            r"fewer samples than one batch .* \(8\)",
        ),
    ],
)
def test_data_that_do_not_fit_are_the_users_to_change(
    inputs: list[Input], arrays: dict[str, Any], message: str, tmp_path: Path
) -> None:
    np.savez(tmp_path / "data.npz", **arrays)
    with pytest.raises(Misuse, match=message):
        shapes(tmp_path / "data.npz", inputs)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"PK\x03\x04 and no more", "cannot be read"),
        (b"\x93NUMPY\x01\x00", "cannot be read"),
        (b"hello, world, this is text", "is no .npz, .npy or TFRecord file"),
        (b"", "is no .npz, .npy or TFRecord file"),
    ],
)
def test_files_that_are_no_data_are_the_users_to_change(content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "data").write_bytes(content)
    with pytest.raises(Misuse, match=message):
        shapes(tmp_path / "data")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("missing.npz", "there are no data at missing.npz"),
        ("no_such_module:feeds", "cannot be imported"),
        (
            "export.py:feeds",
            r"No module named 'no_such_module' .*; name a Python that has it \(--python\)\. All of that",
        ),
        ("json:feeds", "json has no function 'feeds'; it must be"),
        (".", r"holds no \.npz and no \.npy files"),
    ],
)
def test_sources_that_are_not_there_are_the_users_to_change(
    source: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "export.py").write_text("import no_such_module\n")
    with pytest.raises(Misuse, match=message):
        list(batches(source, [IMAGE], 4, folder=str(tmp_path)))

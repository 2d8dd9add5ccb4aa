"""`check --calibrate`: the samples of a representative dataset against the graph."""

import json
from pathlib import Path

import numpy
import pytest

from minmax_lint.backends.calibration.inputs import Input
from minmax_lint.backends.calibration.samples import by_input
from minmax_lint.cli import main
from minmax_lint.converters.dataset import Dataset, SampleArray
from minmax_lint.graph.build import Builder
from minmax_lint.writers.graphdef import encode

Captured = pytest.CaptureFixture[str]
SAMPLES = {
    "sound": numpy.linspace(0, 1, 80).reshape(20, 4),
    "single": numpy.linspace(0, 1, 4),
    "pixels": numpy.arange(160, 240).reshape(20, 4),
    "wide": numpy.linspace(0, 1, 100).reshape(20, 5),
    "nan": numpy.full((20, 4), numpy.nan),
    "empty": numpy.zeros((0, 4)),
    "zeros": numpy.zeros((20, 4)),
}
FUNCTIONS = """
import numpy
def doubles():
    yield [numpy.linspace(0, 1, 4)[None]]
def others():
    yield {"image": numpy.linspace(0, 1, 4, dtype="float32")[None]}
def broken():
    raise RuntimeError("no camera")
"""


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    b = Builder()
    b.add("Relu6", "output", b.placeholder("input", [1, 4]))
    Path("float.pb").write_bytes(encode(b.graph()))
    Path("data.py").write_text(FUNCTIONS)
    for name, values in SAMPLES.items():
        numpy.savez(f"{name}.npz", input=values, labels=numpy.arange(20))
    numpy.savez("others.npz", image=SAMPLES["sound"], labels=numpy.arange(20))


def codes(capsys: Captured, data: str) -> list[str]:
    main(["check", "float.pb", "--calibrate", data, "--select", "MM62", "--output-format", "json"])
    (report,) = json.loads(capsys.readouterr().out)["reports"]
    assert list(report["predictions"]) == ["mlir-2.21-int8"]
    return [finding["code"] for finding in report["findings"]]


@pytest.mark.parametrize(
    ("data", "found"),
    [
        ("sound.npz", []),
        ("single.npz", []),
        ("pixels.npz", ["MM624"]),
        ("wide.npz", ["MM623"]),
        ("nan.npz", ["MM621"]),
        ("empty.npz", ["MM620"]),
        ("zeros.npz", ["MM625"]),
        ("others.npz", ["MM623"]),
        ("data.py:others", ["MM623"]),
        ("data.py:doubles", ["MM622"]),
    ],
)
def test_the_first_samples_are_judged(data: str, found: list[str], capsys: Captured) -> None:
    assert codes(capsys, data) == found


@pytest.mark.parametrize("shape", [(9, 9, 3), (1, 9, 9, 3), (20, 9, 9, 3)])
@pytest.mark.parametrize("name", ["input", "arr_0"])
def test_a_sample_without_batch_is_as_large_as_it_is(
    shape: tuple[int, ...], name: str, capsys: Captured
) -> None:
    b = Builder()
    b.add("Relu6", "output", b.placeholder("input", [None, 9, 9, 3]))
    Path("float.pb").write_bytes(encode(b.graph()))
    numpy.savez("images.npz", **{name: numpy.linspace(0, 1, numpy.prod(shape)).reshape(shape)})
    assert codes(capsys, "images.npz") == []


def test_types_of_the_ends_are_asked_for_with_an_option(capsys: Captured) -> None:
    main(["check", "float.pb", "--calibrate", "sound.npz", "--select", "MM609"])
    assert "`convert --io-type int8` makes them integer." in capsys.readouterr().out


def test_an_input_without_array_is_named_as_its_signature_and_its_graph_name_it(capsys: Captured) -> None:
    main(
        ["check", "float.pb", "--calibrate", "others.npz", "--select", "MM623", "--output-format", "concise"]
    )
    assert "no array for input 'input': their arrays are named 'image', 'labels'" in capsys.readouterr().out
    main(
        ["check", "float.pb", "--calibrate", "others.npz", "--select", "MM623", "--output-format", "markdown"]
    )
    assert "An array that is alone needs no name." in capsys.readouterr().out
    served = Input("serving_default_x", "float32", [1, 4], ["x", "serving_default_x"])
    found = by_input(Dataset("", (SampleArray("image"), SampleArray("labels"))), [served])
    assert found.missing == ("'x' (in the graph 'serving_default_x')",)


@pytest.mark.parametrize(
    ("data", "line"),
    [
        ("data.py:broken", "data.py:broken failed: RuntimeError: no camera"),
        ("nowhere.npz", "there are no data at nowhere.npz"),
    ],
)
def test_data_that_cannot_be_read_are_one_line(data: str, line: str, capsys: Captured) -> None:
    assert main(["check", "float.pb", "--calibrate", data]) == 2
    assert line in capsys.readouterr().err


def test_no_report_is_written_over_the_data(capsys: Captured) -> None:
    assert main(["check", "float.pb", "--calibrate", "sound.npz", "--output-format", "json=sound.npz"]) == 2
    assert "cannot write sound.npz" in capsys.readouterr().err

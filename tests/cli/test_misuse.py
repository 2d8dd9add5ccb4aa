"""What cannot be done is one line that says what to do, before any work, and nothing is written."""

import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from minmax_lint.backends.conversion import Child
from minmax_lint.backends.conversion.child import Answer
from minmax_lint.cli import main
from minmax_lint.schema.messages import message_class
from tests.cli.founding import BROKEN, FOUNDING
from tests.interpreters import tf221

Captured = pytest.CaptureFixture[str]
PRUNED = str(FOUNDING / "eval-frozen-pruned.pb")

CONVERT = ("convert", BROKEN, "-i", "input=1,2", "-o", "output")
VERIFY = ("fix", BROKEN, "-i", "input=1,2", "-o", "output", "--verify")
CALIBRATE = ("fix", PRUNED, "-i", "input=1,2", "-o", "output", "--unsafe-fixes")


@pytest.fixture(autouse=True)
def no_long_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """No child that imports TensorFlow may be started."""

    answer = Child.answer

    def only_without(self: Child, request: Mapping[str, Any]) -> Answer:
        assert request.get("with_tensorflow") is False, f"{self.task} was started"
        return answer(self, request)

    monkeypatch.setattr(Child, "answer", only_without)


def error_line(words: tuple[str, ...], folder: Path, capsys: Captured) -> str:
    """The one line on standard error; nothing on standard output, nothing written."""
    before = sorted(folder.rglob("*"))
    assert main([*words, "--output", str(folder / "out.pb")]) == 2
    out, err = capsys.readouterr()
    assert not out
    assert sorted(folder.rglob("*")) == before
    (line,) = err.splitlines()
    return line


@pytest.mark.parametrize("command", [CONVERT, VERIFY, (*CALIBRATE, "--calibrate", "data.npz")])
@pytest.mark.parametrize(
    ("python", "message"),
    [
        ("/no/such/python", "error: cannot start the interpreter '/no/such/python': No such file"),
        ("no-such-python", "error: cannot start the interpreter 'no-such-python': No such file"),
        ("", "error: cannot start the interpreter '': Permission denied"),
        ("/bin/true", "error: /bin/true is no Python interpreter"),
        ("BARE", "has no TensorFlow: install it there, or"),
    ],
)
def test_an_interpreter_that_is_none(
    command: tuple[str, ...], python: str, message: str, tmp_path: Path, capsys: Captured
) -> None:
    if python == "BARE":
        bare = tmp_path / "bare"
        bare.write_text("#!/bin/sh\necho python 3 12\n")
        bare.chmod(0o755)
        python = str(bare)
    line = error_line((*command, "--python", python), tmp_path, capsys)
    assert message in line
    assert line.endswith("name a Python that has TensorFlow (--python)")


def test_all_that_a_conversion_lacks_is_asked_for_at_once(tmp_path: Path, capsys: Captured) -> None:
    line = error_line((*CONVERT, "--int8", "--python", "no-such-python"), tmp_path, capsys)
    assert (
        "name a Python that has TensorFlow (--python); and ranges come from a representative dataset" in line
    )
    assert "--calibrate DATA" in line


@pytest.mark.parametrize("command", [CONVERT, (*CONVERT, "--fix"), VERIFY])
def test_toco_where_there_is_none(command: tuple[str, ...], tmp_path: Path, capsys: Captured) -> None:
    line = error_line((*command, "--engine", "toco", "--python", str(tf221())), tmp_path, capsys)
    assert "no longer has TOCO: experimental_new_converter=False is ignored, and MLIR converts" in line
    assert "name an interpreter with TensorFlow 2.17 or older (--python)" in line


@pytest.mark.parametrize(
    "options",
    [
        ("--ranges", "ranges.json"),
        ("--default-range=-6,6",),
        ("--unsafe-fixes",),
        ("--new-name",),
        ("--strategy=guard",),
        ("--bound=10",),
    ],
)
def test_options_of_a_repair_that_is_not_asked_for(
    options: tuple[str, ...], tmp_path: Path, capsys: Captured
) -> None:
    line = error_line((*CONVERT, *options), tmp_path, capsys)
    assert line == f"error: {options[0].split('=')[0]} is for a repair: give --fix as well"


def test_samples_for_no_quantization_ask_for_one(tmp_path: Path, capsys: Captured) -> None:
    line = error_line((*CONVERT, "--calibrate", "data.npz"), tmp_path, capsys)
    assert (
        line == "error: --calibrate is for --int8, --16x8 and a repair: give one of them, or --fix, as well"
    )


@pytest.mark.parametrize("option", ["--unsafe-fixes", "--freeze", "--bound=10", "--strategy=retarget"])
def test_check_takes_no_options_of_a_repair_it_is_not_to_make(option: str, capsys: Captured) -> None:
    assert main(["check", BROKEN, option]) == 2
    name = option.partition("=")[0]
    assert capsys.readouterr() == ("", f"error: {name} is for a repair: give --fix as well\n")


@pytest.mark.parametrize(
    "content",
    ["[1, 2]", "{", "[" * 100_000, '{"x": [6, -6]}', '{"x": [0]}', '{"x": [0, 1, 2]}', '{"x": [0, "6"]}',
     '{"x": [0, NaN]}', '{"x": [0, 1' + "0" * 400 + "]}"],
    ids=lambda content: content[:12],
)  # fmt: skip
def test_files_of_ranges_that_hold_none(content: str, tmp_path: Path, capsys: Captured) -> None:
    file = tmp_path / "ranges.json"
    file.write_text(content)
    line = error_line((*CALIBRATE, "--ranges", str(file)), tmp_path, capsys)
    assert line.startswith(f"error: {file}")
    assert len(line) < 400


def record(**features: list[float]) -> bytes:
    """One record of a TFRecord file; nobody looks at the checksums before TensorFlow does."""
    example = message_class("Example")()
    for name, numbers in features.items():
        example.features.feature[name].float_list.value.extend(numbers)
    return framed(example.SerializeToString())


def framed(content: bytes) -> bytes:
    return struct.pack("<Q", len(content)) + bytes(4) + content + bytes(4)


FUNCTIONS = """
def good(): yield {"input": [[0.0, 0.0]]}
def misfit(): yield {"input": [[0.0, 0.0, 0.0]]}
def misnamed(): yield {"image": [[0.0, 0.0]]}
def too_many(): yield [[[0.0, 0.0]], [[0.0, 0.0]]]
def words(): yield {"input": [["a", "b"]]}
def returns_nothing(): pass
def yields_nothing(): yield from ()
def fails(): raise OSError("the disk is gone")
def exits(): raise SystemExit(3)
def wants(more): yield
number = 3
"""
ROWS = np.zeros([4, 2], np.float32)
BAD_DATA: Mapping[str, tuple[str, str]] = {
    "no file": ("missing.npz", "there are no data at missing.npz: no such file or folder; give an .npz"),
    "a folder without": ("empty", "empty holds no .npz and no .npy files; give"),
    "a cut .npz": ("cut.npz", "cut.npz cannot be read (File is not a zip file); save plain arrays"),
    "a cut .npy": ("cut.npy", "cut.npy cannot be read"),
    "text": ("text.csv", "text.csv is no .npz, .npy or TFRecord file; save it with numpy.savez(file, input=...)"),
    "an empty file": ("nothing.npz", "nothing.npz is no .npz, .npy or TFRecord file; save it"),
    "another name": ("names.npz", "names.npz has no data for input 'input'; it has 'a', 'b': name it 'input'"),
    "another shape": (
        "shape.npz",
        "'input' have shape [4, 3]; the graph wants [?, 2], and N samples are one array of shape [N, 2]",
    ),
    "letters": ("words.npz", "the data for input 'input' are no numbers but <U1; save them as numbers"),
    "objects": ("objects.npz", "objects.npz holds Python objects; save plain arrays of numbers"),
    "NaN": ("nan.npz", "hold NaN or infinite values; leave those samples out"),
    "no samples": ("none.npz", "none.npz holds no samples"),
    "a cut record": ("cut.tfrecord", "cut.tfrecord is no TFRecord file, or is damaged; write it again"),
    "records of another kind": ("kind.tfrecord", "kind.tfrecord are no tf.train.Example; read them in a module"),
    "records of another shape": ("shape.tfrecord", "shape.tfrecord: 3 values do not fit input 'input'"),
    "records without the input": ("name.tfrecord", "has no data for input 'input'; it has 'image': name it"),
    "no module": ("no_such:feeds", "no_such:feeds cannot be imported by"),
    "a module that fails": ("broken:feeds", "ZeroDivisionError: division by zero (broken.py, line 1)"),
    "no function": ("feeds:god", "feeds has no function 'god'; did you mean good?"),
    "no function at all": ("feeds:number", "feeds has no function 'number'; it must be a function that yields"),
    "a function of more": ("feeds:wants", "feeds:wants failed: TypeError: wants() missing 1 required"),
    "a function that fails": ("feeds:fails", "feeds:fails failed: OSError: the disk is gone (feeds.py, line 9)"),
    "a function that exits": ("feeds.py:exits", "feeds.py:exits failed: SystemExit: 3 (feeds.py, line 10)"),
    "feeds that are none": ("feeds:returns_nothing", "returns NoneType; yield feeds: {input array: values}"),
    "no feeds": ("feeds:yields_nothing", "feeds:yields_nothing yields nothing; yield feeds"),
    "a feed of another shape": ("feeds:misfit", "'input' have shape [1, 3]; the graph wants [?, 2]"),
    "a feed of another name": ("feeds:misnamed", "no data for input 'input'; it has 'image': name it 'input'"),
    "a feed of too many": ("feeds:too_many", "holds 2 arrays without names for the inputs input; name them so"),
    "a feed of letters": ("feeds:words", "the data for input 'input' are no numbers but <U1"),
}  # fmt: skip


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every kind of bad data."""
    folder = tmp_path_factory.mktemp("data")
    (folder / "empty").mkdir()
    (folder / "cut.npz").write_bytes(b"PK\x03\x04 and no more")
    (folder / "cut.npy").write_bytes(b"\x93NUMPY\x01\x00")
    (folder / "text.csv").write_text("1,2,3,4,5,6,7,8,9\n")
    (folder / "nothing.npz").touch()
    np.savez(folder / "names.npz", a=ROWS, b=ROWS)
    np.savez(folder / "shape.npz", input=np.zeros([4, 3]))
    np.savez(folder / "words.npz", input=np.array([["a", "b"]]))
    np.savez(folder / "objects.npz", input=np.array([[None, {}]], dtype=object))
    np.savez(folder / "nan.npz", input=ROWS * np.nan)
    np.savez(folder / "none.npz", input=ROWS[:0])
    (folder / "cut.tfrecord").write_bytes(record(input=[0.0, 0.0]) + record(input=[0.0, 0.0])[:-1])
    (folder / "kind.tfrecord").write_bytes(framed(b"hello, this is no message"))
    (folder / "shape.tfrecord").write_bytes(record(input=[0.0, 0.0, 0.0]))
    (folder / "name.tfrecord").write_bytes(record(image=[0.0, 0.0]))
    (folder / "broken.py").write_text("1 / 0\n")
    (folder / "feeds.py").write_text(FUNCTIONS)
    return folder


@pytest.mark.parametrize(("source", "message"), BAD_DATA.values(), ids=list(BAD_DATA))
def test_data_that_cannot_be_used(
    source: str, message: str, data: Path, tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(data)
    line = error_line((*CALIBRATE, "--calibrate", source, "--python", str(tf221())), tmp_path, capsys)
    assert message in line


@pytest.mark.parametrize("command", [CONVERT, VERIFY])
@pytest.mark.parametrize("kind", ["no file", "records without the input", "a feed of another name"])
def test_data_to_compare_on_are_looked_at_before_the_conversion(
    command: tuple[str, ...],
    kind: str,
    data: Path,
    tmp_path: Path,
    capsys: Captured,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(data)
    source, message = BAD_DATA[kind]
    assert message in error_line(
        (*command, "--verify-data", source, "--python", str(tf221())), tmp_path, capsys
    )

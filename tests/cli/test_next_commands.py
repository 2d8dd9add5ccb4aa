"""Every command that a report prints runs as it is printed, and leads one step further."""

import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy
import pytest

from minmax_lint.backends import calibration
from minmax_lint.backends.conversion import ConversionResult, interpreter
from minmax_lint.backends.conversion.failure import Failure
from minmax_lint.backends.conversion.interpreter import Installed
from minmax_lint.cli import main, parser
from minmax_lint.graph.build import Builder
from minmax_lint.loaders.parse import whole_graph
from minmax_lint.rules.framework.rule import rules
from minmax_lint.symptoms import symptoms
from minmax_lint.workflows import convert
from minmax_lint.writers.graphdef import encode
from tests.cli.founding import BROKEN_FORMS, CHECKPOINT, FOUNDING

Captured = pytest.CaptureFixture[str]
PRINTED = re.compile(r"^ *(minmax-lint (?:check|fix|convert) .+)$|`(minmax-lint explain MM\d+)`", re.M)
KNOWN = {"DATA": "data.npz", "PREFIX": CHECKPOINT, "PYTHON": "tf215/python"}
"""What only the user knows."""
OLD = "tf115/python"
DEEPEST = 5


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with graphs and data; converters that fail, and TensorFlows that are not there."""

    def installed(path: str) -> Installed:
        return Installed((3, 11), True, "1.15.5" if path.endswith(OLD) else "2.15.1")

    def failing(*args: object, **how: object) -> ConversionResult:
        failure = Failure("other", "it failed", None)
        return ConversionResult(how["engine"], how["flow"], None, failure, "2.15.1", 1.0, "")  # type: ignore[arg-type]

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(interpreter, "_versions_installed", installed)

    def observed(graph: bytes, *args: object, **how: object) -> calibration.Calibration:
        return calibration.Calibration(dict.fromkeys(whole_graph(graph).names, (-6.0, 6.0)), (), 8, 1.0)

    monkeypatch.setattr(convert, "convert_graph", failing)
    monkeypatch.setattr(calibration, "calibrate", observed)
    b = Builder()
    x = b.fake_quant("input_quant", b.placeholder("input", [1, 2]), -1, 1)
    b.add("Relu", "output", b.dense("fc", x, 2, 4))
    Path("no-range.pb").write_bytes(encode(b.graph()))
    numpy.savez("data.npz", input=numpy.linspace(-1, 1, 16, dtype="f4").reshape(8, 2))
    shutil.copytree(FOUNDING, "founding")


def followed(words: list[str], capsys: Captured, depth: int = 0) -> Iterator[str]:
    """Every command that running `words` prints, and that those print: each is run, and is no misuse."""
    code = main(words)
    out, err = capsys.readouterr()
    assert code in (0, 1), f"{shlex.join(words)}: {err}"
    for found in PRINTED.finditer(out):
        printed = found[1] or found[2]
        yield printed
        following = [KNOWN.get(word, word) for word in shlex.split(printed)[1:]]
        assert depth < DEEPEST, f"{printed} leads nowhere"
        if following != words:
            yield from followed(following, capsys, depth + 1)


@pytest.mark.parametrize(
    "start",
    [
        *(["check", f"founding/{Path(form).relative_to(FOUNDING)}"] for form in BROKEN_FORMS),
        ["check", "founding/train-checkpoint-tf1.15.5"],
        ["check", "founding/eval.pb", "--converter", "toco"],
        ["check", "founding/eval.pb", "--converter", "mlir-v2"],
        ["check", "founding/eval-saved_model", "--converter", "mlir-v2"],
        ["check", "founding/eval-frozen.pb", "--python", OLD],
        ["check", "no-range.pb"],
        ["convert", "no-range.pb", "--output", "m.tflite"],
        ["convert", "no-range.pb", "--output", "m.tflite", "--engine", "toco", "--python", OLD],
        ["convert", "founding/eval-frozen.pb", "--output", "m.tflite", "--flow", "tf2"],
    ],
    ids=lambda words: " ".join(Path(word).name for word in words),
)
def test_printed_commands_run_and_lead_to_a_conversion(start: list[str], capsys: Captured) -> None:
    printed = list(followed(start, capsys))
    assert any(command.startswith("minmax-lint convert") for command in printed)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["founding/eval.pb"], "--checkpoint PREFIX"),
        (["founding/eval-checkpoint/model.ckpt.meta"], "--checkpoint founding/eval-checkpoint/model.ckpt"),
        (["founding/eval-frozen.pb", "--python", OLD], "--engine toco"),
        (["founding/eval-frozen.pb", "--converter", "toco"], "--engine toco"),
        (["no-range.pb", "--converter", "mlir-v2", "--unsafe-fixes", "--default-range", "0,6"], "--flow tf2"),
    ],
)
def test_what_the_written_file_cannot_say_stands_in_the_command(
    words: list[str], expected: str, capsys: Captured
) -> None:
    assert main(["fix", *words, "--output", f"fixed{Path(words[0]).suffix}"]) == 0
    (command,) = [found[1] for found in PRINTED.finditer(capsys.readouterr().out) if found[1]]
    assert expected in command


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--python", OLD], "--engine toco"),
        (["--io-type", "int8"], "--flow tf2"),
        (["--flow", "tf2", "--input-stats", "input=0,255"], "--flow tf1"),
    ],
)
def test_an_option_that_cannot_hold_is_refused_with_the_one_that_helps(
    words: list[str], expected: str, capsys: Captured
) -> None:
    assert main(["convert", "founding/eval-frozen.pb", "--output", "m.tflite", *words]) == 2
    assert expected in capsys.readouterr().err


def test_commands_in_the_words_of_rules_and_symptoms_are_no_misuse() -> None:
    texts = [rule.documentation() for rule in rules()]
    texts += [f"{one.cause}\n{one.remedy}" for one in symptoms()]
    commands = {one for text in texts for one in re.findall(r"`minmax-lint (\w+ [A-Z][^`]*)`", text)}
    assert len(commands) > 10
    for one in sorted(commands):
        words = shlex.split(one.replace("{array_name}", "output"))
        parser(words, [words[0]]).parse_args(words)

"""`fix`: what is written, printed and left alone."""

import json
import re
import shutil
from pathlib import Path

import pytest

from minmax_lint.cli import main
from minmax_lint.graph.build import Builder
from minmax_lint.version import __version__
from minmax_lint.writers.graphdef import encode
from tests.cli.founding import BROKEN, BROKEN_FORMS, FOUNDING, GUARDED
from tests.reporters.golden_file import assert_golden

Captured = pytest.CaptureFixture[str]


@pytest.mark.parametrize("graph", BROKEN_FORMS)
@pytest.mark.parametrize("strategy", ["auto", "guard", "retarget"])
def test_a_fixed_graph_lints_clean(graph: str, strategy: str, tmp_path: Path, capsys: Captured) -> None:
    fixed = tmp_path / f"fixed{Path(graph).suffix}"
    assert main(["fix", graph, "--strategy", strategy, "--output", str(fixed)]) == 0
    assert main(["check", str(fixed), "-i", "input", "-o", "output", "--output-format", "concise"]) == 0


def test_fixing_twice_changes_nothing(tmp_path: Path, capsys: Captured) -> None:
    once, twice = tmp_path / "once.pb", tmp_path / "twice.pb"
    assert main(["fix", BROKEN, "--output", str(once)]) == 0
    assert main(["fix", str(once), "--output", str(twice)]) == 0
    assert "Nothing to fix" in capsys.readouterr().out
    assert once.read_bytes() == twice.read_bytes()


def test_the_report_word_for_word(tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    shutil.copy(BROKEN, tmp_path / "eval.pb")
    monkeypatch.chdir(tmp_path)
    assert main(["fix", "eval.pb", "--output", "fixed.pb"]) == 0
    assert_golden("fix.txt", capsys.readouterr().out)
    assert main(["fix", "eval.pb", "--output", "guarded.pb", "--strategy", "guard", "--new-name"]) == 0
    assert_golden("fix-guard.txt", capsys.readouterr().out)
    assert main(["fix", "fixed.pb", "--output", "again.pb"]) == 0
    assert_golden("fix-nothing.txt", capsys.readouterr().out)


def test_the_json_document_word_for_word(
    tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(BROKEN, tmp_path / "eval.pb")
    monkeypatch.chdir(tmp_path)
    assert main(["fix", "eval.pb", "--output", "fixed.pb", "--output-format", "json"]) == 0
    out = capsys.readouterr().out
    assert_golden("fix-json.txt", out.replace(f'"version": "{__version__}"', '"version": "VERSION"'))


def test_the_json_document_says_which_repairs_are_unsafe_and_why_others_do_not_fit(
    tmp_path: Path, capsys: Captured
) -> None:
    argv = [
        "fix",
        str(FOUNDING / "eval-frozen-pruned.pb"),
        "-o",
        "output",
        "--diff",
        "--output-format",
        "json",
    ]
    assert main(argv) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["written"] is None
    assert found["fix"]["repairs"] == []
    assert [one["code"] for one in found["fix"]["left"]] == ["MM102"]
    assert "--ranges, --calibrate or --default-range" in found["fix"]["refused"][0]
    main([*argv, "--unsafe-fixes", "--default-range", "0,6"])
    found = json.loads(capsys.readouterr().out)
    (repair,) = found["fix"]["repairs"]
    assert (repair["strategy"], repair["applicability"]) == ("insert", "unsafe")
    assert [(one["code"], one["array"]) for one in repair["healed"]] == [("MM102", "output")]
    assert found["fix"]["left"] == []
    assert found["fix"]["nodes"]["added"]


def test_a_report_goes_to_a_file_as_well(tmp_path: Path, capsys: Captured) -> None:
    fixed, report = tmp_path / "fixed.pb", tmp_path / "fix.json"
    argv = ["fix", BROKEN, "--output", str(fixed), "--output-format", f"json={report}"]
    assert main([*argv, "--output-format", "full"]) == 0
    assert json.loads(report.read_text())["written"] == str(fixed)
    assert capsys.readouterr().out.endswith("✓ Fixed\n")
    assert main(argv) == 0
    assert capsys.readouterr() == ("", "")


def test_a_diff_fails_where_it_changes_anything_and_where_an_error_stays(capsys: Captured) -> None:
    missing_zero = str(FOUNDING / "eval-guarded-frozen.pb")
    assert main(["fix", missing_zero, "-o", "output_guarded", "--diff"]) == 0
    assert main(["fix", str(FOUNDING / "eval-frozen-pruned.pb"), "-o", "output", "--diff"]) == 1


@pytest.mark.parametrize(
    ("graph", "output", "code", "reason"),
    [
        ("eval-guarded-frozen.pb", "output_guarded", 0, ["every selected converter makes a quantized model"]),
        (
            "eval-frozen-pruned.pb",
            "output",
            1,
            ["No range is known for output: give", "1 error left; `minmax-lint"],
        ),
    ],
)
def test_a_diff_without_changes_says_why(
    graph: str, output: str, code: int, reason: list[str], capsys: Captured
) -> None:
    assert main(["fix", str(FOUNDING / graph), "-o", output, "--diff"]) == code
    out, err = capsys.readouterr()
    assert not out
    lines = err.splitlines()
    assert len(lines) == len(reason)
    assert all(text in line for text, line in zip(reason, lines, strict=True))


def test_a_diff_alone_writes_nothing(
    tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["fix", BROKEN, "--diff"]) == 1
    out, err = capsys.readouterr()
    assert out.splitlines()[:2] == [f"--- {BROKEN}", "+++ (not written)"]
    assert "output/unquantized" in out
    assert not err
    assert not list(tmp_path.iterdir())


def test_a_diff_with_a_destination_writes_it(tmp_path: Path, capsys: Captured) -> None:
    fixed = tmp_path / "fixed.pb"
    assert main(["fix", BROKEN, "--diff", "--output", str(fixed)]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines()[1] == f"+++ {fixed}"
    assert err == f"wrote {fixed}\n"
    assert fixed.exists()


def test_in_place_writes_over_the_input_only_when_asked(tmp_path: Path, capsys: Captured) -> None:
    graph = tmp_path / "eval.pb"
    shutil.copy(BROKEN, graph)
    assert main(["fix", str(graph), "--output", str(graph)]) == 2
    assert graph.read_bytes() == Path(BROKEN).read_bytes()
    assert main(["fix", str(graph), "--in-place"]) == 0
    assert main(["check", str(graph)]) == 0


def test_new_name_announces_the_new_output(tmp_path: Path, capsys: Captured) -> None:
    fixed = str(tmp_path / "fixed.pb")
    assert main(["fix", BROKEN, "--new-name", "--output", fixed]) == 0
    out = capsys.readouterr().out
    assert "Output 'output' is now 'output/quantized'" in out
    assert "(1 change)" in out
    assert main(["check", fixed, "-o", "output/quantized"]) == 0


def test_what_no_repair_reaches_is_said_and_exits_1(tmp_path: Path, capsys: Captured) -> None:
    pruned = str(FOUNDING / "eval-frozen-pruned.pb")
    fixed = tmp_path / "fixed.pb"
    assert main(["fix", pruned, "-o", "output", "--output", str(fixed)]) == 1
    assert "MM102" in capsys.readouterr().out
    assert not fixed.exists()


@pytest.mark.parametrize("strategy", ["auto", "guard", "retarget"])
def test_a_repair_that_does_not_fit_is_no_misuse(strategy: str, tmp_path: Path, capsys: Captured) -> None:
    b = Builder()
    b.add("Relu", "output", b.dense("dense", b.placeholder("input", [1, 4]), 4, 3))
    b.fake_quant("one", "output", 0, 6)
    b.fake_quant("other", "output", 0, 1)
    graph, fixed = tmp_path / "graph.pb", tmp_path / "fixed.pb"
    graph.write_bytes(encode(b.graph()))
    argv = ["fix", str(graph), "-o", "output", "--strategy", strategy, "--output", str(fixed)]
    assert main(argv) == 1
    printed = capsys.readouterr()
    assert "Nothing is changed: no safe repair brings a selected converter nearer" in printed.out
    assert "several FakeQuants disagree about the range of output" in " ".join(printed.out.split())
    assert not printed.err
    assert not fixed.exists()


def test_a_range_that_the_user_gives_fills_the_gap(tmp_path: Path, capsys: Captured) -> None:
    ranges, fixed = tmp_path / "ranges.json", tmp_path / "fixed.pb"
    ranges.write_text(json.dumps({"output": [0.0, 6.0]}))
    argv = ["fix", str(FOUNDING / "eval-frozen-pruned.pb"), "-o", "output", "--output", str(fixed)]
    assert main([*argv, "--unsafe-fixes", "--ranges", str(ranges)]) == 0
    assert "The values of the outputs change" in capsys.readouterr().out
    assert main(["check", str(fixed), "-o", "output"]) == 0


@pytest.mark.parametrize("content", ["{", "[1, 2]", '{"output": [6, 0]}', '{"output": 6}'])
def test_a_file_of_ranges_that_is_none(content: str, tmp_path: Path, capsys: Captured) -> None:
    ranges = tmp_path / "ranges.json"
    ranges.write_text(content)
    assert main(["fix", BROKEN, "--output", str(tmp_path / "x.pb"), "--ranges", str(ranges)]) == 2
    assert str(ranges) in capsys.readouterr().err


def test_a_sound_graph_is_copied_as_it_is(tmp_path: Path, capsys: Captured) -> None:
    copy = tmp_path / "copy.pb"
    assert main(["fix", GUARDED, "-o", "output_guarded", "--output", str(copy)]) == 0
    assert copy.read_bytes() == Path(GUARDED).read_bytes()


def test_ranges_without_leave_to_insert_them(tmp_path: Path, capsys: Captured) -> None:
    fixed = str(tmp_path / "fixed.pb")
    assert main(["fix", BROKEN, "--output", fixed, "--default-range=-6,6"]) == 2
    assert "--default-range is for ranges that a fix inserts: give --unsafe-fixes" in capsys.readouterr().err


def test_a_frozen_copy_has_no_variables(tmp_path: Path, capsys: Captured) -> None:
    fixed = tmp_path / "fixed.pb"
    checkpoint = str(FOUNDING / "eval-checkpoint")
    assert main(["fix", checkpoint, "-o", "output", "--freeze", "--output", str(fixed)]) == 0
    assert b"VariableV2" not in fixed.read_bytes()


def test_verbose_shows_every_change_and_every_error_that_is_left(tmp_path: Path, capsys: Captured) -> None:
    b = Builder()
    x = b.fake_quant("input/quant", b.placeholder("input", [1, 4]), -1, 1)
    outputs = [b.add("Relu", f"relu_{i}", b.dense(f"dense_{i}", x, 4, 4)) for i in range(10)]
    for i in range(10):
        b.fake_quant(f"quant_{i}", outputs[i], 0, 6)
    outputs += [b.dense(f"bare_{i}", x, 4, 4) for i in range(5)]
    graph = tmp_path / "many.pb"
    graph.write_bytes(encode(b.graph()))
    argv = ["fix", str(graph), *(word for name in outputs for word in ("-o", name))]
    argv += ["--output", str(tmp_path / "fixed.pb")]
    main(argv)
    short = capsys.readouterr().out
    assert "more; --verbose shows all" in short
    assert "and 2 more MM102" in short
    main([*argv, "--verbose"])
    printed = capsys.readouterr().out
    assert not re.search(r"and \d+ more(;| MM)", printed)
    assert printed.count("MM102 error") == 5
    assert all(f"quant_{i}" in printed for i in range(10))

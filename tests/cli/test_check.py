"""`check`: findings, exit codes, formats, and what it does not load."""

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from minmax_lint.cli import main
from tests.cli.founding import BROKEN, BROKEN_FORMS, GUARDED

Captured = pytest.CaptureFixture[str]


@pytest.mark.parametrize("graph", BROKEN_FORMS)
def test_the_founding_defect_is_found_in_every_form(graph: str, capsys: Captured) -> None:
    assert main(["check", graph, "-i", "input", "-o", "output", "--output-format", "json"]) == 1
    document = json.loads(capsys.readouterr().out)
    (report,) = document["reports"]
    assert [found["code"] for found in report["findings"] if found["severity"] == "error"] == ["MM101"]
    assert report["predictions"]["toco-2.15"]["verdict"] == "abort"
    assert report["predictions"]["toco-2.15"]["array"] == "output"
    assert report["predictions"]["mlir-2.21"]["verdict"] == "float"


@pytest.mark.parametrize("graph", BROKEN_FORMS)
def test_inputs_and_outputs_are_inferred_and_said_to_be(graph: str, capsys: Captured) -> None:
    assert main(["check", graph, "--output-format", "json"]) == 1
    (report,) = json.loads(capsys.readouterr().out)["reports"]
    assert (list(report["inputs"]), report["outputs"], report["inferred"]) == (["input"], ["output"], True)


def test_a_sound_graph_is_clean(capsys: Captured) -> None:
    assert main(["check", GUARDED, "-o", "output_guarded"]) == 0
    out, err = capsys.readouterr()
    assert "No findings" in out
    assert not err


def test_json_has_what_the_contract_says(capsys: Captured) -> None:
    main(["check", BROKEN, "-i", "input=1,2", "-o", "output", "--output-format", "json"])
    document = json.loads(capsys.readouterr().out)
    assert document["schema_version"] == 1
    assert document["tool"]["name"] == "minmax-lint"
    assert document["summary"] == {"models": 1, "errors": 1, "warnings": 0, "infos": 0, "fixable": 1}
    report = document["reports"][0]
    assert report["path"] == BROKEN
    assert report["format"] == "graphdef"
    assert report["inputs"] == {"input": [1, 2]}
    assert report["inferred"] is False
    assert (report["nodes"], report["kept_nodes"]) == (18, 13)
    finding = report["findings"][0]
    assert finding["name"] == "output-fakequant-outside"
    assert finding["array"] == "output"
    assert finding["profiles"] == ["toco-2.15", "mlir-2.21"]
    assert finding["fix"]["applicability"] == "safe"


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ([], 1),
        (["--exit-zero"], 0),
        (["--ignore", "MM101"], 0),
        (["--select", "MM101"], 1),
        (["--select", "MM2"], 0),
        (["--converter", "mlir-v2"], 1),
        (["-o", "outputt"], 2),
        (["-o", "outputt", "--exit-zero"], 2),
    ],
)
def test_the_exit_code_follows_from_findings_and_options(
    options: list[str], code: int, capsys: Captured
) -> None:
    assert main(["check", BROKEN, *options]) == code


def test_an_unknown_output_is_a_finding_and_bad_usage(capsys: Captured) -> None:
    assert main(["check", BROKEN, "-o", "outptu", "--output-format", "concise"]) == 2
    out, err = capsys.readouterr()
    assert "MM901 error output 'outptu' is not in the graph; did you mean output?" in out
    assert not err


def test_of_an_unknown_input_the_placeholders_are_named_first(capsys: Captured) -> None:
    main(["check", BROKEN, "-i", "x", "--select", "MM901", "--output-format", "markdown"])
    assert "The graph begins at 'input'." in capsys.readouterr().out


def test_a_shape_that_does_not_fit_is_the_callers(capsys: Captured) -> None:
    main(["check", BROKEN, "-i", "input=1,2,3,4", "--select", "MM403", "--converter", "mlir-int8"])
    out = capsys.readouterr().out
    assert "its inputs do not fit its op; TensorFlow refuses it" in out
    assert "Check the shapes that are given with -i" in out


@pytest.mark.parametrize(
    ("form", "lines"), [("full", 0), ("concise", 0), ("json", 1), ("full={}/report.txt", 1)]
)
def test_an_unknown_name_is_said_once(form: str, lines: int, tmp_path: Path, capsys: Captured) -> None:
    words = ["check", BROKEN, "-o", "output", "-i", "inptu=1,2", "--output-format", form.format(tmp_path)]
    assert main(words) == 2
    out, err = capsys.readouterr()
    assert len(err.splitlines()) == lines
    assert (out + err).count("did you mean") == (1 if form != "json" else 2)
    assert "output-not-found" not in out


def test_no_converter_takes_a_name_that_the_graph_does_not_have(capsys: Captured) -> None:
    assert main(["check", BROKEN, "-o", "outptu", "--output-format", "json"]) == 2
    predictions = json.loads(capsys.readouterr().out)["reports"][0]["predictions"]
    assert {found["verdict"] for found in predictions.values()} == {"abort"}
    assert {found["message"] for found in predictions.values()} == {"Invalid tensors 'outptu' were found."}


def test_one_unreadable_model_does_not_hide_the_others(capsys: Captured) -> None:
    assert main(["check", "gone.pb", BROKEN, "--output-format", "json"]) == 2
    out, err = capsys.readouterr()
    document = json.loads(out)
    assert [report["path"] for report in document["reports"]] == [BROKEN]
    assert document["unreadable"][0]["path"] == "gone.pb"
    assert err.startswith("error: gone.pb")


def test_several_formats_in_one_run(tmp_path: Path, capsys: Captured) -> None:
    report = tmp_path / "report.json"
    argv = ["check", BROKEN, "--output-format", "concise", "--output-format", f"json={report}"]
    assert main(argv) == 1
    assert json.loads(report.read_text())["summary"]["errors"] == 1
    assert capsys.readouterr().out.startswith(f"{BROKEN}: MM101 error ")


def test_quiet_says_nothing_of_a_clean_model(capsys: Captured) -> None:
    assert main(["check", GUARDED, "-o", "output_guarded", "--quiet"]) == 0
    assert capsys.readouterr() == ("", "")


def test_a_graph_comes_through_standard_input(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(Path(BROKEN).read_bytes())))
    assert main(["check", "-", "--output-format", "concise"]) == 1
    assert capsys.readouterr().out.startswith("-: MM101 ")


def test_fix_repairs_and_reports_what_is_left(tmp_path: Path, capsys: Captured) -> None:
    fixed = tmp_path / "fixed.pb"
    before = Path(BROKEN).read_bytes()
    assert main(["check", BROKEN, "--fix", "--output", str(fixed)]) == 0
    out, err = capsys.readouterr()
    assert "1 fixed" in out
    assert str(fixed) in err
    assert Path(BROKEN).read_bytes() == before
    assert main(["check", str(fixed)]) == 0


def modules_after(*argv: str) -> set[str]:
    """The top-level packages that the command line has imported when it is done."""
    code = (
        "import sys; from minmax_lint.cli import main; main(sys.argv[1:]); "
        "print(*{name.split('.')[0] for name in sys.modules}, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code, *argv], capture_output=True, text=True, check=True)
    return set(done.stderr.split())


HEAVY = {"tensorflow", "numpy", "networkx", "tflite"}


def test_check_imports_nothing_heavy() -> None:
    assert not modules_after("check", BROKEN) & HEAVY


def test_formats_for_machines_need_no_rich() -> None:
    assert not modules_after("check", BROKEN, "--output-format", "json") & (HEAVY | {"rich"})

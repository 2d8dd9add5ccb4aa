"""The configuration file on the command line: models, settings, ignores, baselines."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from minmax_lint.cli import main
from minmax_lint.workflows.opened import Opened
from tests.cli.founding import BROKEN, GUARDED

Captured = pytest.CaptureFixture[str]

CONFIG = """\
[tool.minmax-lint]
converters = ["mlir"]

[[tool.minmax-lint.models]]
path = "models/broken*.pb"
outputs = ["output"]

[[tool.minmax-lint.models]]
path = "models/sound.pb"
outputs = ["output_guarded"]
"""
ACCEPTED = """
[[tool.minmax-lint.models.ignore]]
code = "MM101"
reason = "the FakeQuant of the output is not wanted"
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with two models and a pyproject.toml."""
    (tmp_path / "models").mkdir()
    shutil.copy(BROKEN, tmp_path / "models" / "broken.pb")
    shutil.copy(GUARDED, tmp_path / "models" / "sound.pb")
    (tmp_path / "pyproject.toml").write_text(CONFIG)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def document(capsys: Captured, *argv: str) -> dict[str, Any]:
    main(["check", "--output-format", "json", *argv])
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def codes(document: dict[str, Any]) -> dict[str, list[str]]:
    return {one["path"]: [found["code"] for found in one["findings"]] for one in document["reports"]}


def test_a_plain_check_lints_every_model_of_the_repository(project: Path, capsys: Captured) -> None:
    assert codes(document(capsys)) == {"models/broken.pb": ["MM101"], "models/sound.pb": []}


def test_a_model_named_on_the_command_line_keeps_its_settings(project: Path, capsys: Captured) -> None:
    (report,) = document(capsys, "models/sound.pb")["reports"]
    assert report["outputs"] == ["output_guarded"]
    assert list(report["predictions"]) == ["mlir-2.21"]


def test_the_command_line_overrides_the_file(project: Path, capsys: Captured) -> None:
    (report,) = document(capsys, "models/sound.pb", "-o", "output", "--converter", "toco")["reports"]
    assert report["outputs"] == ["output"]
    assert list(report["predictions"]) == ["toco-2.15"]


def test_isolated_reads_no_file(project: Path, capsys: Captured) -> None:
    (report,) = document(capsys, "models/sound.pb", "--isolated", "-o", "output")["reports"]
    assert list(report["predictions"]) == ["toco-2.15", "mlir-2.21"]
    assert main(["check", "--isolated"]) == 2


def test_other_commands_read_inputs_and_outputs_of_the_file_as_well(project: Path, capsys: Captured) -> None:
    assert main(["fix", "models/broken.pb", "--output", "fixed.pb"]) == 0
    assert main(["inspect", "models/sound.pb", "--output-format", "json"]) == 0
    out = capsys.readouterr().out
    assert json.loads(out[out.index("{") :])["outputs"] == ["output_guarded"]


def test_an_unknown_key_is_bad_usage_with_a_suggestion(project: Path, capsys: Captured) -> None:
    (project / "pyproject.toml").write_text('[tool.minmax-lint]\nconvertors = ["mlir"]\n')
    assert main(["check"]) == 2
    assert "did you mean converters" in capsys.readouterr().err


def test_an_accepted_finding_does_not_count(project: Path, capsys: Captured) -> None:
    first, second = CONFIG.split('\n[[tool.minmax-lint.models]]\npath = "models/sound.pb"')
    accepted = f'{first}{ACCEPTED}\n[[tool.minmax-lint.models]]\npath = "models/sound.pb"{second}'
    (project / "pyproject.toml").write_text(accepted)
    assert main(["check"]) == 0


def test_an_accepted_finding_that_is_none_is_reported(project: Path, capsys: Captured) -> None:
    (project / "pyproject.toml").write_text(CONFIG + ACCEPTED)
    assert codes(document(capsys))["models/sound.pb"] == ["MM902"]


def test_config_shows_each_value_with_its_origin(project: Path, capsys: Captured) -> None:
    assert main(["config", "--fixable", "MM101"]) == 0
    out = capsys.readouterr().out
    rows = {line.split()[0]: line for line in out.splitlines() if line.strip()}
    assert rows["setting"].split() == ["setting", "value", "from"]
    assert "mlir" in out
    assert "pyproject.toml [tool.minmax-lint]" in out
    assert "command line" in rows["fixable"]
    assert "default" in rows["fail-level"]
    assert "models/sound.pb" in out


def test_config_prints_its_settings_and_its_schema_as_json(project: Path, capsys: Captured) -> None:
    assert main(["config", "--output-format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["settings"]["converters"]["value"] == ["mlir"]
    assert [model["path"] for model in found["models"]] == ["models/broken.pb", "models/sound.pb"]
    assert main(["config", "--output-format", "schema"]) == 0
    assert "$schema" in json.loads(capsys.readouterr().out)


def test_a_baseline_hides_what_is_known_and_nothing_else(project: Path, capsys: Captured) -> None:
    assert main(["baseline", "create"]) == 0
    assert main(["check", "--baseline", "minmax-lint-baseline.json"]) == 0
    assert main(["baseline", "create"]) == 2
    assert main(["fix", "models/broken.pb", "--in-place"]) == 0
    assert main(["baseline", "prune", "--baseline", "minmax-lint-baseline.json"]) == 0
    shutil.copy(BROKEN, "models/broken.pb")
    assert main(["check", "--baseline", "minmax-lint-baseline.json"]) == 1


@pytest.mark.parametrize(
    ("file", "place"),
    [("pyproject.toml", "[tool.minmax-lint] of pyproject.toml"), ("minmax-lint.toml", "minmax-lint.toml")],
)
def test_the_baselines_advice_fits_the_configuration_file(
    file: str, place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    table = "[tool.minmax-lint]\n" if file == "pyproject.toml" else ""
    (tmp_path / file).write_text(f'{table}fail-level = "warning"\n')
    monkeypatch.chdir(tmp_path)
    assert main(["baseline", "create", BROKEN]) == 0
    line = capsys.readouterr().err.splitlines()[1]
    assert line.endswith(f"in {place}")
    (tmp_path / file).write_text(f"{table}{line.split('`')[1]}\n")
    assert main(["check", BROKEN]) == 0
    assert "1 finding left out by the baseline" in capsys.readouterr().out
    assert main(["check"]) == 2
    wanted = "[[tool.minmax-lint.models]]" if table else "([[models]])"
    assert wanted in capsys.readouterr().err


def test_a_table_of_pyproject_in_a_file_of_our_own_is_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    (tmp_path / "minmax-lint.toml").write_text('[tool.minmax-lint]\nbaseline = "x"\n')
    monkeypatch.chdir(tmp_path)
    assert main(["check", BROKEN]) == 2
    assert "at the top of this file, without a table [tool.minmax-lint]" in capsys.readouterr().err


def test_what_takes_findings_out_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    (tmp_path / "minmax-lint.toml").write_text(
        f'[[models]]\npath = "{BROKEN}"\n[[models.ignore]]\ncode = "MM101"\nreason = "known"\n'
    )
    monkeypatch.chdir(tmp_path)
    main(["check", BROKEN])
    assert "1 finding left out by ignores of the configuration" in capsys.readouterr().out
    main(["check", BROKEN, "--ignore", "MM101"])
    assert "1 finding left out by selection" in capsys.readouterr().out


def test_baseline_alone_asks_for_its_action(capsys: Captured) -> None:
    assert main(["baseline"]) == 2
    assert "arguments are required: ACTION (create, update, prune); see" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["check"], ["baseline", "create"], ["baseline", "update"]])
def test_a_bad_model_never_loses_the_others(
    command: list[str], project: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lint(opened: Opened, *selection: object) -> object:
        if opened.path.endswith("fault.pb"):
            raise RuntimeError("a fault of ours")
        return whole(opened, *selection)

    whole = Opened.lint
    monkeypatch.setattr(Opened, "lint", lint)
    Path("baseline.json").write_text('{"version": 1, "models": {}}') if command[-1] == "update" else None
    Path("models/damaged.pb").write_bytes(b"\x0a\xff\xff")
    shutil.copy(BROKEN, "models/fault.pb")
    models = ["models/broken.pb", "models/damaged.pb", "models/gone.pb", "models/fault.pb", "models/sound.pb"]
    options = ["--output-format", "json"] if command == ["check"] else ["--baseline", "baseline.json"]
    assert main([*command, *models, *options]) == 2
    printed = capsys.readouterr()
    for bad in ("damaged", "gone", "fault"):
        assert f"models/{bad}.pb" in printed.err
    if command == ["check"]:
        assert [one["path"] for one in json.loads(printed.out)["reports"]] == [
            "models/broken.pb",
            "models/sound.pb",
        ]
    else:
        assert list(json.loads(Path("baseline.json").read_text())["models"]) == ["models/broken.pb"]
        assert "3 models could not be read" in printed.err


def test_a_baseline_of_no_model_that_can_be_read_is_not_written(project: Path) -> None:
    Path("models/damaged.pb").write_bytes(b"\x0a\xff\xff")
    assert main(["baseline", "create", "models/damaged.pb"]) == 2
    assert not Path("minmax-lint-baseline.json").exists()


def test_a_baseline_that_is_missing_is_bad_usage(project: Path, capsys: Captured) -> None:
    assert main(["check", "--baseline", "gone.json"]) == 2
    assert "gone.json" in capsys.readouterr().err


def test_config_lists_how_the_converter_is_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("minmax-lint.toml").write_text(
        'tensorflow = "2.18"\n[convert]\nflow = "tf2"\nrepresentative-dataset = true\n'
        'supported-ops = ["TFLITE_BUILTINS_INT8"]\n'
    )
    assert main(["config", "--output-format", "json"]) == 0
    called = json.loads(capsys.readouterr().out)["convert"]
    assert called["flow"] == "tf2"
    assert called["representative-dataset"] is True
    assert called["supported-ops"] == ["TFLITE_BUILTINS_INT8"]
    assert called["tensorflow"] == "2.18"
    assert main(["config"]) == 0
    out = capsys.readouterr().out
    assert "convert  minmax-lint.toml" in out
    assert "representative-dataset  True" in out
    Path("minmax-lint.toml").write_text("")
    main(["config", "--output-format", "json"])
    assert json.loads(capsys.readouterr().out)["convert"] == {}

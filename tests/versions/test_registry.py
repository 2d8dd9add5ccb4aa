"""`tests/versions.toml`: one registry for environments, tests, measurements and CI."""

import subprocess
import sys
from pathlib import Path

import pytest

from minmax_lint.converters.mlir.version import FIRST, LAST
from minmax_lint.converters.releases import MEASURED, dotted
from tests.profiles import VERSIONS
from tests.versions.__main__ import main, naming, proposals
from tests.versions.measure import Answer, profile_of
from tests.versions.registry import place, release, releases
from tests.versions.separating import separating

_ROOT = Path(__file__).parents[2]


def test_every_measured_release_has_an_environment() -> None:
    measured = {number for known in MEASURED.values() for number in known}
    assert measured <= releases().keys()
    assert set(releases()) >= VERSIONS


def test_ci_asks_the_registry() -> None:
    script = (_ROOT / ".ci" / "run").read_text()
    assert "tests.versions list ci" in script
    assert "tensorflow-cpu==" not in script


def test_the_projects_own_tensorflow_is_the_registrys() -> None:
    (here,) = [one for one in releases().values() if one.use == "here"]
    assert f'"tensorflow=={here.tensorflow}.*"' in (_ROOT / "pyproject.toml").read_text()


def test_a_use_is_listed_for_the_shell(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "ci"]) == 0
    assert capsys.readouterr().out == "2.15 2.18\n"


def test_an_environment_is_found_where_it_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MINMAX_LINT_ENVIRONMENTS", str(tmp_path))
    monkeypatch.delenv("MINMAX_LINT_TF218", raising=False)
    assert place("tf218") == tmp_path / "tf218" / "bin" / "python"
    monkeypatch.setenv("MINMAX_LINT_TF218", sys.executable)
    assert place("tf218") == Path(sys.executable)


def test_a_release_that_is_not_known_is_made_like_the_newest() -> None:
    new = release("2.99")
    assert (new.name, new.python, new.requirements) == ("tf299", "3.11", ("tensorflow-cpu==2.99.*",))


def test_an_environment_that_cannot_be_made_is_one_line_and_leaves_no_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fails(command: list[object], **options: object) -> None:
        (tmp_path / "tf299" / "bin").mkdir(parents=True, exist_ok=True)
        if "pip" in command:
            raise subprocess.CalledProcessError(1, "pip")

    monkeypatch.setenv("MINMAX_LINT_ENVIRONMENTS", str(tmp_path))
    monkeypatch.setattr("tests.versions.registry._python", lambda version: sys.executable)
    monkeypatch.setattr(subprocess, "run", fails)
    with pytest.raises(
        SystemExit, match=r"^no environment for TensorFlow 2\.99: tensorflow-cpu==2\.99\.\* .*$"
    ):
        main(["environment", "2.99"])
    assert not (tmp_path / "tf299").exists()


def test_a_new_release_is_compared_with_the_newest_known() -> None:
    assert profile_of("2.99", "v2").name == f"mlir-{dotted(LAST)}-v2"


def test_names_of_separating_graphs_are_unique() -> None:
    names = [one.name for one in separating()]
    assert len(names) == len(set(names))


def test_the_bounds_of_each_separating_graph_lie_within_the_modelled_versions() -> None:
    for one in separating():
        assert FIRST <= one.bounds.since <= one.bounds.until <= LAST, one.name


def test_tests_that_name_a_behaviour_are_found() -> None:
    found = naming("LEAVES_REPEATED_BIASES_FLOAT")
    assert Path(__file__) in found


@pytest.mark.slow
def test_a_pattern_that_a_new_release_lacks_is_proposed() -> None:
    graph = next(one for one in separating() if one.name == "fuse_sigmoid")
    profile = profile_of("2.99", "")
    with_it = Answer(graph, profile, {"verdict": "abort"}).predicted()
    assert with_it.verdict == "quantized"
    real = {"verdict": "float", "float_ops": [["EXP", "e"], ["ADD", "a"], ["DIV", "d"]]}
    without = {"verdict": "float", "float_ops": [["NEG", "n"], *real["float_ops"]]}
    found = [proposals("2.99", [Answer(graph, profile, answer)]) for answer in (real, without)]
    assert any("propose: fuse_sigmoid gets until=" in line for lines in found for line in lines)


def test_the_registry_needs_nothing_but_the_project() -> None:
    code = "import sys, tests.versions.registry; sys.exit('tensorflow' in sys.modules or 'pytest' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=_ROOT, check=False).returncode == 0

"""The pytest plugin, in a pytest of its own."""

import tomllib
from pathlib import Path

import pytest

import minmax_lint
from tests.cli.founding import BROKEN, GUARDED

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parents[2]
OWN = ("-p", "no:minmax-lint", "-p", "minmax_lint.pytest_plugin")
"""The plugin by its module: the tests do not depend on how the package is installed."""

TEST = """
def test_the_model(assert_quantizable):
    report = assert_quantizable({path!r}, outputs=[{output!r}])
    assert report.predictions["mlir-2.21"].verdict == "quantized"
"""


def test_installing_the_package_installs_the_plugin():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["entry-points"]["pytest11"] == {"minmax-lint": "minmax_lint.pytest_plugin"}


def test_a_sound_model_passes_and_gives_its_report(pytester):
    pytester.makepyfile(TEST.format(path=GUARDED, output="output_guarded"))
    pytester.runpytest(*OWN).assert_outcomes(passed=1)


def test_a_broken_model_fails_with_the_whole_report(pytester):
    pytester.makepyfile(TEST.format(path=BROKEN, output="output"))
    result = pytester.runpytest(*OWN)
    result.assert_outcomes(failed=1)
    printed = result.stdout.str()
    assert "eval-frozen.pb is not ready for quantization: " in printed
    assert "toco-2.15 aborts, mlir-2.21 is float" in printed
    assert "Array output does not have MinMax information" in printed
    assert "assertion.py" not in printed


def test_a_wrong_path_is_one_line_and_none_of_our_source(pytester):
    pytester.makepyfile(TEST.format(path="gone.pb", output="output"))
    printed = pytester.runpytest(*OWN).stdout.str()
    assert "UnreadableModel: gone.pb: there is no such file or folder" in printed
    assert "def lint" not in printed


def test_what_the_configuration_accepts_does_not_fail(pytester):
    pytester.makepyfile(TEST.format(path=BROKEN, output="output").split("\n    assert")[0])
    pytester.path.joinpath("minmax-lint.toml").write_text(
        f"[[models]]\npath = {BROKEN!r}\nignore = [{{ code = 'MM1', reason = 'healed by the exporter' }}]\n"
    )
    pytester.runpytest(*OWN).assert_outcomes(passed=1)


def test_a_bad_name_is_an_error_that_says_what_was_meant():
    with pytest.raises(minmax_lint.UserError, match="did you mean"):
        minmax_lint.assert_quantizable(BROKEN, outputs=["output"], converters=["tocco"])


def test_it_is_there_without_pytest():
    with pytest.raises(AssertionError, match=r"1 error, toco-1\.15 aborts"):
        minmax_lint.assert_quantizable(BROKEN, outputs="output", converters=["toco-1.15"])


def test_the_plugin_imports_nothing_of_ours_before_it_is_asked(pytester, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    pytester.makepyfile("import sys\ndef test_nothing():\n    assert 'minmax_lint.api' not in sys.modules\n")
    pytester.runpytest_subprocess(*OWN).assert_outcomes(passed=1)

"""The core installs without TensorFlow, and what needs TensorFlow says how to get it."""

import sys
import tomllib
from pathlib import Path

import pytest

from minmax_lint import guard
from minmax_lint.backends.conversion import interpreter
from minmax_lint.backends.conversion.interpreter import Installed, checked_interpreter
from minmax_lint.errors import UserError
from minmax_lint.loaders.keras.config import Recipe
from minmax_lint.loaders.keras.file import refusal_of

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRA = "pip install 'minmax-lint[tensorflow]'"


def test_the_core_brings_no_tensorflow() -> None:
    assert not [one for one in PROJECT["dependencies"] if "tensorflow" in one or "keras" in one]


def test_the_extra_for_tests_brings_tensorflow() -> None:
    assert any(one.startswith("tensorflow") for one in PROJECT["optional-dependencies"]["test"])


def test_the_action_and_the_hooks_install_the_core() -> None:
    action, hooks = ((ROOT / name).read_text() for name in ("action.yml", ".pre-commit-hooks.yaml"))
    assert "[tensorflow]" not in action
    assert "additional_dependencies" not in hooks


def test_an_interpreter_without_it_is_told_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interpreter, "_versions_installed", lambda path: Installed((3, 11), False))
    with pytest.raises(UserError) as raised:
        checked_interpreter(None)
    assert EXTRA in str(raised.value)
    assert "--python" in str(raised.value)


def test_the_guard_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    with pytest.raises(UserError, match="the guard needs TensorFlow"):
        guard(None)


def test_a_keras_file_names_the_extra() -> None:
    recipe = Recipe({"class_name": "Functional"}, "3.5.0")
    printed = refusal_of("ModuleNotFoundError", "No module named 'tensorflow'", recipe)
    assert EXTRA in printed
    assert "--python" in printed

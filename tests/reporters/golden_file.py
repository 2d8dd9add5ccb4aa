"""Golden files: output kept word for word. MINMAX_LINT_UPDATE_GOLDEN=1 writes them anew."""

import difflib
import io
import os
from pathlib import Path

import pytest

UPDATE = (
    "MINMAX_LINT_UPDATE_GOLDEN=1 .venv/bin/python -m pytest tests/reporters tests/docs tests/cli/test_fix.py"
)
GOLDEN = Path(__file__).parent / "golden"


class Stream(io.StringIO):
    """A text stream that is a terminal or is not, with an encoding."""

    def __init__(self, *, terminal: bool = False, encoding: str = "utf-8") -> None:
        super().__init__()
        self._terminal = terminal
        self._encoding = encoding

    @property
    def encoding(self) -> str:
        return self._encoding

    def isatty(self) -> bool:
        return self._terminal


def assert_golden(name: str, text: str) -> None:
    path = GOLDEN / name
    if os.environ.get("MINMAX_LINT_UPDATE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    expected = path.read_text(encoding="utf-8") if path.exists() else ""
    if text != expected or not path.exists():
        lines = difflib.unified_diff(expected.splitlines(), text.splitlines(), name, "now", lineterm="")
        pytest.fail("\n".join([*lines, f"Is that right? {UPDATE} writes it anew."]))

"""What gets imported when: a lint of a file needs no TensorFlow, and nearly nothing else."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GRAPH = ROOT / "fixtures" / "founding" / "eval-frozen.pb"
HEAVY = ("tensorflow", "networkx", "numpy", "rich", "google.protobuf", "tflite", "keras")

PRINT_HEAVY = f"import sys; print(*(name for name in {HEAVY!r} if name in sys.modules))"


def imported_by(code: str) -> set[str]:
    """The heavy packages that are loaded after `code` ran in a fresh interpreter."""
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{PRINT_HEAVY}"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize(
    ("code", "needed"),
    [
        ("import minmax_lint", set()),
        ("import minmax_lint.cli", set()),
        (f"import minmax_lint; minmax_lint.lint({str(GRAPH)!r})", {"google.protobuf"}),
        (
            f"import minmax_lint.cli; minmax_lint.cli.main(['check', {str(GRAPH)!r}, '--output-format', 'json'])",
            {"google.protobuf"},
        ),
        (f"import minmax_lint.cli; minmax_lint.cli.main(['check', {str(GRAPH)!r}])", {"google.protobuf"}),
    ],
    ids=["the package", "the command line", "lint", "check as json", "check without a terminal"],
)
def test_only_what_is_needed_is_imported(code: str, needed: set[str]) -> None:
    assert imported_by(code) == needed


def test_networkx_comes_when_it_is_asked_for() -> None:
    assert "networkx" in imported_by(f"import minmax_lint; minmax_lint.lint({str(GRAPH)!r}).kept")

"""What the page for contributors adds, put where it says, works: a rule, an op, a pattern, a format, a repair."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from minmax_lint.graph.build import Builder
from minmax_lint.graph.graph import Graph
from minmax_lint.writers.graphdef import encode
from tests.docs.blocks import ROOT, blocks

PAGE = ROOT / "minmax_lint" / "docs" / "pages" / "contributing.md"
SHAPE = """
from pathlib import Path
from minmax_lint.graph.trace import trace
from minmax_lint.inference.inference import Inference
from minmax_lint.loaders import load
kept = trace(load(Path("net.pb")).graph, ("input",), ("output",))
print(Inference(kept, {}).shape("ndtri"))
"""
FILE = re.compile(r"# (?P<file>\S+\.(py|toml))(, (?P<table>\S+))?\n")


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package and its tests with everything that the page adds."""
    root = tmp_path_factory.mktemp("scratch")
    for folder in ("minmax_lint", "tests"):
        shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", root)
    for block in (*blocks(PAGE, "python"), *blocks(PAGE, "py"), *blocks(PAGE, "text")):
        head = FILE.match(block)
        assert head is not None
        file, text = root / head["file"], block[head.end() :]
        if head["table"] is None:
            assert not file.exists()
            file.write_text(text)
        else:
            file.write_text(_with_row(file.read_text(), head["table"], text))
    return root


def _with_row(module: str, table: str, row: str) -> str:
    if table == "end":
        return f"{module}\n\n{row}"
    first = r"^from minmax_lint" if table == "import" else rf"^{table}\b[^=\n]*= [^\n]*\n(    \"\"\"\n)?"
    if table.startswith("["):
        first = rf"^{re.escape(table)}\n"
    place = re.search(first, module, re.MULTILINE)
    assert place is not None, table
    at = place.start() if table == "import" else place.end()
    return module[:at] + row + module[at:]


def _python(root: Path, code: str) -> str:
    """What the code prints where the copy is imported."""
    environment = {**os.environ, "PYTHONPATH": str(root)}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    assert done.returncode in (0, 1), done.stderr
    return done.stdout


def _run(root: Path, *words: str) -> str:
    """What minmax-lint of the copy prints."""
    return _python(root, f"import sys; from minmax_lint.cli import main; sys.exit(main({words!r}))")


def _written(root: Path, graph: Graph) -> Path:
    file = root / "net.pb"
    file.write_bytes(encode(graph))
    return file


def _net(*ops: str) -> Graph:
    """Ops in a row between two FakeQuants."""
    b = Builder()
    x = b.fake_quant("quant", b.placeholder("input", [1, 4]), -6, 6)
    for op in ops:
        x = b.add(op, op.lower(), x)
    b.fake_quant("output", x, 0, 6)
    return b.graph()


def test_the_rule_is_found_explained_and_reported_in_the_new_format(scratch: Path) -> None:
    file = _written(scratch, _net("Digamma"))
    assert "net.pb,MM299,digamma" in _run(
        scratch, "check", file.name, "--select", "MM299", "--output-format", "csv"
    )
    assert "MM299" in _run(scratch, "docs", "mm299")


def test_the_commands_of_the_new_pattern_transformation_and_format_pass(scratch: Path) -> None:
    commands = [line for block in blocks(PAGE, "sh")[1:] for line in block.splitlines()]
    assert len(commands) == 4
    for command in commands:
        settings, _, words = command.partition(".venv/bin/python -m ")
        given = dict(setting.split("=") for setting in settings.split())
        done = subprocess.run(
            [sys.executable, "-m", *shlex.split(words), "-p", "no:cacheprovider"],
            cwd=scratch,
            env={**os.environ, "PYTHONPATH": str(scratch), **given},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        assert "passed" in done.stdout


def test_every_file_of_tests_that_is_named_exists() -> None:
    named = set(re.findall(r"(?<![\w/])tests/[\w/]+(?:\.\w+)?", PAGE.read_text())) - {
        "tests/reporters/test_NAME.py"
    }
    assert [place for place in sorted(named) if not (ROOT / place).exists()] == []


def test_the_format_is_in_the_help(scratch: Path) -> None:
    assert "csv" in _run(scratch, "check", "--help")


def test_the_op_has_a_shape_and_an_operator(scratch: Path) -> None:
    file = _written(scratch, _net("Ndtri"))
    (report,) = json.loads(_run(scratch, "check", file.name, "--output-format", "json"))["reports"]
    mlir = next(found for name, found in report["predictions"].items() if name.startswith("mlir"))
    assert "NDTRI" in json.dumps(mlir)
    assert _python(scratch, SHAPE) == "(1, 4)\n"


def test_the_repair_is_applied_where_it_helps(scratch: Path) -> None:
    file = _written(scratch, _net("Relu", "Abs"))
    shown = _run(scratch, "fix", file.name, "--converter", "toco-2.15", "-o", "output", "--diff")
    assert "rewired output: reads relu, was abs" in shown

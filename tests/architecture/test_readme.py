"""README says what the project does."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from minmax_lint.cli import COMMANDS
from tests.architecture.readme import README, with_rules

ROOT = Path(__file__).parents[2]


def commands() -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", README.read_text(), re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]


def test_the_table_of_rules_is_up_to_date() -> None:
    assert with_rules(README.read_text()) == README.read_text()


def test_every_command_is_mentioned() -> None:
    assert [name for name in COMMANDS if f"`minmax-lint {name}" not in README.read_text()] == []


def test_ci_runs_the_test_command() -> None:
    (command,) = [line for line in commands() if "pytest" in line]
    assert command in (ROOT / ".ci" / "run").read_text()


def test_every_file_that_a_command_reads_is_there() -> None:
    words = [word for line in commands() for word in shlex.split(line)]
    named = [word for word in words if word.startswith("fixtures/")]
    assert named
    assert [word for word in named if not (ROOT / word).exists()] == []

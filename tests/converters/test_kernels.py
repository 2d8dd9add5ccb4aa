"""The table of kernels against what interpreters do with models of one operator (tests/versions/kernel_models.py)."""

import json
from pathlib import Path

import pytest

from minmax_lint.converters.kernels import KERNELS

MEASURED = json.loads((Path(__file__).parents[2] / "fixtures" / "kernels.json").read_text())
"""Version -> operator -> type -> `ok`, or what its interpreter says."""
OPERATORS = 90
WRONG_INDEX = {"GATHER_ND"}
"""Its index is random: the kernel takes the type, and refuses the index."""


@pytest.mark.parametrize("version", MEASURED)
def test_a_row_lacks_what_the_interpreter_refuses(version: str) -> None:
    major, _, minor = version.partition(".")
    number = int(major), int(minor)
    measured = {
        (op, kind)
        for op, types in MEASURED[version].items()
        for kind, says in types.items()
        if says != "ok" and op not in WRONG_INDEX
    }
    lacking = {
        (op, kind)
        for op, row in KERNELS.items()
        for kind in (*row.lacks, *(one for one, first in row.since.items() if number < first))
    }
    assert lacking == measured
    assert len(MEASURED[version]) >= OPERATORS


@pytest.mark.parametrize("op", KERNELS)
def test_a_row_quotes_the_interpreter(op: str) -> None:
    row = KERNELS[op]
    says = {
        kind: {measured[op][kind] for measured in MEASURED.values() if measured[op][kind] != "ok"}
        for kind in (*row.lacks, *row.since)
    }
    for kind, quoted in says.items():
        words = row.refusal(kind).split(" was not true")[0].split(" || ...")[0].split(", ...")[0]
        assert any(words.rstrip(".") in one for one in quoted) or quoted == {"refused"}, (words, quoted)

"""Linting every graph of fixtures/corpus with six profiles, in one process.

Target: 0.02 s a graph (977 graphs in 20 s).
"""

import json
from collections.abc import Iterator
from pathlib import Path

from minmax_lint import lint
from tests.benchmarks.clock import best
from tests.benchmarks.figure import Figure
from tests.profiles import RECORDED

CORPUS = Path(__file__).parents[2] / "fixtures" / "corpus"


def measure() -> Iterator[Figure]:
    """Seconds for all graphs, and for one on average."""
    with (CORPUS / "cases.jsonl").open() as lines:
        cases = [json.loads(line) for line in lines]

    def lint_all() -> None:
        for case in cases:
            lint(CORPUS / case["graph"], case["inputs"], case["outputs"], converters=list(RECORDED))

    seconds = best(lint_all, times=2)
    yield Figure(f"{len(cases)} graphs, six profiles", seconds, "s")
    yield Figure("one graph, six profiles", seconds / len(cases), "s", 20 / 977)

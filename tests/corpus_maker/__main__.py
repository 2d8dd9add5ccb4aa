"""Rebuild fixtures/corpus: `python -m tests.corpus_maker [--output FOLDER] [--random N] [--runs N]`.

Makes the graphs, asks the six real converters what they do with each, several times, and writes graphs/ and
cases.jsonl (see fixtures/corpus/README.md). A converter that answers differently from run to run is marked
`unstable`. Needs TensorFlow 1.15 (Python 3.7), 2.15 and 2.21: MINMAX_LINT_TF115, _TF215, _TF221, or the
environments `.venv-tf115`, `.venv-tf215`, `.venv-tf221`.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from minmax_lint.api import lint
from minmax_lint.loaders.parse import parse
from tests.corpus_maker.case import Case, contrib_cases, generated_cases
from tests.differential.forked import Expected, ForkServer, multiset
from tests.profiles import RECORDED, VERSIONS
from tests.versions.registry import releases

MORE_RUNS = 8
MORE_PROCESSES = 12
"""For what the model calls undetermined: UNPACK with unread results gets integer in one process of six."""


def main(arguments: list[str] | None = None) -> int:
    """Make the corpus."""
    parser = argparse.ArgumentParser(prog="python -m tests.corpus_maker", description=__doc__)
    parser.add_argument("--output", type=Path, default=Path("fixtures/corpus"), help="default: %(default)s")
    parser.add_argument("--random", type=int, default=120, help="random graphs (default: %(default)s)")
    parser.add_argument("--runs", type=int, default=4, help="runs of each converter (default: %(default)s)")
    options = parser.parse_args(arguments)
    pythons = {version: releases()[version].interpreter for version in sorted(VERSIONS)}
    missing = [releases()[version].name for version, python in pythons.items() if python is None]
    if missing:
        parser.error(f"no interpreter for {', '.join(missing)}; see the top of this help")
    found = {version: python for version, python in pythons.items() if python is not None}
    cases = [*contrib_cases(found[1, 15]), *generated_cases(options.random)]
    # One thread a TensorFlow: each waits for a process of its own.
    with ThreadPoolExecutor(len(found)) as pool:
        answers = list(pool.map(lambda item: _answers(*item, cases, options.runs), found.items()))
    _write(
        options.output,
        cases,
        [{k: v for part in row for k, v in part.items()} for row in zip(*answers, strict=True)],
    )
    return 0


def _answers(
    version: tuple[int, int], python: Path, cases: Sequence[Case], runs: int
) -> list[dict[str, Expected]]:
    """By case, what the converters of one TensorFlow do with it.

    Every run has a TensorFlow process of its own: children forked from one share its memory layout, and with it
    some of what makes MLIR's answers differ.
    """
    profiles = [profile.name for profile in RECORDED.values() if profile.version == version]
    asked: list[dict[str, list[Expected]]] = [{name: [] for name in profiles} for _ in cases]
    times = [{name: _times(case, name) for name in profiles} for case in cases]
    for run in range(runs + MORE_PROCESSES):
        with ForkServer(python) as server:
            for case, answers, often in zip(cases, asked, times, strict=True):
                for name in profiles:
                    if run < runs or often[name] > 1:
                        answers[name] += [_answer(server, name, case) for _ in range(often[name])]
    return [{name: _settled(found) for name, found in answers.items()} for answers in asked]


def _answer(server: ForkServer, profile: str, case: Case) -> Expected:
    return server.answer(profile, case.graph, case.inputs, case.outputs)


def _times(case: Case, profile: str) -> int:
    """More often where the model says that the answer may differ: some differ once in ten runs."""
    report = lint(parse(case.graph), inputs=case.inputs, outputs=case.outputs, converters=[profile])
    return MORE_RUNS if report.predictions[profile].verdict == "undetermined" else 1


def _settled(answers: Sequence[Expected]) -> Expected:
    """The first answer, marked `unstable` where another run gives another."""
    unstable = any(multiset(answer) != multiset(answers[0]) for answer in answers)
    return {**answers[0], "unstable": True} if unstable else answers[0]


def _write(folder: Path, cases: Sequence[Case], answers: Sequence[dict[str, Any]]) -> None:
    (folder / "graphs").mkdir(parents=True, exist_ok=True)
    for old in (folder / "graphs").glob("*.pb"):
        old.unlink()
    lines = []
    for case, answer in zip(cases, answers, strict=True):
        graph = f"graphs/{case.id}.pb"
        (folder / graph).write_bytes(case.graph)
        record = {"id": case.id, "family": case.family, "graph": graph, "inputs": case.inputs}
        record |= {"outputs": case.outputs, "nodes": case.nodes}
        lines.append(json.dumps({**record, "expected": {name: answer[name] for name in RECORDED}}))
    (folder / "cases.jsonl").write_text("".join(f"{line}\n" for line in lines))


if __name__ == "__main__":
    sys.exit(main())

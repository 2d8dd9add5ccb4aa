"""Rebuild fixtures/corpus_post_training: `python -m tests.corpus_maker.post_training [--random N]`.

The graphs are float: the same pieces as those of fixtures/corpus, without FakeQuants. TensorFlow 2.15 and 2.21
convert each after training, and the interpreter runs what they make. Graphs on which chance decides are left out.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from minmax_lint.api import lint
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.fakequant import FAKE_QUANTS
from minmax_lint.graph.graph import Graph, graph_of
from minmax_lint.loaders.parse import parse
from minmax_lint.writers.graphdef import encode
from tests.corpus_maker.case import Case
from tests.corpus_maker.pieces import NotApplicable
from tests.corpus_maker.probes import probes
from tests.corpus_maker.program import Built, Program, build
from tests.corpus_maker.random_programs import random_program
from tests.differential.forked import Expected, ForkServer
from tests.versions.registry import release

VERSIONS = ("2.15", "2.21")
CALLS = ("int8", "16x8-fallback")
ALL_CALLS = ("int8", "16x8-fallback", "16x8", "dynamic", "float16")
EVERY = 10
"""Of every tenth graph all calls are asked for."""


def without_ranges(program: Program) -> Built:
    """The graph of a program without any FakeQuant. Raises NotApplicable as `build` does."""
    bare = replace(program, quant=None, steps=tuple(step._replace(quants=()) for step in program.steps))
    built = build(bare)
    return built._replace(graph=stripped(built.graph))


def stripped(graph: Graph) -> Graph:
    """The graph with an Identity in the place of every FakeQuant."""
    identity = {"op": "Identity", "attrs": {"T": DType.FLOAT}}
    return graph_of(
        [
            node._replace(inputs=node.inputs[:1], **identity) if node.op in FAKE_QUANTS else node
            for node in graph
        ]
    )


def cases(count: int) -> Iterator[Case]:
    """All probes, and the random graphs of seeds 0 to `count` - 1, each without FakeQuants."""
    programs = [(name, "probes", program) for name, program in probes()]
    programs += [(f"random-{seed:05}", "random", random_program(seed)) for seed in range(count)]
    for name, family, program in programs:
        try:
            built = without_ranges(program)
        except NotApplicable:
            continue
        case = Case(name, family, encode(built.graph), built.inputs, built.outputs, len(built.graph))
        if not by_chance(case):
            yield case


def by_chance(case: Case) -> bool:
    """Whether the model says that chance decides in one of the versions."""
    names = [f"mlir-{version}-int8" for version in VERSIONS]
    report = lint(parse(case.graph), inputs=case.inputs, outputs=case.outputs, converters=names)
    return any("from run to run" in report.predictions[name].message for name in names)


def calls_of(number: int) -> Sequence[str]:
    """What the `number`-th graph is converted with."""
    return CALLS if number % EVERY else ALL_CALLS


def answers(version: str, python: Path, found: Sequence[Case]) -> list[dict[str, Expected]]:
    """By case, what one TensorFlow makes of it."""
    with ForkServer(python) as server:
        return [
            {
                name: server.answer(name, case.graph, case.inputs, case.outputs)
                for name in (f"mlir-{version}-{call}" for call in calls_of(number))
            }
            for number, case in enumerate(found)
        ]


def main(arguments: list[str] | None = None) -> int:
    """Make the corpus."""
    parser = argparse.ArgumentParser(prog="python -m tests.corpus_maker.post_training", description=__doc__)
    parser.add_argument("--output", type=Path, default=Path("fixtures/corpus_post_training"))
    parser.add_argument("--random", type=int, default=260, help="random graphs (default: %(default)s)")
    options = parser.parse_args(arguments)
    pythons = {version: release(version).interpreter for version in VERSIONS}
    if not all(pythons.values()):
        parser.error(f"no interpreter for {pythons}; see tests/versions.toml")
    found = list(cases(options.random))
    with ThreadPoolExecutor(len(pythons)) as pool:
        made = list(pool.map(lambda item: answers(*item, found), pythons.items()))
    graphs = options.output / "graphs"
    graphs.mkdir(parents=True, exist_ok=True)
    for old in graphs.glob("*.pb"):
        old.unlink()
    with (options.output / "cases.jsonl").open("w") as lines:
        for case, *expected in zip(found, *made, strict=True):
            (graphs / f"{case.id}.pb").write_bytes(case.graph)
            told = {"id": case.id, "family": case.family, "graph": f"graphs/{case.id}.pb"}
            told |= {"inputs": case.inputs, "outputs": case.outputs, "nodes": case.nodes}
            merged = {name: answer for part in expected for name, answer in part.items()}
            lines.write(json.dumps({**told, "expected": merged}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

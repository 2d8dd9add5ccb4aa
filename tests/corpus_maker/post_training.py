"""Continue fixtures/corpus_post_training: `python -m tests.corpus_maker.post_training [--random N]`.

The graphs are float: the same pieces as those of fixtures/corpus, without FakeQuants. TensorFlow 2.15 and 2.21
convert each after training, and the interpreter runs what they make. Graphs on which chance decides are left out.
Every answer is written at once; a case that is there already is not asked for again. To make the corpus anew,
remove the folder first.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
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
RANGED = ("QuantizeAndDequantizeV2", "QuantizeAndDequantizeV3")
"""Ops that state a range without being a FakeQuant: a graph with them is not float."""
EVERY = 10
"""Of every tenth graph all calls are asked for."""


def without_ranges(program: Program) -> Built:
    """The graph of a program without any FakeQuant.

    Raises NotApplicable as `build` does, and for a graph that brings ranges in another way.
    """
    bare = replace(program, quant=None, steps=tuple(step._replace(quants=()) for step in program.steps))
    built = build(bare)
    if any(node.op in RANGED for node in built.graph):
        raise NotApplicable("QuantizeAndDequantize")
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
    seen = set()
    for name, family, program in programs:
        try:
            built = without_ranges(program)
        except NotApplicable:
            continue
        case = Case(name, family, encode(built.graph), built.inputs, built.outputs, len(built.graph))
        if case.graph in seen or by_chance(case):  # probes differ by FakeQuants alone
            continue
        seen.add(case.graph)
        yield case


def by_chance(case: Case) -> bool:
    """Whether the model says that chance decides in one of the versions."""
    names = [f"mlir-{version}-int8" for version in VERSIONS]
    report = lint(parse(case.graph), inputs=case.inputs, outputs=case.outputs, converters=names)
    return any("from run to run" in report.predictions[name].message for name in names)


def calls_of(number: int) -> Sequence[str]:
    """What the `number`-th graph is converted with."""
    return CALLS if number % EVERY else ALL_CALLS


def answers(server: ForkServer, version: str, case: Case, calls: Sequence[str]) -> dict[str, Expected]:
    """By profile, what one TensorFlow makes of a case."""
    names = [f"mlir-{version}-{call}" for call in calls]
    return {name: server.answer(name, case.graph, case.inputs, case.outputs) for name in names}


def write(output: Path, case: Case, expected: dict[str, Expected]) -> None:
    """Append a case to the corpus in `output`."""
    place = f"graphs/{case.id}.pb"
    (output / place).write_bytes(case.graph)
    line = {"id": case.id, "family": case.family, "graph": place, "inputs": case.inputs}
    line |= {"outputs": case.outputs, "nodes": case.nodes, "expected": expected}
    with (output / "cases.jsonl").open("a") as lines:
        lines.write(json.dumps(line) + "\n")


def main(arguments: list[str] | None = None) -> int:
    """Continue the corpus."""
    parser = argparse.ArgumentParser(prog="python -m tests.corpus_maker.post_training", description=__doc__)
    parser.add_argument("--output", type=Path, default=Path("fixtures/corpus_post_training"))
    parser.add_argument("--random", type=int, default=260, help="random graphs (default: %(default)s)")
    options = parser.parse_args(arguments)
    pythons = {version: release(version).interpreter for version in VERSIONS}
    if not all(pythons.values()):
        parser.error(f"no interpreter for {pythons}; see tests/versions.toml")
    (options.output / "graphs").mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        servers = {version: stack.enter_context(ForkServer(python)) for version, python in pythons.items()}
        pool = stack.enter_context(ThreadPoolExecutor(len(servers)))
        for number, case in enumerate(cases(options.random)):
            if (options.output / "graphs" / f"{case.id}.pb").exists():
                continue
            calls = calls_of(number)
            asked = [
                pool.submit(answers, server, version, case, calls) for version, server in servers.items()
            ]
            merged = {name: answer for part in asked for name, answer in part.result().items()}
            write(options.output, case, merged)
    return 0


if __name__ == "__main__":
    sys.exit(main())

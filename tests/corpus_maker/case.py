"""A graph of the corpus in the making: its bytes and its ends."""

import json
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from minmax_lint.loaders.parse import parse
from minmax_lint.writers.graphdef import encode
from tests.corpus_maker.probes import probes
from tests.corpus_maker.program import Program, build
from tests.corpus_maker.random_programs import random_program

_NETS = Path(__file__).with_name("contrib_nets.py")


@dataclass(frozen=True)
class Case:
    """A frozen GraphDef with its inputs and outputs."""

    id: str
    family: str
    """`heads`, `nets` (TensorFlow 1.15's contrib.quantize), `probes`, `random`."""
    graph: bytes
    inputs: dict[str, list[int]]
    outputs: list[str]
    nodes: int


def contrib_cases(python: Path) -> Iterator[Case]:
    """Heads and nets, made by the Python that has TensorFlow 1.15."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([python, _NETS, folder], check=True, stderr=subprocess.DEVNULL)
        for case in json.loads(Path(folder, "cases.json").read_text()):
            graph = Path(folder, f"{case['id']}.pb").read_bytes()
            yield Case(**case, graph=graph, nodes=len(parse(graph).graph))


def generated_cases(count: int) -> Iterator[Case]:
    """All probes, and the random graphs of seeds 0 to `count` - 1."""
    for name, program in probes():
        yield _case(name, "probes", program)
    for seed in range(count):
        yield _case(f"random-{seed:05}", "random", random_program(seed))


def _case(name: str, family: str, program: Program) -> Case:
    built = build(program)
    return Case(name, family, encode(built.graph), built.inputs, built.outputs, len(built.graph))

"""Every graph that a fix claims to heal is converted by the real converter, to integers throughout."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from itertools import count, islice
from pathlib import Path
from typing import NamedTuple

import pytest

import minmax_lint
from minmax_lint.writers.graphdef import encode
from tests.corpus_maker.heads import heads
from tests.corpus_maker.program import Program, build
from tests.corpus_maker.random_programs import random_program
from tests.differential.forked import ForkServer
from tests.interpreters import tf215, tf221

PROFILES = ("toco-2.15", "mlir-2.15", "mlir-2.21")
CONVERTERS: dict[str, Callable[[], Path]] = {"toco-2.15": tf215, "mlir-2.15": tf215, "mlir-2.21": tf221}
OPTIONS = [{}, {"unsafe": True, "default_range": (-6.0, 6.0)}]
HEADS, RANDOM = 20, 50
"""How many graphs of each kind are converted: about half a minute for all three converters."""


class Healed(NamedTuple):
    """A fixed graph, with the profiles that failed before."""

    name: str
    graph: bytes
    inputs: dict[str, list[int]]
    outputs: tuple[str, ...]
    strategy: str
    failed_before: frozenset[str]


@cache
def healed() -> tuple[Healed, ...]:
    """Broken graphs that a fix makes convert everywhere, by prediction."""
    made = ((f"seed {seed}", random_program(seed)) for seed in count())
    return (*islice(_chosen(islice(heads(), 0, None, 7)), HEADS), *islice(_chosen(made), RANDOM))


def _chosen(programs: Iterator[tuple[str, Program]]) -> Iterator[Healed]:
    for name, program in programs:
        net = build(program)
        for options in OPTIONS:
            try:
                patch = minmax_lint.fix(
                    encode(net.graph), net.inputs, net.outputs, converters=PROFILES, **options
                )
            except minmax_lint.UserError:
                continue
            before, after = patch.before.predictions, patch.after.predictions
            failed = frozenset(
                profile for profile in PROFILES if before[profile].verdict in ("abort", "float")
            )
            if failed and all(found.verdict == "quantized" for found in after.values()):
                graph = encode(patch.graph)
                yield Healed(name, graph, net.inputs, patch.outputs, patch.strategy, failed)
                break


def test_the_graphs_need_every_repair_that_converters_ask_for() -> None:
    used = {name for one in healed() for name in one.strategy.split("+")}
    assert used >= {"retarget", "insert", "fold", "replace"}
    assert all(any(profile in one.failed_before for one in healed()) for profile in PROFILES)


@pytest.mark.parametrize("profile", PROFILES)
def test_what_is_fixed_converts(profile: str) -> None:
    wrong = []
    with ForkServer(CONVERTERS[profile]()) as server:
        for one in healed():
            answer = server.answer(profile, one.graph, one.inputs, one.outputs)
            if answer["verdict"] != "quantized":
                wrong.append((one.name, one.strategy, answer))
    assert not wrong

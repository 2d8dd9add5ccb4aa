"""Fresh float graphs, converted after training here and now: the models against the real quantizers of TF 2.21."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import pytest

from minmax_lint.api import lint
from minmax_lint.loaders.parse import parse
from minmax_lint.writers.graphdef import encode
from tests.corpus.scoring import detail_right
from tests.corpus_maker.case import Case
from tests.corpus_maker.pieces import NotApplicable
from tests.corpus_maker.post_training import by_chance, without_ranges
from tests.corpus_maker.random_programs import random_program
from tests.differential.forked import ForkServer
from tests.interpreters import tf221

FIRST_SEED = 40_000
GRAPHS = 20


def fresh() -> Iterator[Case]:
    """Random graphs without FakeQuants on which chance does not decide."""
    for seed in range(FIRST_SEED, FIRST_SEED + 10 * GRAPHS):
        try:
            built = without_ranges(random_program(seed))
        except NotApplicable:
            continue
        case = Case(str(seed), "random", encode(built.graph), built.inputs, built.outputs, len(built.graph))
        if not by_chance(case):
            yield case


@pytest.mark.parametrize("profile", ["mlir-2.21-int8", "mlir-2.21-16x8-fallback"])
def test_model_says_what_the_real_quantizer_does(profile: str) -> None:
    wrong = []
    with ForkServer(tf221()) as server:
        for case in islice(fresh(), GRAPHS):
            expected = server.answer(profile, case.graph, case.inputs, case.outputs)
            report = lint(parse(case.graph), case.inputs, case.outputs, [profile])
            if not detail_right(expected, report.predictions[profile]):
                wrong.append((case.id, expected, report.predictions[profile].verdict))
    assert not wrong

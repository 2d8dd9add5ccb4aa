"""Fresh float graphs, converted after training here and now: the models against the real quantizers of TF 2.21."""

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
PROGRAMS, NETS = 10, 8


def nets(server: ForkServer) -> Iterator[Case]:
    """Random networks of TensorFlow's own functions on which chance does not decide."""
    cases = map(server.float_net, range(FIRST_SEED, FIRST_SEED + 10 * NETS))
    return (case for case in cases if not by_chance(case))


def fresh() -> Iterator[Case]:
    """Random graphs without FakeQuants on which chance does not decide."""
    for seed in range(FIRST_SEED, FIRST_SEED + 10 * PROGRAMS):
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
        for case in (*islice(fresh(), PROGRAMS), *islice(nets(server), NETS)):
            expected = server.answer(profile, case.graph, case.inputs, case.outputs)
            report = lint(parse(case.graph), case.inputs, case.outputs, [profile])
            found = report.predictions[profile]
            runs = found.runs in (None, expected["runs"] == "ok") if "runs" in expected else True
            if not (detail_right(expected, found) and runs):
                wrong.append((case.id, expected, found.verdict, found.runs))
    assert not wrong

"""Fresh random graphs: the models against the real TOCO and MLIR of TensorFlow 2.15, converted here and now."""

from __future__ import annotations

import pytest

from tests.corpus_maker.random_programs import random_program
from tests.differential.comparison import Comparer
from tests.interpreters import tf215

GRAPHS = 150
MIN_SHARE = {"toco-2.15": 0.98}
"""Lower than on the corpus: a sample of this size may hold one or two graphs that nobody has thought of."""


@pytest.mark.parametrize("profile", MIN_SHARE)
def test_model_says_what_the_real_converter_does(profile: str) -> None:
    with Comparer({(2, 15): tf215()}) as comparer:
        found = [comparer.compare(random_program(seed), profile) for seed in range(10_000, 10_000 + GRAPHS)]
    stable = [comparison for comparison in found if comparison.outcome != "unstable"]
    wrong = [comparison for comparison in stable if comparison.outcome != "agrees"]
    assert len(stable) > 0.8 * GRAPHS
    assert 1 - len(wrong) / len(stable) >= MIN_SHARE[profile], [
        (comparison.program, comparison.expected) for comparison in wrong
    ]

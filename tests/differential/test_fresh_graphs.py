"""Fresh random graphs: the models against the real TOCO and MLIR of TensorFlow 2.15, converted here and now."""

from collections import Counter

import pytest

from tests.corpus_maker.random_programs import random_program
from tests.differential.comparison import Comparer
from tests.interpreters import tf215

GRAPHS = 150
MIN_SHARE = {"toco-2.15": 0.98, "mlir-2.15": 0.98}
"""Lower than on the corpus: a sample of this size may hold one or two graphs that nobody has thought of."""
MAX_BY_CHANCE = {"toco-2.15": 0.0, "mlir-2.15": 0.2}
"""Of the graphs, those on which the converter itself answers by chance, and the model says so."""


@pytest.mark.parametrize("profile", MIN_SHARE)
def test_model_says_what_the_real_converter_does(profile: str) -> None:
    with Comparer({(2, 15): tf215()}) as comparer:
        found = [comparer.compare(random_program(seed), profile) for seed in range(10_000, 10_000 + GRAPHS)]
    tally = Counter(comparison.outcome for comparison in found)
    wrong = [(c.program, c.expected) for c in found if c.outcome in ("disagrees", "undetermined")]
    assert tally["unstable"] <= MAX_BY_CHANCE[profile] * GRAPHS
    assert tally["agrees"] / (GRAPHS - tally["unstable"]) >= MIN_SHARE[profile], wrong

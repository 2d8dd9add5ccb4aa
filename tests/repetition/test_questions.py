"""What was asked of one block is asked of its twins."""

from __future__ import annotations

import pytest

from minmax_lint.graph.build import Builder
from minmax_lint.graph.graph import Graph
from minmax_lint.graph.tensor import Tensor
from minmax_lint.graph.trace import trace
from minmax_lint.repetition.answering import answering_otherwise
from minmax_lint.repetition.condensed import Condensed, condensed
from minmax_lint.repetition.cut import cut
from minmax_lint.repetition.followed import FollowedNumber
from minmax_lint.repetition.questions import Questions
from minmax_lint.repetition.told import NotTold
from tests.repetition.random_chains import as_read

LAYERS = 20
LIMIT = 7.5


def chain(highest: dict[int, float]) -> Graph:
    """Relus, each with a range of its own: up to 5 + n / 8, or up to `highest[n]`."""
    b = Builder()
    x = b.fake_quant("input/quant", b.placeholder("input", [1, 4]), -1, 1)
    for layer in range(LAYERS):
        x = b.add("Relu", f"relu_{layer}", b.dense(f"dense_{layer}", x, 4, 4))
        x = b.fake_quant(f"quant_{layer}", x, 0, highest.get(layer, 5 + layer / 8))
    return as_read(b.graph())


def smaller(graph: Graph) -> Condensed:
    pieces = cut(graph, trace(graph, ["input"], [f"quant_{LAYERS - 1}"]))
    assert pieces is not None
    found = condensed(pieces, {"input": (1, 4)}, {})
    assert found is not None
    return found


def high(found: Condensed, layer: int) -> float:
    value = found.graph[found.graph[f"quant_{layer}"].inputs[2].node].tensor()
    assert isinstance(value, Tensor)
    return value.real()


def layers(found: Condensed, blocks: object) -> set[int]:
    return {
        layer
        for layer in range(LAYERS)
        if found.block(f"quant_{layer}") in blocks  # type: ignore[operator]
    }


def followed_layers(found: Condensed) -> list[int]:
    there = [layer for layer in range(LAYERS) if f"quant_{layer}" in found.graph]
    return [layer for layer in there if isinstance(high(found, layer), FollowedNumber)]


def test_twins_that_answer_alike_may_be_told() -> None:
    found = smaller(chain({}))
    assert all(high(found, layer) < 100 for layer in followed_layers(found))
    questions = Questions(found)
    assert not answering_otherwise(found, questions, ())


def test_twins_that_answer_otherwise_are_found_and_those_that_read_them() -> None:
    found = smaller(chain({12: 8.0, 15: 9.0}))
    assert all(high(found, layer) < LIMIT for layer in followed_layers(found))
    questions = Questions(found)
    assert layers(found, answering_otherwise(found, questions, ())) == {12, 13, 15, 16}


def test_a_question_about_two_neighbours_is_asked_of_the_twins_neighbours() -> None:
    found = smaller(chain({12: 2.0}))
    staying = followed_layers(found)
    pairs = [(low, low + 1) for low in staying if low + 1 in staying]
    assert pairs
    assert all(high(found, low) < high(found, up) for low, up in pairs)
    questions = Questions(found)
    assert layers(found, answering_otherwise(found, questions, ())) == {12}


def test_numbers_are_worked_out_for_every_twin() -> None:
    found = smaller(chain({}))
    staying = followed_layers(found)[0]
    number = high(found, staying) * 2
    questions = Questions(found)
    opened = questions.number(found.block(f"quant_{staying}"), number)  # type: ignore[arg-type]
    twins = [found.block("quant_9"), found.block("quant_11")]
    assert questions.worked_out([opened], twins)[opened] == [2 * (5 + 9 / 8), 2 * (5 + 11 / 8)]


def strangers(found: Condensed) -> tuple[int, int]:
    staying = followed_layers(found)
    return next((low, up) for low in staying for up in staying if low + 1 < up)


def test_layers_that_do_not_read_each_other_may_be_unequal_as_all_twins_are() -> None:
    found = smaller(chain({}))
    one, other = strangers(found)
    assert high(found, one) != high(found, other)
    questions = Questions(found)
    assert not answering_otherwise(found, questions, ())


def test_layers_that_do_not_read_each_other_may_not_be_unequal_where_twins_are_equal() -> None:
    found = smaller(chain({}))
    one, other = strangers(found)
    assert abs(high(found, one) - 6) != abs(high(found, other) - 6)
    questions = Questions(found)
    with pytest.raises(NotTold):
        answering_otherwise(found, questions, ())


def test_layers_that_do_not_read_each_other_may_not_be_compared_otherwise() -> None:
    found = smaller(chain({}))
    one, other = strangers(found)
    assert high(found, one) < high(found, other)
    with pytest.raises(NotTold):
        Questions(found)

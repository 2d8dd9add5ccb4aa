"""Values that are followed behave as numbers do, and what is asked of them is noted."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minmax_lint.converters.mlir.quantize.fake_quant_support import scale_of
from minmax_lint.converters.toco.model import MinMax
from minmax_lint.converters.toco.parameters import array_parameters
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.fakequant import Range
from minmax_lint.graph.tensor import Tensor
from minmax_lint.repetition.followed import FollowedNumber, FollowedTensor, plain
from minmax_lint.repetition.journal import Journal

FLOATS = st.floats(-1e6, 1e6, width=32)


def tensor(journal: Journal, node: int, *numbers: float) -> FollowedTensor:
    return FollowedTensor(journal, journal.leaf(node), Tensor.of(DType.FLOAT, [len(numbers)], numbers))


def number(journal: Journal, node: int, value: float) -> Any:
    return tensor(journal, node, value).real()


@pytest.mark.parametrize(
    "function",
    [
        lambda a, b: a + b,
        lambda a, b: 2 - a * b,
        lambda a, b: 1 / (abs(a) + 1) + abs(b) // 3 % 5,
        lambda a, b: (abs(a) + 1) ** 0.5 - -b,
        lambda a, b: round(a) + math.floor(b) + math.ceil(a) + math.trunc(b),
        lambda a, b: max(a, b, 0.0) + min(a, b),
        lambda a, b: scale_of(Range(a, b), 8, False).range[1],
        lambda a, b: (array_parameters(MinMax(a, b), True) or (0,))[0],
    ],
)
@given(a=FLOATS, b=FLOATS)
def test_computing_with_followed_numbers_gives_what_plain_ones_give(
    function: Callable[[Any, Any], Any], a: float, b: float
) -> None:
    journal = Journal()
    found = function(number(journal, 0, a), number(journal, 1, b))
    assert plain(found) == function(a, b)
    assert not journal.exposed


@pytest.mark.parametrize("name", ["lt", "le", "eq", "ne", "gt", "ge"])
@pytest.mark.parametrize(("a", "b"), [(1.0, 2.0), (2.0, 2.0), (math.nan, 0.0)])
def test_a_comparison_is_answered_and_noted(name: str, a: float, b: float) -> None:
    journal = Journal()
    answer = getattr(operator, name)(number(journal, 0, a), b)
    assert answer is getattr(operator, name)(a, b)
    assert answer in journal.answers.values()


@pytest.mark.parametrize(
    "look",
    [float, int, hash, str, repr, math.sqrt, math.isnan, lambda n: f"{n:.3g}", lambda n: {n: 1}],
    ids=["float", "int", "hash", "str", "repr", "sqrt", "isnan", "format", "key"],
)
def test_whoever_sees_the_number_itself_is_noted(look: Callable[[Any], Any]) -> None:
    journal = Journal()
    look(number(journal, 0, 2.0))
    assert journal.exposed


@pytest.mark.parametrize(
    "look",
    [Tensor.values, Tensor.numpy, lambda t: t.content, repr],
    ids=["values", "numpy", "content", "repr"],
)
def test_whoever_sees_the_elements_themselves_is_noted(look: Callable[[Any], Any]) -> None:
    journal = Journal()
    asked = FollowedTensor.__dict__.get(getattr(look, "__name__", ""), look)
    asked(tensor(journal, 0, 1.0, 2.0))
    assert journal.exposed


def test_a_whole_number_counts_and_a_float_does_not() -> None:
    journal = Journal()
    assert len(range(math.trunc(number(journal, 0, 3.5)))) == 3
    assert journal.exposed
    with pytest.raises(TypeError):
        range(number(journal, 1, 3.5))


def test_a_constant_has_the_values_of_no_other() -> None:
    journal = Journal()
    one, other = tensor(journal, 0, 1.0), tensor(journal, 1, 1.0)
    assert one.hint() != other.hint()
    assert one.same_values(one)
    assert not one.same_values(other)
    assert not journal.exposed


def test_a_number_is_no_float_that_something_written_in_c_could_look_into() -> None:
    assert not issubclass(FollowedNumber, float)

"""What stands for a million strings without holding them says what they would say."""

from __future__ import annotations

from array import array

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minmax_lint.graph import texts as columns
from minmax_lint.graph.chosen import Chosen
from minmax_lint.graph.graph import Columns, Graph
from minmax_lint.graph.inputs import Inputs
from minmax_lint.graph.places import hashes_of
from minmax_lint.graph.texts import Texts, hash_of

RELAXED = settings(max_examples=200, deadline=None, derandomize=True)
PIECES = st.lists(st.text(st.characters(max_codepoint=127), max_size=40) | st.text(max_size=3), max_size=12)


def texts_of(pieces: list[str], behind: int = 80) -> Texts:
    """A column of those pieces: what is not ASCII is held apart, all else lies in a buffer."""
    found = Texts("".join(piece for piece in pieces if piece.isascii()).encode() + bytes(behind))
    at = 0
    for piece in pieces:
        if piece.isascii():
            span = array("q", [at]).tobytes(), array("q", [at + len(piece)]).tobytes()
            found.extend(*span, array("Q", [hash_of(piece)]).tobytes())
            at += len(piece)
        else:
            found.append(piece)
    return found


@RELAXED
@given(PIECES, st.slices(12))
def test_texts_are_a_sequence_of_strings(pieces: list[str], wanted: slice) -> None:
    texts = texts_of(pieces)
    assert list(texts) == [texts[at] for at in range(len(texts))] == pieces
    assert texts[wanted] == pieces[wanted]
    assert [texts.mention(part) for part in ("a", "00")] == [
        any(part in piece for piece in pieces) for part in ("a", "00")
    ]


@RELAXED
@given(PIECES, PIECES, st.sampled_from([0, 16, 80]), st.sampled_from([0, 1 << 30]))
def test_texts_are_found_where_they_are(
    pieces: list[str], others: list[str], behind: int, patience: int
) -> None:
    pieces = list(dict.fromkeys(pieces))
    texts = texts_of(pieces, behind)
    wanted = others + pieces
    expected = [pieces.index(one) if one in pieces else None for one in wanted]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(columns, "PATIENCE", patience)
        assert [texts.find(one) for one in wanted] == expected
    assert texts.places is not None
    found = texts.places.of(texts_of(wanted, behind)).tolist()
    assert [None if place < 0 else place for place in found] == expected


def test_where_two_texts_are_the_same_the_last_one_is_found() -> None:
    texts = texts_of(["a", "b", "a"])
    assert texts.places is None
    assert (texts.find("a"), texts.find("b"), texts.find("c")) == (2, 1, None)


def test_what_is_no_unicode_is_not_found() -> None:
    assert texts_of(["a"] * 2).find("\udcff") is texts_of(list("abcdefghi") * 9).find("\udcff") is None
    assert texts_of([str(number) for number in range(99)]).find("\udcff") is None


def test_an_equal_hash_alone_makes_no_equal_text() -> None:
    texts, others = texts_of(["a", "b"]), texts_of(["c", "dd", "é", "b"])
    others.hashes[:3] = array("Q", [texts.hashes[0]] * 3)
    assert texts.places is not None
    assert texts.places.of(others).tolist() == [-1, -1, -1, 1]


@RELAXED
@given(st.text(st.characters(max_codepoint=127), min_size=1), st.data())
def test_hashes_of_many_are_those_of_each(content: str, data: st.DataObject) -> None:
    spans = data.draw(st.lists(st.tuples(*[st.integers(0, len(content))] * 2).map(sorted), max_size=6))
    starts, ends = numpy.array(spans, numpy.int64).reshape(-1, 2).T
    found = hashes_of(content.encode(), starts, ends)
    assert found is not None
    assert found.tolist() == [hash_of(content[start:end]) for start, end in spans]


def test_only_ascii_is_hashed_at_once() -> None:
    assert hashes_of("aé".encode(), numpy.array([0]), numpy.array([3])) is None


def test_inputs_are_a_sequence_of_tuples() -> None:
    inputs = Inputs(texts_of([]))
    inputs.append(("a", "b:1"))
    for text in ("^c", "d", "e"):
        inputs.texts.append(text)
    inputs.extend(array("q", [2, 3, 5]).tobytes())
    inputs.append(())
    expected = [("a", "b:1"), (), ("^c",), ("d", "e"), ()]
    assert list(inputs) == [inputs[place] for place in range(5)] == expected
    assert inputs[1:3] == expected[1:3]
    assert (inputs[-2], len(inputs)) == (("d", "e"), 5)


def test_chosen_nodes_are_a_set_of_names() -> None:
    graph = Graph(Columns(["a", "b", "c"], ["NoOp"] * 3, [()] * 3, lambda place: ({}, "")))
    chosen = Chosen(graph, bytes([1, 0, 1]))
    assert chosen == {"a", "c"}
    assert ("b" in chosen, "a" in chosen, "x" in chosen, len(chosen)) == (False, True, False, 2)
    assert chosen | {"x"} == {"a", "c", "x"}
    assert chosen & frozenset({"c", "b"}) == {"c"}
    assert {"b", "c"} & chosen == {"c"}
    assert not chosen.isdisjoint({"a"})

"""Headers read from many records at once are those read from each record alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from minmax_lint.errors import UnreadableModel
from minmax_lint.loaders.graphdef import headers
from minmax_lint.loaders.graphdef.headers import read_headers
from minmax_lint.loaders.graphdef.large_node import after_header
from minmax_lint.loaders.graphdef.lockstep import layout
from minmax_lint.loaders.graphdef.records import node_records
from minmax_lint.loaders.wire import delimited, encoded_varint
from minmax_lint.writers.graphdef import encode
from tests.fuzz.graphs import absurd_graphs, disturbed_graphs

RELAXED = settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))

_payloads = st.sampled_from(
    [b"", b"a", b"Const", b"^a", b"a:1", "é".encode(), b"\xff", b"x" * 130]
) | st.binary(max_size=5)
_usual = st.builds(
    lambda name, op, inputs, rest: b"".join(
        delimited(number, len(payload)) + payload
        for number, payload in [
            (1, name),
            (2, op),
            *((3, text) for text in inputs),
            *((5, one) for one in rest),
        ]
    ),
    st.sampled_from([b"a", b"b/c", b"n" * 130, "é".encode()]),
    st.sampled_from([b"Const", b"Relu"]),
    st.lists(st.sampled_from([b"a", b"^b", b"n" * 130]), max_size=3),
    st.lists(st.binary(max_size=3) | st.just(b"x" * 200), max_size=3),
)


@st.composite
def _odd(draw: st.DrawFn) -> bytes:
    """Fields in any order, of any number and wire type, whose lengths may be wrong or written at length."""
    found = b""
    for _ in range(draw(st.integers(0, 4))):
        number, wire_type = draw(st.integers(0, 17)), draw(st.sampled_from([2, 2, 2, 2, 0, 1, 3, 5, 7]))
        found += encoded_varint(number << 3 | wire_type)
        payload = draw(_payloads)
        if wire_type == 2:
            size = encoded_varint(max(0, len(payload) + draw(st.sampled_from([0, 0, 0, 1, -1]))))
            longer = draw(st.sampled_from([0, 0, 1, 2]))
            found += (
                size if not longer else size[:-1] + bytes([size[-1] | 0x80]) + b"\x80" * (longer - 1) + b"\0"
            )
        found += payload
    return found


@st.composite
def _graphs(draw: st.DrawFn) -> bytes:
    found = b""
    for record in draw(st.lists(_usual, max_size=4)) + draw(st.lists(_usual | _odd(), max_size=2)):
        found += delimited(1, len(record)) + record
    return found + draw(st.sampled_from([b"", b"", b"\x22\x02\x08\x1b", b"\x0a", b"\x0a\x05ab"]))


def outcome(read: Callable[[bytes], object], content: bytes) -> object:
    """What is read, or what is said."""
    try:
        return read(content)
    except UnreadableModel as error:
        return str(error)


def columns(content: bytes) -> object:
    found = read_headers(content, node_records(content, 0, len(content)))
    return list(found.names), found.ops, list(found.inputs)


def at_once(content: bytes) -> object:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(headers, "MANY", 0)
        patch.setattr(headers, "_FEW", 0)
        patch.setattr(headers, "_MOST_APART", 1 << 30)
        return columns(content)


@RELAXED
@given(_graphs() | absurd_graphs().map(encode) | disturbed_graphs().map(encode), st.data())
def test_records_read_at_once_are_those_read_alone(content: bytes, data: st.DataObject) -> None:
    if content and data.draw(st.booleans()):
        at = data.draw(st.integers(0, len(content) - 1))
        content = content[:at] + bytes([data.draw(st.integers(0, 255))]) + content[at + 1 :]
    assert outcome(at_once, content) == outcome(columns, content)


@RELAXED
@given(st.lists(_usual, min_size=1, max_size=5))
def test_records_of_the_usual_form_are_read_at_once(nodes: list[bytes]) -> None:
    content, starts, ends = b"", [], []
    for node in nodes:
        starts.append(len(content))
        content += delimited(1, len(node))
        ends.append(after_header(content + node, len(content), len(content) + len(node)))
        content += node
    found = layout(content, starts)
    assert found is not None
    if b"n" * 130 not in content:
        assert found.ends.tolist() == ends


def test_where_hardly_any_record_is_usual_all_are_read_alone() -> None:
    content = b"".join(delimited(1, 6) + b"\x12\x01b\x0a\x01" + bytes([name]) for name in b"abcdefghi")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(headers, "MANY", 0)
        found = read_headers(content, node_records(content, 0, len(content)))
    assert found.names == list("abcdefghi")


def test_a_record_of_very_many_fields_is_read_alone() -> None:
    node = b"\x0a\x01a\x12\x01b" + b"\x1a\x01c" * 65
    content = delimited(1, len(node)) + node
    assert layout(content, [0]) is None
    assert at_once(content) == (["a"], ["b"], [("c",) * 65])

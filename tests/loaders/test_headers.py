"""Names, ops and inputs of an indexed graph are those that protobuf reads."""

import pytest
from google.protobuf.message import DecodeError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from minmax_lint.errors import UnreadableModel
from minmax_lint.loaders.graphdef.index import LARGE, index_nodes
from minmax_lint.loaders.wire import delimiter, encode_varint
from minmax_lint.schema.messages import message_class
from minmax_lint.writers.graphdef import encode
from tests.fuzz.graphs import absurd_graphs, disturbed_graphs

RELAXED = settings(max_examples=150, derandomize=True, suppress_health_check=list(HealthCheck))

_payloads = st.sampled_from(
    [b"", b"a", b"Const", b"^a", b"a:1", "é".encode(), b"\xff", b"x" * 130]
) | st.binary(max_size=5)
_usual = st.builds(
    lambda name, op, inputs, rest: b"".join(
        delimiter(number, len(payload)) + payload
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
        found += encode_varint(number << 3 | wire_type)
        payload = draw(_payloads)
        if wire_type == 2:
            size = encode_varint(max(0, len(payload) + draw(st.sampled_from([0, 0, 0, 1, -1]))))
            longer = draw(st.sampled_from([0, 0, 1, 2]))
            found += (
                size if not longer else size[:-1] + bytes([size[-1] | 0x80]) + b"\x80" * (longer - 1) + b"\0"
            )
        found += payload
    return found


@st.composite
def _graphs(draw: st.DrawFn) -> bytes:
    found = b""
    large = _usual.map(lambda record: record + delimiter(15, LARGE) + bytes(LARGE))
    for record in draw(st.lists(_usual | large, max_size=4)) + draw(st.lists(_usual | _odd(), max_size=2)):
        found += delimiter(1, len(record)) + record
    return found + draw(st.sampled_from([b"", b"", b"\x22\x02\x08\x1b", b"\x0a", b"\x0a\x05ab"]))


def columns(content: bytes) -> object:
    found = index_nodes(content, 0, len(content))
    return list(found.names), list(found.ops), list(found.inputs)


@pytest.mark.slow
@RELAXED
@given(
    _graphs() | absurd_graphs().map(encode) | disturbed_graphs().map(encode),
    st.data(),
)
def test_headers_are_those_that_protobuf_reads(content: bytes, data: st.DataObject) -> None:
    if content and data.draw(st.booleans()):
        at = data.draw(st.integers(0, len(content) - 1))
        content = content[:at] + bytes([data.draw(st.integers(0, 255))]) + content[at + 1 :]
    try:
        nodes = message_class("GraphDef").FromString(content).node
    except DecodeError:
        nodes = None
    try:
        found = columns(content)
    except UnreadableModel:
        assert nodes is None
        return
    if nodes is not None:
        assert found == (
            [node.name for node in nodes],
            [node.op for node in nodes],
            [tuple(node.input) for node in nodes],
        )

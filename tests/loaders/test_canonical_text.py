"""The quick reading of text graphs says what the general parser says, or nothing."""

import math
from pathlib import Path

import pytest
from google.protobuf import text_format
from hypothesis import given, settings
from hypothesis import strategies as st

from minmax_lint.loaders.graphdef.canonical_text import serialize
from minmax_lint.schema.messages import message_class

FOUNDING = Path(__file__).parents[2] / "fixtures" / "founding"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("eval.pb", "GraphDef"),
        ("eval-guarded.pb", "GraphDef"),
        ("eval-saved_model/saved_model.pb", "SavedModel"),
        ("train-checkpoint-tf1.15.5/out.ckpt.meta", "MetaGraphDef"),
    ],
)
def test_a_printed_message_is_read_back(name, message):
    expected = message_class(message).FromString((FOUNDING / name).read_bytes())
    found = serialize(text_format.MessageToString(expected), message)
    assert found is not None
    assert message_class(message).FromString(found) == expected


def test_the_founding_text_is_read_quickly():
    text = (FOUNDING / "eval.pbtxt").read_text()
    found = serialize(text, "GraphDef")
    assert found is not None
    assert message_class("GraphDef").FromString(found) == text_format.Parse(text, message_class("GraphDef")())


@pytest.mark.slow
@settings(max_examples=200)
@given(
    name=st.text(),
    content=st.binary(),
    real=st.floats(width=32),
    whole=st.integers(-(2**63), 2**63 - 1),
    flags=st.lists(st.booleans()),
)
def test_every_value_survives_printing(name, content, real, whole, flags):
    graph = message_class("GraphDef")()
    node = graph.node.add(name=name.encode("utf-8", "ignore").decode(), op="Op")
    node.attr["content"].tensor.tensor_content = content
    node.attr["real"].f = real
    node.attr["whole"].i = whole
    node.attr["flags"].list.b.extend(flags)
    node.attr["shape"].shape.dim.add(size=-1)
    node.attr["type"].type = 3
    found = serialize(text_format.MessageToString(graph), "GraphDef")
    assert found is not None
    again = message_class("GraphDef").FromString(found)
    value = again.node[0].attr["real"].f
    assert value == real or (math.isnan(value) and math.isnan(real))
    again.node[0].attr["real"].f = graph.node[0].attr["real"].f = 0
    assert again == graph


@pytest.mark.parametrize(
    "text",
    [
        'node { name: "a" }',
        'node {\n  name: "a" # why\n}',
        "node {\n  name: 'a'\n}",
        'node <\n  name: "a"\n>',
        'node: {\n  name: "a"\n}',
        'node {\n  input: ["a", "b"]\n}',
        'node {\n  name: "a" "b"\n}',
        'node {\n  nam: "a"\n}',
        'node {\n  name: "a"\n',
        "}",
        "versions {\n  producer: 99999999999999999999999\n}",
        'node {\n  attr {\n    key: "T"\n    value {\n      type: DT_FLOAD\n    }\n  }\n}',
    ],
)
def test_anything_unusual_is_left_to_the_general_parser(text):
    assert serialize(text, "GraphDef") is None

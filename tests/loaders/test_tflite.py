"""A finished .tflite model is read as what it is, and shown as a graph."""

import contextlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minmax_lint
from minmax_lint.errors import UnreadableModel, UserError
from minmax_lint.loaders import load
from minmax_lint.loaders.tflite.file import read_model

TFLITE = Path(__file__).parents[2] / "fixtures" / "tflite"
GAP = TFLITE / "gap.tflite"


def test_the_graph_shows_the_ops_by_the_names_of_what_they_write():
    model = load(GAP)
    assert model.format == "tflite"
    ops = [(node.op, node.name.split(";")[0]) for node in model.graph if node.op != "Const"]
    assert ops == [
        ("Placeholder", "input"),
        ("CONV_2D", "first/Relu6"),
        ("DEQUANTIZE", "first/act_quant"),
        ("CONV_2D", "second/Relu6"),
        ("CONV_2D", "third/Relu6"),
        ("QUANTIZE", "third/act_quant"),
    ]


def test_every_op_reads_what_another_wrote():
    graph = load(GAP).graph
    assert all(edge.node in graph for node in graph for edge in node.inputs)


def test_inputs_and_outputs_are_facts_and_not_inferred():
    report = minmax_lint.lint(GAP)
    assert (report.inputs, report.outputs) == ({"input": (1, 8, 8, 4)}, ("third/act_quant",))
    assert not report.inferred


def test_options_and_small_constants_are_read():
    model = read_model(GAP)
    assert {op.options.get("FusedActivationFunction") for op in model.ops if op.name == "CONV_2D"} == {3}
    weights = model.ops[0].inputs[1]
    assert (weights.constant, weights.values, weights.shape) == (True, None, (4, 3, 3, 4))


def test_there_is_nothing_to_fix_in_it():
    with pytest.raises(UserError, match="finished TFLite model; fix the graph that it was made from"):
        load(GAP).require_graph("fix")


@settings(max_examples=200)
@given(st.integers(8, GAP.stat().st_size - 4), st.integers(0, 2**32 - 1))
def test_a_damaged_file_is_read_or_refused_in_bounded_time(place, word):
    content = bytearray(GAP.read_bytes())
    content[place : place + 4] = word.to_bytes(4, "little")
    with contextlib.suppress(UnreadableModel):
        load_bytes(bytes(content))


@pytest.mark.parametrize("length", range(8, 2664, 97))
def test_a_truncated_file_is_read_or_refused(length):
    with contextlib.suppress(UnreadableModel):
        load_bytes(GAP.read_bytes()[:length])


def load_bytes(content):
    from minmax_lint.loaders.parse import parse

    return parse(content)

"""Inputs with one field, block or member changed never end in a traceback, a hang or a full memory: a short search."""

import sys
from itertools import islice

import pytest

from minmax_lint.converters.profile import PROFILES
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.graph import graph_of
from minmax_lint.graph.names import Edge
from minmax_lint.graph.node import Node
from minmax_lint.graph.tensor import Tensor
from minmax_lint.loaders.content import Kind
from minmax_lint.loaders.keras.container import container
from tests.fuzz.campaign import KINDS, case, hdf5_cases, limited, run, seeds
from tests.fuzz.survival import one_line, survives

CASES = 500
"""Of all kinds together; by hand there are more: `python -m tests.fuzz --engine fields --cases 100000`."""


def test_a_short_search_over_all_kinds_finds_nothing():
    tally = run(CASES, seed=0)
    assert not tally.failures, str(tally)
    assert sum(tally.cases.values()) == CASES
    assert set(tally.cases) == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_a_mutator_makes_other_inputs_and_the_same_again(kind):
    made = [case(1, kind, number)[1] for number in range(20)]
    assert made == [case(1, kind, number)[1] for number in range(20)]
    assert len(set(made) - set(seeds(kind))) > 5


def test_hdf5_files_with_changed_structures_are_read_or_refused(tmp_path):
    path = tmp_path / "model.h5"
    for content in islice(hdf5_cases(0), 6):
        path.write_bytes(content)
        with one_line():
            assert container(path, Kind.KERAS_HDF5, sys.executable).config


def test_what_takes_too_long_is_stopped():
    def endless():
        with limited(0.05):
            while True:
                pass

    with pytest.raises(TimeoutError):
        endless()


@pytest.mark.parametrize("lengths", [(2, 3, 3, 3), (3, 3, 2, 3), (3, 3, 3, 1), (0, 3, 3, 3)])
def test_parameters_of_a_batch_normalization_of_other_lengths(lengths):
    nodes = [Node("x", "Placeholder", attrs={"dtype": DType.FLOAT, "shape": (1, 4, 4, 3)})]
    for name, length in zip("abcd", lengths, strict=True):
        value = Tensor.of(DType.FLOAT, [length], [1.0] * length)
        nodes.append(Node(name, "Const", attrs={"dtype": DType.FLOAT, "value": value}))
    edges = tuple(Edge(name, 0) for name in "xabcd")
    nodes.append(Node("y", "FusedBatchNormV3", edges, attrs={"T": DType.FLOAT, "is_training": False}))
    survives(graph_of(nodes), tuple(PROFILES.values()))


@pytest.mark.parametrize("dtype", [DType.INVALID, DType.INT32, DType.STRING, DType.QINT8])
def test_an_op_of_no_real_type_among_quantized_ones(dtype):
    """Its integer form was made over and over."""

    def fake_quant(name, of, high):
        bounds = [(f"{name}/min", -1.0), (f"{name}/max", high)]
        for bound, value in bounds:
            held = Tensor.of(DType.FLOAT, [], [value])
            yield Node(bound, "Const", attrs={"dtype": DType.FLOAT, "value": held})
        edges = (Edge(of, 0), *(Edge(bound, 0) for bound, _ in bounds))
        yield Node(name, "FakeQuantWithMinMaxVars", edges, attrs={"num_bits": 8, "narrow_range": False})

    nodes = [
        Node("x", "Placeholder", attrs={"dtype": DType.FLOAT, "shape": (1, 8)}),
        *fake_quant("x/quant", "x", 1.0),
        Node("relu6", "Relu6", (Edge("x/quant", 0),), attrs={"T": dtype}),
        *fake_quant("relu6/quant", "relu6", 1.0),
        Node("y", "Mul", (Edge("relu6/quant", 0), Edge("relu6", 0)), attrs={"T": DType.FLOAT}),
        *fake_quant("y/quant", "y", 6.0),
    ]
    survives(graph_of(nodes), tuple(PROFILES.values()))

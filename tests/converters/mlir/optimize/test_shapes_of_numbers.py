"""The numbers that activations are recognized by: any shape, but a larger one than the array's ends the conversion.

285 graphs of such kinds measured with each of TF 2.15.1 and 2.21, in the TF2 flow.
"""

from collections.abc import Callable, Sequence

import pytest

import minmax_lint
from minmax_lint.converters.example import Net
from minmax_lint.writers.graphdef import encode

FITTING = [(), (1,), (4,), (4, 4), (1, 4, 4), (2, 1, 1), (2, 4, 4)]
LARGER = [(1, 1, 1, 1), (1, 2, 4, 4), (3, 2, 4, 4)]
Number = Callable[[float], str]


def _gelu(net: Net, x: str, number: Number) -> str:
    gate = net.op("AddV2", net.op("Erf", net.op("Mul", x, net.c(0.70710678))), net.c(1.0))
    return net.op("Mul", net.op("Mul", x, number(0.5)), gate)


def _sigmoid(net: Net, x: str, number: Number) -> str:
    return net.op("RealDiv", number(1.0), net.op("AddV2", net.op("Exp", net.op("Neg", x)), net.c(1.0)))


ALL_EQUAL: dict[str, Callable[[Net, str, Number], str]] = {
    "tf.Relu": lambda net, x, number: net.op("Maximum", x, number(0.0)),
    "tf.Relu6": lambda net, x, number: net.op("Relu", net.op("Minimum", x, number(6.0))),
    "tfl.relu6": lambda net, x, number: net.op("Minimum", net.op("Relu", x), number(6.0)),
    "tfl.relu_0_to_1": lambda net, x, number: net.op(
        "Maximum", number(0.0), net.op("Minimum", x, net.c(1.0))
    ),
    "tfl.relu_n1_to_1": lambda net, x, number: net.op(
        "Minimum", net.op("Maximum", x, number(-1.0)), net.c(1.0)
    ),
}
"""MLIR's name -> the graph; each number may be an array that repeats it."""
ONE_ELEMENT: dict[str, Callable[[Net, str, Number], str]] = {
    "tfl.gelu": _gelu,
    "tfl.leaky_relu": lambda net, x, number: net.op("Maximum", net.op("Mul", x, number(0.1)), x),
    "tfl.logistic": _sigmoid,
}


def _predicted(name: str, shape: Sequence[int], version: str) -> minmax_lint.Prediction:
    net = Net()
    make = (ALL_EQUAL | ONE_ELEMENT)[name]
    output = make(net, net.op("Elu", net.x(2, 4, 4)), lambda value: net.c(value, shape=shape))
    profile = f"mlir-{version}-v2"
    return minmax_lint.lint(encode(net.graph()), outputs=[output], converters=[profile]).predictions[profile]


CASES = [(name, shape) for name in ALL_EQUAL for shape in FITTING + LARGER]
CASES += [(name, shape) for name in ONE_ELEMENT for shape in [*FITTING[:2], LARGER[0]]]


@pytest.mark.parametrize(("name", "shape"), CASES)
@pytest.mark.parametrize("version", ["2.15", "2.21"])
def test_numbers_of_any_shape_are_recognized_and_larger_ones_end_the_conversion(
    name: str, shape: tuple[int, ...], version: str
) -> None:
    found = _predicted(name, shape, version)
    if shape in LARGER:
        message = f"'{name}' op requires the same shape for all operands and results"
        assert (found.verdict, found.message) == ("abort", message)
    else:
        assert [op for op, _ in found.float_ops] == ["ELU", name.partition(".")[2].upper()]

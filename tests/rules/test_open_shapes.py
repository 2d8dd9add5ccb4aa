"""What is advised where the shape of an input is not known, and where an input is a variable."""

import pytest

from minmax_lint.api import lint
from minmax_lint.converters.example import Net
from minmax_lint.graph.attr import UnknownRank
from minmax_lint.graph.dtype import DType
from minmax_lint.loaders.parse import parse
from minmax_lint.rules.framework.finding import Finding
from minmax_lint.writers.graphdef import encode


def found(net: Net, inputs: list[str], output: str, profile: str) -> Finding:
    report = lint(
        parse(encode(net.graph())), inputs=dict.fromkeys(inputs), outputs=[output], converters=[profile]
    )
    return next(one for one in report.findings if one.code == "MM403")


@pytest.mark.parametrize(("profile", "where"), [("toco-2.15", "'keep_prob'"), ("mlir-2.21", "'conv2d_")])
def test_the_shapes_that_are_open_are_asked_for_by_name(profile: str, where: str) -> None:
    n = Net()
    image = n.placeholder("image", (None, 8, 8, 4))
    keep = n.add("Placeholder", "keep_prob", dtype=DType.FLOAT, shape=UnknownRank())
    output = n.conv(n.op("Mul", image, keep))
    finding = found(n, ["image", "keep_prob"], output, profile)
    assert finding.message.startswith(where)
    assert "-i image=?,8,8,4 -i keep_prob=SHAPE (an empty SHAPE is that of a scalar)" in finding.advice


def test_the_channels_of_a_convolution_are_asked_for() -> None:
    n = Net()
    n.placeholder("image", (None, None, None, None))
    finding = found(n, ["image"], n.conv("image"), "mlir-2.21")
    assert "where the number of channels of its input is unknown" in finding.message
    assert "-i image=?,?,?,?" in finding.advice


def test_a_graph_that_takes_its_variables_as_inputs_is_to_be_frozen() -> None:
    n = Net()
    n.add("Placeholder", "unknown", dtype=DType.RESOURCE, shape=())
    output = n.op("Mul", n.placeholder("x", (1, 8)), n.op("ReadVariableOp", "unknown", dtype=DType.FLOAT))
    finding = found(n, ["x", "unknown"], output, "mlir-2.21")
    assert "convert_variables_to_constants_v2" in finding.advice

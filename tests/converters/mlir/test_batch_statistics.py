"""Batch normalizations whose other results are read: what real TF 2.15.1 and 2.21.0 made of them."""

import pytest

import minmax_lint
from minmax_lint.converters.example import Net
from minmax_lint.graph.build import Builder
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.graph import Graph
from minmax_lint.writers.graphdef import encode
from tests.converters.predicted import predicted_of

VERSIONS = pytest.mark.parametrize("name", ["mlir-2.15-v2", "mlir-2.21-v2"])


def normalized(n: Net, op: str = "FusedBatchNormV3", *, training: bool = False) -> str:
    vectors = [n.c(0.5, 0.25, 0.25, 0.5), n.c(0.0, 0.5, 1.0, 0.5)]
    statistics = [n.const(which, [] if training else [1.0] * 4, [0 if training else 4]) for which in "mv"]
    types = {} if op == "FusedBatchNorm" else {"U": DType.FLOAT}
    return n.op(op, n.image(), *vectors, *statistics, is_training=training, epsilon=0.001, **types)


@pytest.mark.parametrize(
    ("returned", "verdict"), [(["y"], "float"), (["y", "update"], "abort"), (["y", "norm:1"], "abort")]
)
@pytest.mark.parametrize("name", ["mlir-2.15", "mlir-2.21"])
def test_only_what_is_kept_reads_the_statistics_of_a_batch(
    name: str, returned: list[str], verdict: str
) -> None:
    """What a graph of training updates its averages by is not converted."""
    b = Builder()
    vectors = [b.const("scale", 0.5, [4]), b.const("offset", 0.25, [4])]
    empty = [b.const(which, [], [0]) for which in ("mean", "variance")]
    x = b.add("Elu", "elu", b.placeholder("input", [1, 4, 4, 4]))
    norm = b.add("FusedBatchNorm", "norm", x, *vectors, *empty, is_training=True, epsilon=0.001)
    b.add("Sub", "update", f"{norm}:1", b.const("average", 0.5, [4]))
    b.add("Relu", "y", norm)
    assert predicted_of(b, returned, name).verdict == verdict


@VERSIONS
@pytest.mark.parametrize("read", ["returned", "in the result", "in another output"])
@pytest.mark.parametrize(
    ("op", "port"),
    [("FusedBatchNorm", 1), ("FusedBatchNorm", 4), ("FusedBatchNormV3", 2), ("FusedBatchNormV3", 5)],
)
@pytest.mark.parametrize("training", [False, True])
def test_a_batch_normalization_stays_where_its_statistics_are_read(
    training: bool, op: str, port: int, read: str, name: str
) -> None:
    n = Net()
    norm = normalized(n, op, training=training)
    statistics = f"{norm}:{port}"
    if read == "returned":
        outputs = [norm, statistics]
    elif read == "in the result":
        outputs = [n.op("AddV2", norm, n.op("Mul", statistics, n.c(2.0)))]
    else:
        outputs = [n.op("Relu", norm), n.op("Neg", statistics)]
    found = predicted_of(n, outputs, name)
    assert (found.verdict, found.message) == (
        "abort",
        "'tf.FusedBatchNormV3' op is neither a custom op nor a flex op",
    )


@VERSIONS
@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("behind_conv", [False, True])
def test_the_second_version_of_batch_normalization_has_no_pattern(
    behind_conv: bool, training: bool, name: str
) -> None:
    n = Net()
    norm = normalized(n, "FusedBatchNormV2", training=training)
    found = predicted_of(n, n.conv(norm) if behind_conv else n.op("Relu", norm), name)
    assert (found.verdict, found.op) == ("abort", "FusedBatchNormV2")


@VERSIONS
def test_of_two_equal_batch_normalizations_one_whose_statistics_are_read_keeps_both(name: str) -> None:
    n = Net()
    first = normalized(n)
    node = n.graph()[first]
    second = n.add(node.op, "second", *(edge.array for edge in node.inputs), **node.attrs)
    assert predicted_of(n, [n.op("Relu", first), n.op("Neg", f"{second}:1")], name).verdict == "abort"


def updating(*, by: str) -> Graph:
    """A batch normalization for inference that assigns its averages, as one called with a tensor for `training`."""
    n = Net()
    norm = normalized(n)
    average = n.const("average", [0.0] * 4, [4])
    value = f"{norm}:1" if by == "itself" else n.op("Sub", f"{norm}:1", n.c(0.5))
    assign = n.add("AssignVariableOp", "assign", average, value, after=(), dtype=DType.FLOAT)
    n.add("Identity", "output", n.op("Relu", norm), after=(assign,))
    return n.graph()


@pytest.mark.parametrize("by", ["itself", "what is computed from it"])
@pytest.mark.parametrize("name", ["mlir-2.15-int8", "mlir-2.21-int8"])
def test_averages_that_an_inference_assigns_are_training_and_taken_off(name: str, by: str) -> None:
    report = minmax_lint.lint(encode(updating(by=by)), outputs=["output"], converters=[name])
    assert report.predictions[name].verdict == "abort"
    (finding,) = (one for one in report.findings if one.severity == "error")
    assert (finding.code, finding.fix and finding.fix.strategy) == ("MM130", "strip")
    assert "updates its averages whenever the model runs" in finding.message
    assert "training=False, the Python bool" in (finding.advice or "")
    patch = minmax_lint.fix(encode(updating(by=by)), outputs=["output"], converters=[name])
    assert patch.after.predictions[name].verdict == "quantized"

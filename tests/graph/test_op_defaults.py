"""The table of defaults is what the OpDefs of TF 1.13, 1.15, 2.15 and 2.21 say, and nodes answer from it."""

from __future__ import annotations

import pytest

from minmax_lint.graph.attr import Attr, UnknownRank
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.node import Node
from minmax_lint.graph.op_defaults import newer_attributes, op_defaults
from minmax_lint.graph.tensor import Tensor
from tests.graph.make_op_defaults import VERSIONS, added_attributes, defaults_of, installed_ops
from tests.interpreters import tensorflow

WRITE = ".venv/bin/python -m tests.graph.make_op_defaults writes them anew"


@pytest.mark.parametrize("version", VERSIONS)
def test_every_default_is_tensorflows(version: str) -> None:
    theirs = defaults_of(installed_ops(tensorflow(version)))
    assert len(theirs) > 400
    wrong = {
        (op, key): (value, op_defaults(op).get(key))
        for op, attrs in theirs.items()
        for key, value in attrs.items()
        if not same(value, op_defaults(op).get(key))
    }
    assert wrong == {}, WRITE


@pytest.mark.parametrize("version", ["1.13", "1.15"])
def test_the_attributes_that_ops_got_since_are_known(version: str) -> None:
    older, newer = (installed_ops(tensorflow(one)) for one in (version, "2.21"))
    added = {op: set(keys) for op, keys in added_attributes(older, newer).items()}
    known = {op: set(keys) for op, keys in newer_attributes(version).items()}
    # An attribute may have come and gone between the two, or belong to an op that TF 2.21 has dropped.
    assert {
        op: keys - known.get(op, set()) for op, keys in added.items() if keys - known.get(op, set())
    } == {}, WRITE
    assert set(newer_attributes("2.15")) < set(known)


@pytest.mark.parametrize(
    ("op", "key", "value"),
    [
        ("MaxPool", "T", DType.FLOAT),
        ("MaxPool", "data_format", b"NHWC"),
        ("LRN", "bias", 1.0),
        ("LeakyRelu", "alpha", 0.20000000298023224),
        ("FusedBatchNormV3", "is_training", True),
        ("FakeQuantWithMinMaxVars", "num_bits", 8),
        ("Conv2D", "dilations", [1, 1, 1, 1]),
        ("Conv2D", "explicit_paddings", []),
        ("Placeholder", "shape", UnknownRank()),
        ("Shape", "out_type", DType.INT32),
        ("Relu6", "T", None),
        ("Conv2D", "T", None),
        ("NoSuchOp", "T", None),
    ],
)
def test_a_node_answers_with_the_default(op: str, key: str, value: Attr | None) -> None:
    assert same(Node("node", op).attribute(key), value)


def test_what_the_file_states_comes_first() -> None:
    node = Node("pool", "MaxPool", attrs={"T": DType.INT8, "data_format": b"NCHW"})
    assert (node.dtype("T"), node.text("data_format")) == (DType.INT8, "NCHW")
    assert node.attributes() == {"T": DType.INT8, "data_format": b"NCHW", "explicit_paddings": []}
    assert node.attrs == {"T": DType.INT8, "data_format": b"NCHW"}, "writers write what was stated"


def same(one: Attr | None, other: Attr | None) -> bool:
    """Whether two values are equal, their types and the elements of tensors included."""
    if isinstance(one, Tensor) and isinstance(other, Tensor):
        return (one.dtype, one.shape, one.values()) == (other.dtype, other.shape, other.values())
    return type(one) is type(other) and repr(one) == repr(other)

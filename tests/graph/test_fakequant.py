"""FakeQuants: range, bits and narrow range, through identities, variables and the checkpoint."""

import math

import pytest

from minmax_lint.graph.build import Builder
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.fakequant import FakeQuant, fake_quants
from minmax_lint.graph.freeze import freeze_graph
from minmax_lint.graph.tensor import Tensor


class Checkpoint:
    """Variables' values by node name."""

    def __init__(self, **values: float) -> None:
        self.values = values

    def value(self, node: str) -> Tensor | None:
        return Tensor.of(DType.FLOAT, [], [self.values[node]]) if node in self.values else None


def only(b: Builder, checkpoint: Checkpoint | None = None) -> FakeQuant:
    (found,) = fake_quants(freeze_graph(b.graph(), checkpoint))
    return found


def with_variables(read: str | None) -> Builder:
    b = Builder()
    x = b.placeholder("x", [1])
    bounds = []
    for name in ("low", "high"):
        b.add("VarHandleOp" if read == "ReadVariableOp" else "VariableV2", name, dtype=DType.FLOAT, shape=())
        bounds.append(b.add(read, f"{name}/read", name, dtype=DType.FLOAT) if read else name)
    b.add("FakeQuantWithMinMaxVars", "fq", x, *bounds)
    return b


def test_attributes_have_tensorflows_defaults() -> None:
    b = Builder()
    b.add("FakeQuantWithMinMaxArgs", "fq", b.placeholder("x", [1]))
    found = only(b)
    assert (found.range, found.num_bits, found.narrow_range) == ((-6.0, 6.0), 8, False)


def test_a_constant_range_is_read() -> None:
    b = Builder()
    b.fake_quant("fq", b.placeholder("x", [1]), -1, 3, num_bits=7, narrow_range=True)
    found = only(b)
    assert (found.array, found.output, found.range, found.num_bits, found.narrow_range) == (
        "x",
        "fq",
        (-1.0, 3.0),
        7,
        True,
    )


@pytest.mark.parametrize("read", [None, "Identity", "ReadVariableOp"])
def test_variables_have_the_checkpoints_values(read: str | None) -> None:
    assert only(with_variables(read), Checkpoint(low=-0.5, high=2.0)).range == (-0.5, 2.0)


def test_variables_without_checkpoint_have_a_range_of_unknown_value() -> None:
    found = only(with_variables("Identity"))
    assert found.constant
    assert found.range is not None
    assert not found.range.known
    assert str(found.range) == "range unknown"


def test_a_variable_that_the_checkpoint_lacks_has_an_unknown_range() -> None:
    found = only(with_variables(None), Checkpoint(low=-0.5)).range
    assert found is not None
    assert not found.known


def test_a_computed_range_is_not_constant() -> None:
    b = Builder()
    x = b.placeholder("x", [4])
    axes = b.const("axes", [0], dtype=DType.INT32)
    b.add("FakeQuantWithMinMaxVars", "fq", x, b.add("Min", "low", x, axes), b.add("Max", "high", x, axes))
    found = only(b)
    assert not found.constant
    assert found.range is None


def test_per_channel_ranges_unite() -> None:
    b = Builder()
    x = b.placeholder("x", [1, 3])
    low, high = b.const("low", [-1.0, -2.0, 0.0]), b.const("high", [1.0, 0.5, 4.0])
    b.add("FakeQuantWithMinMaxVarsPerChannel", "fq", x, low, high)
    found = only(b)
    assert found.per_channel
    assert found.ranges == ((-1, 1), (-2, 0.5), (0, 4))
    assert found.range == (-2, 4)


def test_a_nan_range_given_by_a_constant_is_not_known() -> None:
    b = Builder()
    b.fake_quant("fq", b.placeholder("x", [1]), math.nan, math.nan)
    assert only(b).range is not None


def test_gradients_are_no_fakequants() -> None:
    b = Builder()
    x = b.placeholder("x", [1])
    b.add("FakeQuantWithMinMaxVarsGradient", "g", x, x, b.const("low", 0.0), b.const("high", 1.0))
    assert list(fake_quants(b.graph())) == []


def test_a_graph_without_variables_is_its_own_frozen_view() -> None:
    b = Builder()
    b.placeholder("x", [1])
    graph = b.graph()
    assert freeze_graph(graph, None) is graph

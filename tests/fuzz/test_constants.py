"""A constant of an impossible type, shape or size anywhere in a graph never ends in a traceback or a hang."""

import pytest

from minmax_lint import lint
from minmax_lint.converters.profile import profile
from minmax_lint.graph.build import Builder
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.graph import Graph, graph_of
from minmax_lint.graph.tensor import Tensor
from minmax_lint.writers.graphdef import encode
from tests.fuzz.campaign import limited
from tests.fuzz.survival import survives

PROFILES = tuple(profile(name) for name in ("toco-2.15", "mlir-2.15", "mlir-2.21", "mlir-2.21-v2"))
ONE = b"\0\0\x80?"
"""1.0 as float32, and something as anything else."""
ODD = {
    "empty": Tensor(DType.FLOAT, [0], b""),
    "negative": Tensor(DType.FLOAT, [-(2**63)], ONE),
    "two-negatives": Tensor(DType.FLOAT, [-2, -2], ONE),
    "string": Tensor(DType.STRING, [], b"", (b"Variable",)),
    "strings": Tensor(DType.STRING, [2], b"", (b"a", b"1.5")),
    "cut": Tensor(DType.FLOAT, [4], ONE[:3]),
    **{
        dtype.name.lower(): Tensor(dtype, [], ONE * 4)
        for dtype in (
            DType.QINT16,
            DType.QUINT16,
            DType.BFLOAT16,
            DType.COMPLEX64,
            DType.RESOURCE,
            DType.INVALID,
        )
    },
}


def _net() -> Graph:
    """Weights and activations with ranges, a range per channel, a division, a sum over axes, a reshape, a split."""
    b = Builder()
    x = b.fake_quant("x/fq", b.placeholder("x", [1, 8]), -1, 1)
    dense = b.fake_quant("dense/fq", b.add("Relu6", "relu", b.dense("dense", x, 8, 4)), 0, 6)
    bounds = b.const("low", [-1.0], [4]), b.const("high", [1.0], [4])
    channels = b.add("FakeQuantWithMinMaxVarsPerChannel", "channels", dense, *bounds)
    halved = b.add("RealDiv", "halved", channels, b.const("two", 2.0))
    parts = b.add("Split", "parts", b.const("axis", 1, dtype=DType.INT32), halved, num_split=2)
    summed = b.add("Sum", "sum", parts, b.const("axes", [1], dtype=DType.INT32), keep_dims=True)
    flat = b.add("Reshape", "flat", summed, b.const("shape", [1, 1], dtype=DType.INT32))
    b.fake_quant("flat/fq", b.add("Mul", "out", flat, b.const("factor", 3.0)), 0, 6)
    return b.graph()


NET = tuple(_net()[name] for name in _net().names)


@pytest.mark.parametrize("odd", ODD)
def test_any_constant_may_be_impossible(odd):
    for node in NET:
        if node.op == "Const":
            attrs = {"dtype": ODD[odd].dtype, "value": ODD[odd]}
            survives(graph_of([one._replace(attrs=attrs) if one is node else one for one in NET]), PROFILES)


@pytest.mark.parametrize("bits", [-(2**63), -1, 0, 1, 17, 33, 2**31, 2**63 - 1])
def test_any_number_of_bits_is_bounded_work(bits):
    nodes = [one._replace(attrs={**one.attrs, "num_bits": bits}) if "fq" in one.name or "quant" in one.name else one
             for one in NET]  # fmt: skip
    survives(graph_of(nodes), PROFILES)


def test_a_constant_whose_elements_are_no_numbers_is_not_known():
    assert not any(
        tensor.known for name, tensor in ODD.items() if name not in ("empty", "cut", "two-negatives")
    )


def test_a_batch_of_a_billion_matrices_is_not_unrolled():
    b = Builder()
    x, y = (b.fake_quant(f"{name}q", b.placeholder(name, [10**9, 2, 2]), -1, 1) for name in "xy")
    b.fake_quant("out", b.add("BatchMatMulV2", "product", x, y, T=DType.FLOAT), -4, 4)
    with limited():
        prediction = lint(encode(b.graph()), outputs=["out"], converters=["toco-2.15"]).predictions[
            "toco-2.15"
        ]
    assert prediction.verdict == "undetermined"

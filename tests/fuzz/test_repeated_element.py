"""A constant of a few bytes, of which one element repeats 134 million times, is written out nowhere."""

import pytest

from minmax_lint.converters.profile import PROFILES
from minmax_lint.graph.build import Builder
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.graph import Graph
from tests.fuzz.survival import survives

HUGE = (255, 8, 1, 65536)
PLAIN = ("toco-2.15", "mlir-2.15-v2", "mlir-2.21")
INTEGERS = (
    "Tile Transpose Reshape Mean Pad GatherNd ResizeBilinear BroadcastTo OneHot ConcatV2 Slice StridedSlice SplitV Fill"
).split()
NUMBERS = (
    "AddV2 RealDiv SquaredDifference BiasAdd Conv2D SelectV2 NotEqual FusedBatchNormV3 FakeQuantWithMinMaxVars "
    "FakeQuantWithMinMaxVarsPerChannel"
).split()


def of_huge(op: str) -> Graph:
    """An op one of whose operands, or all but the first, is such a constant."""
    b = Builder()
    x = b.fake_quant("xq", b.placeholder("x", [1, 8, 8, 4]), -1, 1)
    dtype = DType.INT32 if op in INTEGERS else DType.BOOL if op == "SelectV2" else DType.FLOAT
    huge = b.const("huge", 1, HUGE, dtype=dtype)
    axis = b.const("axis", 1, dtype=DType.INT32)
    many = {
        "FakeQuant": [x, huge, huge],
        "FusedBatch": [x, huge, huge, huge, huge],
        "StridedSl": [x, huge, huge, huge],
    }
    operands = next((found for start, found in many.items() if op.startswith(start)), [x, huge])
    operands = {
        "SelectV2": [huge, x, x],
        "Fill": [huge, x],
        "ConcatV2": [x, x, huge],
        "Slice": [x, huge, huge],
        "SplitV": [x, huge, axis],
    }.get(op, operands)
    attrs = {
        "T": DType.FLOAT,
        "N": 2,
        "num_split": 2,
        "strides": [1, 1, 1, 1],
        "padding": b"SAME",
        "is_training": False,
    }
    b.fake_quant("out", b.add(op, "y", *operands, **attrs), 0, 6)
    return b.graph()


@pytest.mark.parametrize("op", [*INTEGERS, *NUMBERS])
def test_a_constant_that_repeats_one_element_is_not_written_out(op: str) -> None:
    survives(of_huge(op), [PROFILES[name] for name in PLAIN])

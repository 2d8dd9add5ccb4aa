"""Convolutions between SpaceToBatchND and BatchToSpaceND: what TF 2.15 and 2.21 made of each graph."""

import pytest

from minmax_lint.api import lint
from minmax_lint.graph.build import Builder
from minmax_lint.graph.dtype import DType
from minmax_lint.loaders.parse import parse
from minmax_lint.writers.graphdef import encode

INT32 = DType.INT32
UNCHANGED = "SPACE_TO_BATCH_ND CONV_2D BATCH_TO_SPACE_ND"
UNCHANGED_LINE = "SPACE_TO_BATCH_ND RESHAPE CONV_2D RESHAPE BATCH_TO_SPACE_ND"


def between(steps: str, axes: int = 2, batch: int | None = 1) -> Builder:
    """`x`, spread in blocks of two, a convolution, and the steps behind it: the last is `y`."""
    b = Builder()
    value = b.placeholder("x", [batch, *[8] * axes, 4])
    blocks = b.const("blocks", [2] * axes, dtype=INT32)
    pads, crops = (b.const(name, [size], [axes, 2], INT32) for name, size in (("pads", 2), ("crops", 0)))
    value = b.add("SpaceToBatchND", "spread", value, blocks, pads, Tpaddings=INT32, Tblock_shape=INT32)
    if axes == 1:
        value = b.add("ExpandDims", "row", value, b.const("axis", 1, dtype=INT32), Tdim=INT32)
    weights = b.const("weights", [0.5, -0.5, 0.25], [3 if axes == 2 else 1, 3, 4, 4])
    value = b.add("Conv2D", "conv", value, weights, strides=[1] * 4, padding=b"VALID", dilations=[1] * 4)
    if axes == 1:
        value = b.add("Squeeze", "line", value, squeeze_dims=[1])
    *others, last = steps.split()
    for step, name in (*((step, step) for step in others), (last, "y")):
        if step == "BatchToSpaceND":
            value = b.add(step, name, value, blocks, crops, Tcrops=INT32, Tblock_shape=INT32)
        else:
            more = () if step == "Relu" else (b.const(f"{step}/bias", [0.5, -0.5, 0.25, 1.0]),)
            value = b.add(step, name, value, *more)
    return b


@pytest.mark.parametrize(
    ("steps", "axes", "batch", "outcome"),
    [
        ("BatchToSpaceND", 2, 1, "CONV_2D"),
        ("BatchToSpaceND BiasAdd Relu", 2, 1, "CONV_2D"),
        ("AddV2 BatchToSpaceND", 2, 1, UNCHANGED),
        ("BatchToSpaceND", 2, None, UNCHANGED),
        ("BiasAdd BatchToSpaceND", 2, 1, "scale-conflict"),
        ("BiasAdd BatchToSpaceND Relu", 2, 1, "other"),
        ("BatchToSpaceND BiasAdd Relu", 1, 1, "RESHAPE CONV_2D RESHAPE"),
        ("BiasAdd BatchToSpaceND Relu", 1, 1, "RESHAPE CONV_2D RESHAPE"),
        ("AddV2 BatchToSpaceND", 1, 1, UNCHANGED_LINE),
    ],
)
@pytest.mark.parametrize("version", ["2.15", "2.21"])
def test_it_is_a_dilated_convolution_or_fails_or_stays(
    steps: str, axes: int, batch: int | None, outcome: str, version: str
) -> None:
    graph = encode(between(steps, axes, batch).graph())
    name = f"mlir-{version}-dynamic"
    found = lint(parse(graph), {"x": [batch, *[8] * axes, 4]}, ["y"], [name]).predictions[name]
    assert (found.kind or " ".join(op.op for op in found.ops)) == outcome

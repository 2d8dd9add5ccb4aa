"""QuantizationDebugger's denylists: which ops stay float. Measured with TF 2.15.1 and 2.21.0, which answer alike."""

from dataclasses import replace

import pytest

from minmax_lint.converters.profile import PROFILES
from minmax_lint.graph.build import Builder
from minmax_lint.graph.dtype import DType
from tests.converters.predicted import predicted_of

CASES: list[tuple[dict[str, set[str]], str]] = [
    ({}, ""),
    ({"denied_ops": {"CONV_2D"}}, "CONV_2D"),
    ({"denied_ops": {"TANH"}}, "TANH"),
    ({"denied_ops": {"SOFTMAX"}}, "SOFTMAX"),
    # An op of one scale between integers moves in front of the pair around it, and becomes integer all the same.
    ({"denied_ops": {"MAX_POOL_2D"}}, ""),
    ({"denied_ops": {"FULLY_CONNECTED"}}, "FULLY_CONNECTED"),
    ({"denied_ops": {"RESHAPE", "Conv2D", "tfl.conv_2d"}}, ""),
    ({"denied_nodes": {"tanh"}}, "TANH"),
    ({"denied_nodes": {"softmax", "pool"}}, "SOFTMAX MAX_POOL_2D"),
]
"""What the debugger's options name -> the float ops."""


def layers() -> Builder:
    b = Builder()
    numbers = [place % 7 / 7 - 0.4 for place in range(144)]
    ones = {"strides": [1] * 4, "dilations": [1] * 4, "padding": b"SAME", "data_format": b"NHWC"}
    image = b.add(
        "Conv2D",
        "conv",
        b.placeholder("input", [1, 8, 8, 4]),
        b.const("filters", numbers, [3, 3, 4, 4]),
        **ones,
    )
    soft = b.add("Softmax", "softmax", b.add("Tanh", "tanh", b.add("Relu", "relu", image)))
    window = {"ksize": [1, 2, 2, 1], "strides": [1, 2, 2, 1], "padding": b"SAME", "data_format": b"NHWC"}
    pool = b.add("MaxPool", "pool", soft, **window)
    rows = b.add("Reshape", "rows", pool, b.const("sizes", [16, 4], dtype=DType.INT32), Tshape=DType.INT32)
    weights = b.const("weights", numbers[:16], [4, 4])
    b.add("MatMul", "y", rows, weights, transpose_a=False, transpose_b=False)
    return b


@pytest.mark.parametrize("profile", ["mlir-2.15-int8", "mlir-2.21-int8"])
@pytest.mark.parametrize(("denied", "floats"), CASES)
def test_what_the_options_name_stays_float(denied: dict[str, set[str]], floats: str, profile: str) -> None:
    sets = {name: frozenset(names) for name, names in denied.items()}
    found = predicted_of(layers(), "y", replace(PROFILES[profile], **sets))
    assert found.verdict == ("float" if floats else "quantized")
    assert " ".join(op for op, _ in found.float_ops) == floats
    assert ("the debugger's options leave" in found.message) == bool(floats)

"""Channels first, cross entropy and divisors that are handed on: the real converters of TF 2.15 and 2.21 judge."""

from collections.abc import Callable

import pytest

from minmax_lint.api import lint
from minmax_lint.converters.prediction import Prediction
from minmax_lint.graph.build import Builder
from minmax_lint.graph.dtype import DType
from minmax_lint.loaders.parse import parse
from minmax_lint.writers.graphdef import encode
from tests.corpus.scoring import detail_right
from tests.differential.batch import Asked, answers_of
from tests.interpreters import tf215, tf221

PROFILES = {"mlir-2.15": tf215, "mlir-2.21": tf221}


class Image(Builder):
    """A Builder of ops over an image of [1, 4, 8, 8], channels first."""

    def __init__(self, shape: tuple[int, ...] = (1, 4, 8, 8)) -> None:
        super().__init__()
        self.x = self.fq("x", self.placeholder("input", shape))

    def fq(self, name: str, array: str) -> str:
        return self.fake_quant(name, array, -1, 1)

    def ints(self, name: str, *values: int) -> str:
        return self.const(name, list(values), dtype=DType.INT32)

    def conv(self, name: str, array: str, op: str = "Conv2D") -> str:
        filters = self.fq(f"{name}/wq", self.const(f"{name}/w", [0.5, -0.5, 0.25], [3, 3, 4, 4]))
        ones = {"strides": [1, 1, 1, 1], "dilations": [1, 1, 1, 1]}
        if op == "Conv2DBackpropInput":
            sizes = self.ints(f"{name}/sizes", 1, 4, 8, 8)
            return self.add(op, name, sizes, filters, array, padding=b"SAME", data_format=b"NCHW", **ones)
        return self.add(op, name, array, filters, padding=b"SAME", data_format=b"NCHW", **ones)

    def bias(self, name: str, array: str) -> str:
        values = self.const(f"{name}/b", [0.1, 0.2, 0.3, 0.4])
        return self.add("BiasAdd", name, array, values, data_format=b"NCHW")

    def block(self, name: str, array: str, op: str = "Relu") -> str:
        biased = self.bias(f"{name}/bias", self.conv(f"{name}/conv", array))
        return self.fq(f"{name}/fq", self.add(op, name, biased))

    def norm(self, op: str = "FusedBatchNormV3") -> str:
        numbers = [self.const(name, [1.0, 2.0, 1.0, 2.0]) for name in ("scale", "offset", "mean", "variance")]
        types = {} if op == "FusedBatchNorm" else {"U": DType.FLOAT}
        return self.add(
            op, "norm", self.x, *numbers, epsilon=0.001, data_format=b"NCHW", is_training=False, **types
        )

    def pool(self, op: str, array: str) -> str:
        two = [1, 1, 2, 2]
        return self.fq(
            "pooled",
            self.add(op, "pool", array, ksize=two, strides=two, padding=b"VALID", data_format=b"NCHW"),
        )

    def blocks(self, op: str) -> str:
        return self.add(op, "y", self.x, block_size=2, data_format=b"NCHW")


def residual(b: Image) -> str:
    one = b.block("one", b.x)
    other = b.fq("other", b.bias("bias", b.conv("conv", one)))
    return b.fq("out", b.add("Relu", "y", b.add("AddV2", "sum", other, one)))


def pooled(b: Image, op: str) -> str:
    return b.pool(op, b.block("one", b.x))


def averaged(b: Image) -> str:
    mean = b.add("Mean", "mean", b.block("one", b.x), b.ints("axes", 2, 3), Tidx=DType.INT32, keep_dims=False)
    return b.fq("out", mean)


def biased(b: Image) -> str:
    return b.fq("out", b.bias("y", b.x))


def plain(b: Image, op: str) -> str:
    return b.conv("y", b.x, op)


def three_dimensions(b: Image, op: str) -> str:
    filters = b.const("filters", [0.5], [3, 3, 3, 4, 4])
    ones = {"strides": [1] * 5, "dilations": [1] * 5}
    sizes = [b.ints("sizes", 1, 4, 6, 6, 6)] if op != "Conv3D" else []
    inputs = [*sizes, filters, b.x] if sizes else [b.x, filters]
    return b.add(op, "y", *inputs, padding=b"SAME", data_format=b"NCDHW", **ones)


def cross_entropy(b: Image, labels: str) -> str:
    if labels == "constant":
        given = b.const("labels", [0.0, 0.0, 1.0, 0.0], (2, 4))
    else:
        given = b.add("Sigmoid", "labels", b.x)
        given = b.add("Neg", "negated", given) if labels == "negated" else given
    return b.add("SoftmaxCrossEntropyWithLogits", "y", b.x, given)


def divided(b: Image, by: str) -> str:
    number = b.const("number", 3.0)
    if by == "folded":
        number = b.add("Add", "sum", number, b.const("one", 1.0))
    elif by != "constant":
        number = b.add("Identity", "read", number)
        number = b.add("Identity", "again", number) if by == "handed on twice" else number
    return b.add("RealDiv", "y", b.add("Relu", "relu", b.x), number)


IMAGE, MATRIX, VOLUME = (1, 4, 8, 8), (2, 4), (1, 4, 6, 6, 6)

BOTH = {
    "block": (IMAGE, lambda b: b.block("y", b.x), "quantized"),
    "block of Relu6": (IMAGE, lambda b: b.block("y", b.x, "Relu6"), "quantized"),
    "two blocks": (IMAGE, lambda b: b.block("y", b.block("x2", b.x)), "quantized"),
    "residual": (IMAGE, residual, "quantized"),
    "MaxPool": (IMAGE, lambda b: pooled(b, "MaxPool"), "quantized"),
    "AvgPool": (IMAGE, lambda b: pooled(b, "AvgPool"), "quantized"),
    "Mean": (IMAGE, averaged, "quantized"),
    "Conv2D": (IMAGE, lambda b: plain(b, "Conv2D"), "CONV_2D TRANSPOSE"),
    "Conv2DBackpropInput": (IMAGE, lambda b: plain(b, "Conv2DBackpropInput"), "TRANSPOSE TRANSPOSE_CONV"),
    "FusedBatchNorm": (IMAGE, lambda b: b.norm("FusedBatchNorm"), "ADD MUL TRANSPOSE"),
    "FusedBatchNormV2": (IMAGE, lambda b: b.norm("FusedBatchNormV2"), "neither a custom op nor a flex op"),
    "FusedBatchNormV3": (IMAGE, lambda b: b.norm(), "ADD MUL TRANSPOSE"),
    "DepthwiseConv2dNative": (
        IMAGE, lambda b: plain(b, "DepthwiseConv2dNative"), "neither a custom op nor a flex op",
    ),
    "DepthToSpace": (IMAGE, lambda b: b.blocks("DepthToSpace"), "neither a custom op nor a flex op"),
    "SpaceToDepth": (IMAGE, lambda b: b.blocks("SpaceToDepth"), "neither a custom op nor a flex op"),
    "BiasAdd": (IMAGE, biased, "quantized"),
    "BiasAdd of rank 3": ((1, 4, 8), biased, "x should be of the same rank with y, got x of rank 3"),
    "BiasAdd of rank 5": (VOLUME, biased, "x should be of the same rank with y, got x of rank 5"),
    "Conv3D": (VOLUME, lambda b: three_dimensions(b, "Conv3D"), "neither a custom op nor a flex op"),
    "Conv3DBackpropInputV2": (
        VOLUME, lambda b: three_dimensions(b, "Conv3DBackpropInputV2"), "neither a custom op nor a flex op",
    ),
    "cross entropy": (MATRIX, lambda b: cross_entropy(b, "open"), "EQUAL MUL NEG SELECT_V2 SUM"),
    "cross entropy, constant labels": (MATRIX, lambda b: cross_entropy(b, "constant"), "MUL SELECT_V2 SUM"),
    "cross entropy, negated labels": (MATRIX, lambda b: cross_entropy(b, "negated"), "MUL SELECT_V2 SUM"),
    "cross entropy, its gradient": (MATRIX, lambda b: f"{cross_entropy(b, 'open')}:1", "SUB"),
    "divided by a constant": (MATRIX, lambda b: divided(b, "constant"), "MUL RELU"),
    "divided by a sum of constants": (MATRIX, lambda b: divided(b, "folded"), "MUL RELU"),
}  # fmt: skip
"""Graph -> its input's shape, what builds it, and what both versions do with it."""

IDENTITIES = ("handed on", "handed on twice")
DIVIDED = {f"divided by a constant, {by}": (MATRIX, lambda b, by=by: divided(b, by)) for by in IDENTITIES}
CASES: dict[str, tuple[tuple[int, ...], Callable[[Image], str], dict[str, str]]] = {
    **{
        name: (shape, build, dict.fromkeys(PROFILES, answer)) for name, (shape, build, answer) in BOTH.items()
    },
    **{name: (*case, {"mlir-2.15": "DIV RELU", "mlir-2.21": "MUL RELU"}) for name, case in DIVIDED.items()},
}


def made(name: str) -> tuple[bytes, str]:
    shape, build, _ = CASES[name]
    b = Image(shape)
    output = build(b)
    return encode(b.graph()), output


def predicted(name: str, profile: str) -> Prediction:
    content, output = made(name)
    shape = list(CASES[name][0])
    return lint(parse(content), inputs={"input": shape}, outputs=[output], converters=[profile]).predictions[
        profile
    ]


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("name", CASES)
def test_a_layout_gives_the_measured_answer_of_each_profile(name: str, profile: str) -> None:
    found, wanted = predicted(name, profile), CASES[name][2][profile]
    if found.verdict == "abort":
        assert wanted in found.message
    else:
        assert (" ".join(sorted(op for op, _ in found.float_ops)) or found.verdict) == wanted


@pytest.mark.slow
@pytest.mark.parametrize("profile", PROFILES)
def test_the_real_converter_answers_the_same(profile: str) -> None:
    asked = []
    for name, (shape, _, _) in CASES.items():
        content, output = made(name)
        asked.append(Asked(profile, content, {"input": shape}, [output]))
    wrong = {
        name: answer
        for name, answer in zip(CASES, answers_of(PROFILES[profile](), asked), strict=True)
        if not detail_right(answer, predicted(name, profile))
    }
    assert wrong == {}

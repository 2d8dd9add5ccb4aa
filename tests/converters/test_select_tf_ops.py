"""SELECT_TF_OPS: where the call allows it, ops without builtin stay ops of TensorFlow, in float, and nothing aborts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import minmax_lint
from minmax_lint.converters.prediction import Prediction
from minmax_lint.converters.profile import PROFILES
from minmax_lint.graph.build import Builder
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.trace import Kept, trace
from minmax_lint.writers.graphdef import encode
from tests.converters.predicted import predicted_of, predicted_of_kept
from tests.differential.batch import Asked, answers_of
from tests.interpreters import tf215, tf221

VERSIONS = {"mlir-2.15-v2": tf215, "mlir-2.21-v2": tf221}
CALIBRATED = {"mlir-2.15-v2": "mlir-2.15-int8", "mlir-2.21-v2": "mlir-2.21-int8"}
SHAPE = (2, 4, 4, 4)
FLAGS = {"optimizations": True, "supported_ops": ["TFLITE_BUILTINS", "SELECT_TF_OPS"]}
SCRIPT = """import tensorflow as tf
converter = tf.lite.TFLiteConverter.from_saved_model("m")
converter.optimizations = [tf.lite.Optimize.DEFAULT]
converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS{}]
"""


def between(op: str) -> Callable[[Builder], str]:
    """The op between two FakeQuants."""
    return lambda b: b.fake_quant("out", b.add(op, "y", "x"), -1, 1)


def volume(b: Builder) -> str:
    filters = b.const("filters", [0.5], [3, 3, 4, 4])
    ones = {"strides": [1] * 4, "dilations": [1] * 4}
    return b.add("DepthwiseConv2dNative", "y", "x", filters, padding=b"SAME", data_format=b"NCHW", **ones)


def custom(b: Builder) -> str:
    return b.add("BesselJ0", "y", "x")


def half(op: str) -> Callable[[Builder], str]:
    """A batch normalization that computes in float16, as under Keras' policy mixed_float16."""

    def made(b: Builder) -> str:
        cast = b.add("Cast", "half", "x", SrcT=DType.FLOAT, DstT=DType.HALF)
        vectors = [b.const(f"vector_{place}", [0.5], [4]) for place in range(4)]
        y = b.add(op, "y", cast, *vectors, T=DType.HALF, U=DType.FLOAT, is_training=False, epsilon=0.001)
        return b.add("Cast", "out", y, SrcT=DType.HALF, DstT=DType.FLOAT)

    return made


def double(op: str) -> Callable[[Builder], str]:
    """The op on float64, of which it has no builtin form; only ops on float32 are listed as float."""

    def made(b: Builder) -> str:
        cast = b.add("Cast", "double", "x", SrcT=DType.FLOAT, DstT=DType.DOUBLE)
        operands = [cast] * (1 if op in UNARY else 2)
        y = b.add(op, "y", *operands, T=DType.DOUBLE)
        return b.add("Cast", "out", y, SrcT=DType.DOUBLE, DstT=DType.FLOAT)

    return made


UNARY = ("Expm1", "Inv", "OnesLike", "Reciprocal", "Selu", "Softplus")
BINARY = ("DivNoNan", "MulNoNan", "RsqrtGrad", "SeluGrad", "SqrtGrad", "TanhGrad", "TruncateDiv")
LOGARITHMS = ("Xdivy", "Xlog1py", "Xlogy")


def ensured(b: Builder) -> str:
    """A shape that the one before it may contradict."""
    flat = b.add("Reshape", "flat", "x", b.const("all", [-1, 4], dtype=DType.INT32), Tshape=DType.INT32)
    rows = b.add("Where", "rows", b.add("Greater", "greater", flat, b.const("zero", 0.0)), T=DType.BOOL)
    whole = b.add("Cast", "whole", rows, SrcT=DType.INT64, DstT=DType.FLOAT)
    return b.add("EnsureShape", "y", whole, T=DType.FLOAT, shape=(3, 2))


CASES: dict[str, tuple[Callable[[Builder], str], str]] = {
    **{f"float64, {op}": (double(op), "CAST CAST") for op in (*UNARY[1:], *BINARY, *LOGARITHMS)},
    "float64, Expm1": (double("Expm1"), "abort"),
    "a shape that may differ": (ensured, "CAST FlexEnsureShape"),
    "no builtin": (between("Erf"), "FlexErf"),
    "no builtin in front of a layer": (
        lambda b: b.add("Relu", "relu", between("Tan")(b)),
        "FlexTan RELU",
    ),
    "builtin": (between("Relu"), "quantized"),
    "channels first": (volume, "FlexDepthwiseConv2dNative"),
    "float16": (half("FusedBatchNormV3"), "CAST CAST FlexFusedBatchNormV3"),
    "float16, older": (half("FusedBatchNormV2"), "CAST CAST FlexFusedBatchNormV2"),
    "not in the list of the delegate": (custom, "abort"),
}
"""Graph behind the FakeQuant `x` -> the float ops."""


CUSTOM = {
    "no builtin": "Erf",
    "no builtin in front of a layer": "RELU Tan",
    "builtin": "quantized",
    "channels first": "DepthwiseConv2dNative",
    "float16": "CAST CAST FusedBatchNormV3",
    "float16, older": "CAST CAST FusedBatchNormV2",
    "not in the list of the delegate": "BesselJ0",
}
"""The float ops where the call allows custom ops, and not those of TensorFlow."""


def graph_of_case(name: str) -> tuple[Builder, str]:
    b = Builder()
    b.fake_quant("x", b.placeholder("input", SHAPE), -1, 1)
    return b, CASES[name][0](b)


def predicted(name: str, profile: str, **allowed: bool) -> Prediction:
    b, output = graph_of_case(name)
    return predicted_of(b, output, replace(PROFILES[profile], **allowed or {"select_tf": True}))


def short(verdict: str, float_ops: list[str]) -> str:
    return " ".join(sorted(float_ops)) if verdict == "float" else verdict


@pytest.mark.parametrize("profile", [*VERSIONS, "mlir-2.19-v2"])
@pytest.mark.parametrize("name", CASES)
def test_an_op_without_builtin_is_one_of_tensorflow(name: str, profile: str) -> None:
    found = predicted(name, profile)
    assert short(found.verdict, [op for op, _ in found.float_ops]) == CASES[name][1]


@pytest.mark.parametrize("profile", VERSIONS)
def test_the_real_converter_makes_the_same(profile: str) -> None:
    graphs = [graph_of_case(name) for name in CASES]
    asked = [Asked(profile, encode(b.graph()), {"input": SHAPE}, [output], FLAGS) for b, output in graphs]
    called = Asked(CALIBRATED[profile], asked[0].graph, {"input": SHAPE}, asked[0].outputs, FLAGS)
    plain = asked[0]._replace(flags={"optimizations": False})
    *answers, calibrated, refused = answers_of(VERSIONS[profile](), [*asked, called, plain])
    assert refused["verdict"] == "abort"  # without optimizations as well: the test of the script below
    found = predicted("no builtin", CALIBRATED[profile])
    assert (calibrated["verdict"], found.verdict == "float" or found.message in calibrated["message"]) == (
        found.verdict,
        True,
    )
    wrong = {
        name: answer
        for name, answer in zip(CASES, answers, strict=True)
        if short(answer["verdict"], [op for op, _ in answer.get("float_ops", ())]) != CASES[name][1]
    }
    assert list(wrong.items())[:1] == []


@pytest.mark.parametrize("profile", [*VERSIONS, "mlir-2.19-v2"])
@pytest.mark.parametrize("name", CUSTOM)
def test_an_op_without_builtin_is_a_custom_op(name: str, profile: str) -> None:
    found = predicted(name, profile, custom_ops=True)
    assert short(found.verdict, [op for op, _ in found.float_ops]) == CUSTOM[name]


@pytest.mark.parametrize("profile", VERSIONS)
def test_the_real_converter_makes_the_same_custom_ops(profile: str) -> None:
    graphs = [graph_of_case(name) for name in CUSTOM]
    flags = {"optimizations": True, "switches": {"allow_custom_ops": True}}
    asked = [Asked(profile, encode(b.graph()), {"input": SHAPE}, [output], flags) for b, output in graphs]
    called = Asked(CALIBRATED[profile], asked[0].graph, {"input": SHAPE}, asked[0].outputs, flags)
    *answers, calibrated = answers_of(VERSIONS[profile](), [*asked, called])
    assert [short(one["verdict"], [op for op, _ in one.get("float_ops", ())]) for one in answers] == [
        *CUSTOM.values()
    ]
    found = predicted("no builtin", CALIBRATED[profile], custom_ops=True)
    assert (calibrated["verdict"], found.verdict) == ("abort", "abort")
    assert found.message.partition("\n")[0] in calibrated["message"]


LINES = SCRIPT.format("{}").partition("\n")[2]
BOTH = f"import tensorflow as tf\n{LINES.format('')}{LINES.format(', tf.lite.OpsSet.SELECT_TF_OPS')}"
IN_A_LOOP = (
    BOTH.partition("converter =")[0]
    + "for allowed in (True, False):\n    "
    + "    ".join(
        [
            *LINES.format("").splitlines(True),
            "converter.allow_custom_ops = allowed\n",
            "converter.convert()\n",
        ]
    )
)
ON_A_WAY = SCRIPT.format("") + "".join(
    f"if by_hand:\n    {line}\n" for line in SCRIPT.format(", tf.lite.OpsSet.SELECT_TF_OPS").splitlines()[-1:]
)


@pytest.mark.parametrize(
    ("script", "op", "expected"),
    [
        (BOTH, "Erf", {"export.py:2": "abort", "export.py:5": "FlexErf"}),
        (BOTH, "Relu", {"": "quantized"}),
        (
            IN_A_LOOP,
            "Erf",
            {
                "export.py:3 with TFLITE_BUILTINS, custom ops": "Erf",
                "export.py:3 with TFLITE_BUILTINS": "abort",
            },
        ),
        (
            ON_A_WAY,
            "Erf",
            {
                "export.py:2 with SELECT_TF_OPS, TFLITE_BUILTINS": "FlexErf",
                "export.py:2 with TFLITE_BUILTINS": "abort",
            },
        ),
    ],
)
def test_calls_of_one_profile_have_each_their_own_answer_where_they_differ(
    script: str, op: str, expected: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    b = Builder()
    b.fake_quant("x", b.placeholder("input", SHAPE), -1, 1)
    output = between(op)(b)
    (tmp_path / "export.py").write_text(script)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "graph.pb").write_bytes(encode(b.graph()))
    report = minmax_lint.lint("graph.pb", outputs=[output], script="export.py")
    assert {
        name.partition(" (")[2].removesuffix(")"): short(one.verdict, [kind for kind, _ in one.float_ops])
        for name, one in report.predictions.items()
    } == expected
    assert {name.partition(" (")[0] for name in report.predictions} == {"mlir-2.21-v2"}
    assert all(name == one.profile for name, one in report.predictions.items())


@pytest.mark.parametrize("optimized", [True, False])
@pytest.mark.parametrize(("more", "verdict"), [(", tf.lite.OpsSet.SELECT_TF_OPS", "float"), ("", "abort")])
def test_the_script_says_whether_it_is_allowed(  # type: ignore[no-untyped-def]
    more: str, verdict: str, optimized: bool, tmp_path
) -> None:
    b, output = graph_of_case("no builtin")
    (tmp_path / "graph.pb").write_bytes(encode(b.graph()))
    script = SCRIPT.format(more)
    (tmp_path / "export.py").write_text(
        script if optimized else script.replace("DEFAULT", "").replace("tf.lite.Optimize.", "")
    )
    report = minmax_lint.lint(tmp_path / "graph.pb", outputs=[output], script=tmp_path / "export.py")
    assert [one.verdict for one in report.predictions.values()] == [verdict]
    message = next(iter(report.predictions.values())).message
    assert ("FlexErf is an op of TensorFlow (SELECT_TF_OPS)" in message) == (verdict == "float" and optimized)
    assert ("neither a custom op nor a flex op" in message) == (verdict == "abort")


def recurrent(b: Builder) -> Kept:
    """A loop that writes items of an open batch into a list."""
    x = b.placeholder("x", [None, 4])
    size = b.const("size", 3, dtype=DType.INT32)
    shape = b.const("shape", [-1, 4], dtype=DType.INT32)
    made = b.add("TensorListReserve", "list", shape, size, element_dtype=DType.FLOAT, shape_type=DType.INT32)
    one = b.const("one", 1, dtype=DType.INT32)
    written = b.add("TensorListSetItem", "written", made, one, x, element_dtype=DType.FLOAT)
    output = b.add("TensorListStack", "y", written, shape, element_dtype=DType.FLOAT, num_elements=3)
    return trace(b.graph(), ["x"], [output])


@pytest.mark.parametrize(
    ("profile", "verdict", "select_tf"),
    [
        ("mlir-2.15-dynamic", "abort", "float"),
        ("mlir-2.15-int8", "abort", "float"),
        ("mlir-2.15-16x8-fallback", "abort", "abort"),
        ("mlir-2.18-int8", "abort", "float"),
        ("mlir-2.19-int8", "abort", "abort"),
        ("mlir-2.21-dynamic", "abort", "float"),
        ("mlir-2.21-int8", "abort", "abort"),
    ],
)
def test_a_list_that_cannot_become_an_array_stays_one_of_tensorflow(
    profile: str, verdict: str, select_tf: str
) -> None:
    """Measured with LSTM layers of Keras 2 and 3, whose batch is open."""
    kept = recurrent(Builder())
    for allowed, expected in ((False, verdict), (True, select_tf)):
        found = predicted_of_kept(kept, replace(PROFILES[profile], select_tf=allowed))
        assert found.verdict == expected
    assert found.obstacles[0].kind == "control-flow"

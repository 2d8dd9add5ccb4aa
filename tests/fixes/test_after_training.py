"""`fix` for models that are quantized after training: proved by the real quantizers and TFLite's interpreter.

Each case is a float graph with an op that stays float, ends the conversion, answers by chance or cannot be run, in
some of the ways of quantizing it. The fixed graph is all integer, runs, and computes what the float model computes.
"""

import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import minmax_lint
from minmax_lint.fixes.engine.patch import Patch
from minmax_lint.graph.build import Builder
from minmax_lint.graph.dtype import DType
from minmax_lint.writers.graphdef import encode
from tests.differential.forked import ForkServer
from tests.interpreters import tf215, tf221

_INT = {"dtype": DType.INT32}
INT8, SIXTEEN, EVERY = ("int8",), ("16x8", "16x8-fallback"), ("int8", "16x8", "16x8-fallback")
SHAPE = [1, 4]


def layer_norm(b: Builder, x: str) -> str:
    """As tf.nn.moments and tf.nn.batch_normalization write it."""
    axes = b.const("axes", [1], **_INT)
    mean = b.add("Mean", "mean", x, axes, keep_dims=True, Tidx=DType.INT32)
    squares = b.add("SquaredDifference", "op", x, mean)
    variance = b.add("Mean", "variance", squares, axes, keep_dims=True, Tidx=DType.INT32)
    scale = b.add("Rsqrt", "rsqrt", b.add("AddV2", "add", variance, b.const("epsilon", 0.1)))
    return b.add("Mul", "normal", b.add("Sub", "centred", x, mean), scale)


def half(b: Builder, x: str) -> str:
    return b.add("Split", "op", b.const("axis", 1, **_INT), x, num_split=2) + ":1"


def one_of(b: Builder, x: str) -> str:
    return b.add("Unpack", "op", x, num=4, axis=1) + ":2"


def tile(b: Builder, x: str) -> str:
    return b.add("Tile", "op", x, b.const("times", [2, 3], **_INT), Tmultiples=DType.INT32)


def many_copies(b: Builder, x: str) -> str:
    return b.add("Tile", "op", x, b.const("times", [1, 35], **_INT), Tmultiples=DType.INT32)


RECURRENT = Path(__file__).parents[2] / "fixtures" / "recurrent"
Make = Callable[[Builder, str], str]
CASES: dict[str, tuple[Make, tuple[str, ...], bool]] = {
    "square": (lambda b, x: b.add("Square", "op", x), EVERY, True),
    "cube": (lambda b, x: b.add("Pow", "op", x, b.const("three", 3.0)), EVERY, False),
    "neg": (lambda b, x: b.add("Neg", "op", x), EVERY, True),
    "from-zero": (lambda b, x: b.add("Sub", "op", b.const("zero", 0.0), x), SIXTEEN, True),
    "add-two": (lambda b, x: b.add("AddN", "op", x, b.add("Tanh", "a", x), N=2), EVERY, True),
    "add-three": (
        lambda b, x: b.add("AddN", "op", x, b.add("Tanh", "a", x), b.add("Exp", "e", x), N=3),
        EVERY,
        True,
    ),
    "split": (half, INT8, True),
    "unpack": (one_of, INT8, True),
    "difference": (
        lambda b, x: b.add("SquaredDifference", "op", x, b.add("Tanh", "a", x)),
        SIXTEEN,
        True,
    ),
    "layer-norm": (layer_norm, SIXTEEN, True),
    "tile": (tile, SIXTEEN, True),
    "many-copies": (many_copies, SIXTEEN, True),
}
"""Name -> what makes the op `op`, the ways of quantizing that it hinders, and whether its repair is safe."""


def graph_of(name: str) -> bytes:
    b = Builder()
    x = b.add("Mul", "scaled", b.placeholder("input", SHAPE), b.const("factor", 1.5))
    b.add("LeakyRelu", "output", CASES[name][0](b, x), alpha=0.5)
    return encode(b.graph())


def fixed(name: str, profile: str) -> Patch:
    return minmax_lint.fix(
        graph_of(name), outputs=["output"], converters=[profile], unsafe=not CASES[name][2]
    )


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("call", EVERY)
def test_a_repair_is_made_where_it_helps_and_the_finding_offers_it(name: str, call: str) -> None:
    _, calls, safe = CASES[name]
    patch = fixed(name, f"mlir-{call}")
    offers = [one.fix for one in patch.before.findings if one.fix is not None]
    if call not in calls:
        assert patch.empty
        assert not offers
        return
    assert (patch.strategy, patch.safe) == ("replace", safe)
    assert {(one.strategy, one.applicability) for one in offers} == {
        ("replace", "safe" if safe else "unsafe")
    }
    after = patch.after.predictions[f"mlir-2.21-{call}"]
    assert (after.verdict, after.runs) == ("quantized", True)


@pytest.mark.parametrize("call", EVERY)
def test_what_may_differ_in_the_last_bit_is_left_alone_without_unsafe_fixes(call: str) -> None:
    assert minmax_lint.fix(graph_of("cube"), outputs=["output"], converters=[f"mlir-{call}"]).empty


def test_hundreds_of_copies_stay_a_tile() -> None:
    b = Builder()
    x = b.add("Relu", "relu", b.placeholder("input", SHAPE))
    b.add("Tile", "output", x, b.const("times", [257, 1], **_INT), Tmultiples=DType.INT32)
    patch = minmax_lint.fix(encode(b.graph()), outputs=["output"], converters=["mlir-16x8"])
    assert patch.empty
    assert [(one.code, one.fix) for one in patch.before.findings] == [("MM406", None)]


@pytest.mark.parametrize("call", ["int8", "16x8-fallback"])
def test_of_a_cast_of_bytes_the_advice_is_an_integer_input(call: str) -> None:
    b = Builder()
    x = b.add("Cast", "cast", b.placeholder("image", [1, 4], DType.UINT8), SrcT=DType.UINT8, DstT=DType.FLOAT)
    b.add("Mul", "output", x, b.const("scale", 1 / 255))
    report = minmax_lint.lint(encode(b.graph()), outputs=["output"], converters=[f"mlir-{call}"])
    (finding,) = report.findings
    assert ("-i cast;" in finding.advice and "tf.uint8" in finding.advice) is (call == "int8")
    behind = minmax_lint.lint(encode(b.graph()), ["cast"], ["output"], [f"mlir-{call}"])
    assert behind.predictions[f"mlir-2.21-{call}"].verdict == "quantized"


LSTM = """
import sys, tensorflow as tf
inputs = tf.keras.Input([5, 3], name="x")
outputs = tf.keras.layers.Dense(2)(tf.keras.layers.LSTM(4)(inputs))
tf.keras.Model(inputs, outputs).save(sys.argv[1], save_format="tf")
inputs = tf.keras.Input([5, 3], batch_size=1)
outputs = tf.keras.layers.LSTM(4)(tf.square(inputs))
tf.keras.Model(inputs, outputs).save(sys.argv[2], save_format="tf")
inputs = tf.keras.Input([5, 3])
outputs = tf.keras.layers.LSTM(4)(tf.keras.layers.LSTM(6, return_sequences=True)(inputs))
tf.keras.Model(inputs, outputs).save(sys.argv[3], save_format="tf")
"""


@pytest.fixture(scope="module")
def lstms(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ...]:
    """SavedModels of an LSTM layer of any batch, of one behind a square, and of two in a row."""
    folder = tmp_path_factory.mktemp("lstm")
    models = folder / "any", folder / "square", folder / "two"
    subprocess.run([tf215(), "-c", LSTM, *models], check=True, capture_output=True)
    return models


def test_a_repair_that_costs_the_lstm_its_function_is_neither_offered_nor_made(
    lstms: tuple[Path, ...],
) -> None:
    patch = minmax_lint.fix(lstms[1], converters=["mlir-2.15-int8"], unsafe=True)
    assert patch.empty
    (finding,) = patch.before.findings
    assert (finding.code, finding.fix) == ("MM401", None)
    assert "the LSTM layer by its function" in finding.advice


def test_an_lstm_of_any_batch_converts_with_a_batch_of_one(lstms: tuple[Path, ...], tmp_path: Path) -> None:
    folder, data = lstms[0], tmp_path / "data.npz"
    np.savez(data, x=np.random.default_rng(0).uniform(-1, 1, [8, 5, 3]).astype("float32"))
    (input_,) = minmax_lint.lint(folder).inputs
    asked = {"post_training": "int8", "dataset": str(data), "python": tf215()}
    with_fix = minmax_lint.convert(folder, fix=True, unsafe=True, **asked)
    assert with_fix.patch is not None
    assert (with_fix.patch.strategy, with_fix.patch.safe) == ("batch", False)
    (offer,) = [one.fix for one in with_fix.patch.before.findings if one.fix is not None]
    assert (offer.strategy, offer.applicability) == ("batch", "unsafe")
    with_shape = minmax_lint.convert(folder, {input_: [1, 5, 3]}, **asked)
    for done in (with_fix, with_shape):
        assert (done.verdict, done.surprise) == ("quantized", None)
        assert "UNIDIRECTIONAL_SEQUENCE_LSTM" in [op.name for op in done.contents.ops]


@pytest.mark.parametrize("version", ["2.15", "2.21"])
def test_two_lstms_in_a_row_are_offered_no_batch_which_would_not_help(
    lstms: tuple[Path, ...], version: str
) -> None:
    patch = minmax_lint.fix(lstms[2], converters=[f"mlir-{version}-int8"], unsafe=True)
    assert patch.empty
    assert [(one.code, one.fix) for one in patch.before.findings] == [("MM405", None)]


@pytest.mark.parametrize("name", ["gru_batch", "rnn_batch", "scan_batch", "array_stacked_batch"])
def test_other_loops_are_offered_no_batch(name: str) -> None:
    patch = minmax_lint.fix(RECURRENT / f"{name}.pb", converters=["mlir-int8"], unsafe=True)
    assert patch.empty
    assert not any(one.fix for one in patch.before.findings if one.code == "MM405")


LARGEST = 3.0
"""What the scaled input reaches, at least, in the calibrated range of its array."""


@pytest.mark.parametrize(
    ("version", "python", "sixteen"),
    [("2.15", tf215, "16x8-fallback"), ("2.21", tf221, "16x8")],
    ids=["2.15", "2.21"],
)
def test_the_real_quantizer_makes_it_integer_it_runs_and_its_values_are_those_of_the_float_model(
    version: str, python: Callable[[], Path], sixteen: str
) -> None:
    worst = {"int8": 3.0, sixteen: 0.05}  # steps of 8 bits
    with ForkServer(python()) as server:
        for name, (_, calls, _) in CASES.items():
            graph = graph_of(name)
            answer = server.answer(f"mlir-{version}-dynamic", graph, {"input": SHAPE}, ["output"])
            assert (answer["verdict"], answer["runs"]) == ("float", "ok")
            (expected,) = server.values()
            for call in worst.keys() & set(calls):
                profile = f"mlir-{version}-{call}"
                if call == "16x8":
                    before = server.answer(profile, graph, {"input": SHAPE}, ["output"])
                    assert before["verdict"] == "abort" or before["runs"] != "ok", name
                after = server.answer(
                    profile, encode(fixed(name, profile).graph), {"input": SHAPE}, ["output"]
                )
                assert (after["verdict"], after.get("runs")) == ("quantized", "ok"), (name, profile)
                (found,) = server.values()
                step = max(np.abs(expected).max(), LARGEST) / 255
                assert np.abs(found - expected).max() <= worst[call] * step, (name, profile)

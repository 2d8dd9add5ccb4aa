"""Values of graph, repaired graph and produced model, side by side, in real TensorFlows."""

from pathlib import Path

import numpy as np
import pytest

import minmax_lint
from minmax_lint.backends.calibration import Data
from minmax_lint.backends.conversion import Engine, convert_graph
from minmax_lint.backends.verification import Parties, verify
from minmax_lint.backends.verification.compare import Difference
from minmax_lint.cli import main
from minmax_lint.errors import UserError
from minmax_lint.graph.build import Builder
from minmax_lint.writers.graphdef import encode
from tests.interpreters import tf215, tf221

FOUNDING = Path(__file__).parents[2] / "fixtures" / "founding"
BROKEN = FOUNDING / "eval-frozen.pb"
SHAPES = {"input": [1, 2]}
INPUTS = {"x": [1, 4]}
pytestmark = pytest.mark.usefixtures("warm_tensorflow")


def classifier(*, shift: float = 0.0) -> bytes:
    """Four inputs, three classes; `shift` moves the second class."""
    b = Builder()
    x = b.fake_quant("x/quant", b.placeholder("x", [1, 4]), -1, 1)
    weights = [1.0, -0.5, 0.25, 0.5, 1.0, -0.25, -0.75, 0.5, 1.0, 0.25, -1.0, 0.5]
    quantized = b.fake_quant("weights/quant", b.const("weights", weights, [4, 3]), -1, 1, narrow_range=True)
    product = b.add("MatMul", "MatMul", x, quantized, transpose_a=False, transpose_b=False)
    biased = b.add(
        "BiasAdd", "logits/raw", product, b.const("bias", [0.0, shift, 0.0], [3]), data_format=b"NHWC"
    )
    b.fake_quant("logits", biased, -3, 3)
    return encode(b.graph())


@pytest.mark.parametrize("engine", ["toco", "mlir"])
def test_a_repaired_founding_net_computes_the_same_up_to_rounding(engine: Engine) -> None:
    python = tf215() if engine == "toco" else tf221()
    found = minmax_lint.convert(
        BROKEN, SHAPES, ["output"], engine=engine, fix=True, verify=True, python=python
    )
    assert found.verdict == "quantized"
    assert found.surprise is None
    proof = found.verification
    assert proof is not None
    assert {(one.reference, one.value) for one in proof.comparisons} == {
        ("original", "fixed"), ("original", "model"), ("fixed", "model"),
    }  # fmt: skip
    (fix,) = proof.of("original", "fixed")
    assert fix.step == pytest.approx(6 / 255)
    assert 0 < fix.max_error <= 0.501  # half a step: the FakeQuant's rounding
    (conversion,) = proof.of("fixed", "model")
    assert conversion.max_error <= 1.001
    assert proof.worst <= 1.51
    assert (proof.samples, proof.source, proof.clipped) == (100, None, {})


@pytest.fixture
def model() -> bytes:
    """The classifier, converted."""
    found = convert_graph(classifier(), INPUTS, ["logits"], python=tf221()).model
    assert found is not None
    return found


def test_a_graph_that_needed_no_fix_is_compared_with_its_model_alone(model: bytes) -> None:
    found = verify(Parties((classifier(), ["logits"]), None, model, INPUTS), python=tf221())
    (one,) = found.comparisons
    assert one.max_error <= 1.001
    assert one.agreement == 1.0


def test_a_model_of_another_net_is_seen_in_errors_and_argmax(model: bytes) -> None:
    found = verify(Parties((classifier(shift=2.0), ["logits"]), None, model, INPUTS), python=tf221())
    assert found.worst == pytest.approx(2.0 / (6 / 255), rel=0.1)
    (one,) = found.comparisons
    assert one.agreement is not None
    assert one.agreement < 0.6


def three_layers(*, shift: float = 0.0) -> bytes:
    """Three layers with ReLU and a range each; `shift` moves a unit of the second."""
    b = Builder()
    array = b.fake_quant("x/quant", b.placeholder("x", [1, 4]), -2, 127 / 64)  # what uint8 inputs hold
    for name, bias in (("first", 0.0), ("second", shift), ("third", 0.0)):
        weights = b.const(f"{name}/weights", [1.0, -0.5, 0.25, 0.5], [4, 4])
        weights = b.fake_quant(f"{name}/weights/quant", weights, -1, 1, narrow_range=True)
        array = b.add("MatMul", f"{name}/MatMul", array, weights, transpose_a=False, transpose_b=False)
        shifts = b.const(f"{name}/bias", [0.0, bias, 0.0, 0.0], [4])
        array = b.add("BiasAdd", f"{name}/BiasAdd", array, shifts, data_format=b"NHWC")
        array = b.fake_quant(name, b.add("Relu", f"{name}/Relu", array), 0, 6)
    return encode(b.graph())


@pytest.mark.parametrize(
    ("engine", "flow", "interpreter", "op"),
    [
        ("mlir", "tf1", tf221, "second/MatMul"),
        ("mlir", "tf2", tf221, "second/MatMul"),
        ("toco", "tf1", tf215, "second/Relu"),
    ],
)
def test_an_error_begins_at_the_first_op_whose_values_are_others(engine, flow, interpreter, op) -> None:
    """What a fused op makes is compared with the end of what was fused, so that no op in front is blamed."""
    python = interpreter()
    model = convert_graph(three_layers(), INPUTS, ["third"], engine=engine, flow=flow, python=python).model
    found = verify(Parties((three_layers(shift=2.0), ["third"]), None, model, INPUTS), python=python)
    assert found.far_off()
    assert found.first_error == f"FULLY_CONNECTED {op!r}"


@pytest.mark.parametrize(
    ("command", "result"), [("convert", "out.tflite"), ("fix", "fixed.pb")], ids=["convert", "fix"]
)
def test_the_op_where_the_error_begins_is_reported(tmp_path, capsys, command, result) -> None:
    """Data beyond the input's range are clipped by the model, and not by a graph without FakeQuant there."""
    b = Builder()
    kept = b.dense("layer", b.placeholder("x", [1, 4]), 4, 4)
    if command == "fix":
        kept = b.add("Relu", "relu", kept)
    b.fake_quant("out", kept, -20, 20)
    (tmp_path / "graph.pb").write_bytes(encode(b.graph()))
    np.savez(tmp_path / "data.npz", x=np.array([[30, 5, 3, -20]], np.float32))
    # The FakeQuant stands behind the output that `fix` gets.
    arguments = [command, str(tmp_path / "graph.pb"), "-o", "out" if command == "convert" else "relu"]
    arguments += ["--output", str(tmp_path / result), "--python", str(tf221())]
    report = f"json={tmp_path / 'report.json'}"
    formats = ["--output-format", "full", "--output-format", report]
    data = ["--verify", "--verify-data", str(tmp_path / "data.npz")]
    assert main([*arguments, *data, *formats]) == 1
    op = f"FULLY_CONNECTED {'out' if command == 'convert' else 'relu'!r}"
    assert f"the error begins at {op}" in " ".join(capsys.readouterr().out.split())
    assert op in (tmp_path / "report.json").read_text()
    assert not (tmp_path / "fixed.pb").exists()


def test_data_beyond_the_models_input_are_told(model: bytes, tmp_path: Path) -> None:
    source = str(tmp_path / "data.npz")
    np.savez(source, x=np.array([[1, -1, 0, 0], [5, 0, 0, 0]], np.float32))
    found = verify(
        Parties((classifier(), ["logits"]), None, model, INPUTS, data=Data(source)), python=tf221()
    )
    assert found.clipped == {"x": 0.125}
    assert (found.samples, found.source) == (2, source)


def test_the_tf2_flow_counts_in_steps_of_the_quantized_output_too() -> None:
    found = minmax_lint.convert(classifier(), INPUTS, ["logits"], flow="tf2", verify=True, python=tf221())
    assert found.contents is not None
    assert found.contents.output_types == ("float32",)
    assert found.verification is not None
    (one,) = found.verification.comparisons
    assert one.step == pytest.approx(6 / 255, rel=1e-3)
    assert one.max_error <= 1.001


def test_data_that_do_not_fit_are_the_users_error(model: bytes, tmp_path: Path) -> None:
    np.savez(tmp_path / "data.npz", x=np.zeros([3, 7], np.float32))
    data = Data(str(tmp_path / "data.npz"))
    with pytest.raises(UserError, match=r"have shape \[3, 7\]; the graph wants \[1, 4\]"):
        verify(Parties((classifier(), ["logits"]), None, model, INPUTS, data=data), python=tf221())


@pytest.mark.parametrize(
    ("reference", "value", "largest"),
    [
        ([1.0, 2.0], [1.5, 2.0], 0.5),
        ([np.nan, 2.0], [0.0, 2.0], np.inf),
        ([0.0, 2.0], [np.nan, 2.0], np.inf),
        ([np.inf, 2.0], [6.0, 2.0], np.inf),
        ([np.nan, np.inf], [np.nan, np.inf], 0.0),
    ],
)
def test_a_value_that_is_no_number_is_off_without_end(
    reference: list[float], value: list[float], largest: float
) -> None:
    difference = Difference()
    difference.add([reference], [value])
    assert difference.result()["max"] == largest


def test_a_net_that_gives_no_number_is_no_success(tmp_path: Path) -> None:
    b = Builder()
    x = b.fake_quant("x/quant", b.placeholder("x", [1, 4]), -1, 1)
    b.add("Log", "y", x)
    found = minmax_lint.convert(encode(b.graph()), INPUTS, ["y"], flow="tf2", verify=True, python=tf221())
    assert found.verification is not None
    assert found.verification.worst == 0.0  # float both times, NaN and all
    (one,) = found.verification.comparisons
    assert np.isfinite(one.step)

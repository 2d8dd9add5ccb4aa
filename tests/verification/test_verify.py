"""Values of graph, repaired graph and produced model, side by side, in real TensorFlows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import minmax_lint
from minmax_lint.backends.calibration import Data
from minmax_lint.backends.conversion import Engine, convert_graph
from minmax_lint.backends.verification import Parties, verify
from minmax_lint.backends.verification.compare import Difference
from minmax_lint.errors import UserError
from minmax_lint.graph.build import Builder
from minmax_lint.writers.graphdef import encode
from tests.interpreters import tf215, tf221

FOUNDING = Path(__file__).parents[2] / "fixtures" / "founding"
BROKEN = FOUNDING / "eval-frozen.pb"
SHAPES = {"input": [1, 2]}
INPUTS = {"x": [1, 4]}


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


@pytest.fixture(scope="module")
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

"""Loops after training: what calibration survives, and the arguments that the quantizer for 16x8 names.

Measured with TF 2.15.1 and 2.21.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from minmax_lint.api import lint
from minmax_lint.converters.prediction import Prediction

FIXTURES = Path(__file__).parents[4] / "fixtures"
SINGLE_BATCH = """
import tensorflow as tf
converter = tf.lite.TFLiteConverter.from_saved_model("export")
converter.optimizations = [tf.lite.Optimize.DEFAULT]
converter.representative_dataset = samples
converter._experimental_default_to_single_batch_in_tensor_list_ops = True
converter.convert()
"""


@pytest.mark.parametrize("version", ["2.15", "2.21"])
@pytest.mark.parametrize("name", ["gru", "lstm_states", "rnn", "scan"])
def test_a_loop_that_hands_on_a_computed_array_ends_the_process(name: str, version: str) -> None:
    for call in ("int8", "16x8-fallback", "16x8"):
        found = prediction(f"recurrent/{name}.pb", f"mlir-{version}-{call}")
        assert (found.verdict, found.kind) == ("abort", "other")
        assert "unchanged" in found.obstacles[0].message


@pytest.mark.parametrize(
    ("name", "message"),
    [("lstm_batch", "One op stays float"), ("gru", "SIGSEGV"), ("map_fn_batch", "One op")],
)
def test_an_rnn_layer_of_an_open_batch_is_calibrated_where_lists_get_a_batch_of_one(
    name: str, message: str, tmp_path: Path
) -> None:
    """Measured with twelve RNN layers of Keras 3 in 2.21 three of Keras 2 in 2.15; a fixed batch crashes."""
    (tmp_path / "convert.py").write_text(SINGLE_BATCH)
    report = lint(FIXTURES / f"recurrent/{name}.pb", outputs=["Identity"], script=tmp_path / "convert.py")
    assert message in report.predictions["mlir-2.21-int8"].message


@pytest.mark.parametrize(
    ("ops", "verdict"),
    [("TFLITE_BUILTINS", "abort"), ("TFLITE_BUILTINS, tf.lite.OpsSet.SELECT_TF_OPS", "float")],
)
@pytest.mark.parametrize("name", ["gru", "rnn", "map_fn_batch"])
def test_lists_that_the_call_keeps_are_ops_of_tensorflow(
    name: str, ops: str, verdict: str, tmp_path: Path
) -> None:
    """Measured with RNN layers of Keras 3, map_fn and a TensorArray in 2.21, in eight flows each."""
    script = tmp_path / "convert.py"
    script.write_text(
        "import tensorflow as tf\nconverter = tf.lite.TFLiteConverter.from_saved_model('export')\n"
        f"converter.target_spec.supported_ops = [tf.lite.OpsSet.{ops}]\n"
        "converter._experimental_lower_tensor_list_ops = False\n"
    )
    report = lint(FIXTURES / f"recurrent/{name}.pb", outputs=["Identity"], script=script)
    (found,) = report.predictions.values()
    assert found.verdict == verdict
    assert [op for op, _ in found.float_ops] == (["FlexTensorListReserve"] if verdict == "float" else [])
    advice = [one.advice for one in report.findings if one.code == "MM405"]
    assert all("_experimental_lower_tensor_list_ops" in one for one in advice)
    assert bool(advice) == (verdict == "abort")


def test_what_is_advised_for_a_loop_that_ends_the_process_converts() -> None:
    (finding,) = lint(FIXTURES / "recurrent/gru.pb", converters=["mlir-int8"], select=["MM405"]).findings
    assert "Unroll the RNN layer (unroll=True), or leave the batch open" in finding.advice
    (finding,) = lint(FIXTURES / "recurrent/gru.pb", converters=["mlir-16x8"], select=["MM405"]).findings
    assert "leave the batch open" not in finding.advice


@pytest.mark.parametrize(
    ("name", "converter", "advice"),
    [
        ("map_fn", "mlir-v2", "tf.stack([function(one) for one in tf.unstack(items)])"),
        ("scan", "mlir-int8", "Write tf.scan as a Python loop"),
        ("scan", "mlir-v2", "Write tf.scan as a Python loop"),
        ("lstm_cell", "mlir-v2", "an RNN layer with unroll=True"),
    ],
)
def test_what_is_advised_for_a_loop_is_said_of_the_function_that_makes_it(
    name: str, converter: str, advice: str
) -> None:
    found = lint(FIXTURES / f"recurrent/{name}.pb", converters=[converter], select=["MM405"]).findings
    assert all(advice in one.advice for one in found)
    assert found
    assert not any("as_array" in text for one in found for text in (one.message, *one.consequences))


@pytest.mark.parametrize("name", ["control_flow/loop_noq.pb", "recurrent/map_fn.pb"])
def test_a_loop_without_such_an_array_is_calibrated(name: str) -> None:
    assert prediction(name, "mlir-2.21-int8").verdict == "float"


@pytest.mark.parametrize(
    ("profile", "array"),
    [("mlir-2.15-16x8-fallback", "arg0"), ("mlir-2.21-16x8-fallback", "while/LoopCond_cond_arg0")],
)
def test_an_argument_has_the_name_that_the_converter_gives_it(profile: str, array: str) -> None:
    found = prediction("control_flow/loop_noq.pb", profile)
    assert (found.kind, found.array) == ("minmax", array)
    assert f"Failed for tensor {array}" in found.message


def prediction(name: str, profile: str) -> Prediction:
    return lint(FIXTURES / name, converters=[profile]).predictions[profile]

"""What MLIR makes of each mechanism: measured with TF 2.15.1 and 2.21, both flows."""

from collections.abc import Callable

import pytest

from minmax_lint.converters.mlir.function import predict_function
from minmax_lint.converters.prediction import Prediction
from minmax_lint.converters.profile import profile
from minmax_lint.graph.build import Builder
from minmax_lint.graph.trace import trace
from minmax_lint.inference.inference import Inference
from tests.converters import mechanisms as m

Mechanism = Callable[[Builder], str]

PROFILES = ("mlir-2.15", "mlir-2.21", "mlir-2.15-v2", "mlir-2.21-v2")

SAME_EVERYWHERE = {
    m.trained_output: "quantized",
    m.fake_quant_behind_output: "FULLY_CONNECTED",
    m.range_through_reshapes: "quantized",
    m.fixed_range: "quantized",
    m.two_ranges_around_relu: "quantized",
    m.raw_reader: "ABS EXP",
    m.two_fake_quants: "ABS",
    m.same_range_twice: "quantized",
    m.weights_without_range: "quantized",
    m.no_kernel: "SIN",
    m.reduction_of_one: "quantized",
    m.concatenation: "quantized",
    m.two_missing_in_a_row: "FULLY_CONNECTED FULLY_CONNECTED",
    m.refused_op: "abort: other",
    m.range_not_constant: "abort: other",
}
"""Mechanism -> verdict, or the ops that stay float."""

DIFFERENT = {
    m.chain_at_output: ("quantized", "abort: scale-conflict", "quantized", "quantized"),
    m.input_without_range: ("quantized", "quantized", "FULLY_CONNECTED", "FULLY_CONNECTED"),
    m.mean: ("MEAN", "quantized", "MEAN", "quantized"),
}
"""Mechanism -> the same for each of PROFILES."""

EXPECTED = {
    **{mechanism: (answer,) * len(PROFILES) for mechanism, answer in SAME_EVERYWHERE.items()},
    **DIFFERENT,
}


def predicted(mechanism: Mechanism, name: str) -> Prediction:
    """The model's answer for one mechanism and profile."""
    b = Builder()
    output = mechanism(b)
    kept = trace(b.graph(), ["input"], [output])
    return predict_function(kept, Inference(kept, {}), profile(name))


def answer(prediction: Prediction) -> str:
    """The prediction as the tables above write it."""
    if prediction.verdict == "float":
        return " ".join(sorted(op for op, _ in prediction.float_ops))
    return f"abort: {prediction.kind}" if prediction.verdict == "abort" else prediction.verdict


@pytest.mark.parametrize("mechanism", EXPECTED, ids=lambda mechanism: mechanism.__name__)
def test_a_mechanism_gives_the_measured_answer_of_each_profile(mechanism: Mechanism) -> None:
    answers = tuple(answer(predicted(mechanism, name)) for name in PROFILES)
    assert answers == EXPECTED[mechanism], mechanism.__doc__


@pytest.mark.parametrize("name", PROFILES)
def test_what_cannot_be_known_is_not_guessed(name: str) -> None:
    assert predicted(m.unread_result_of_split, name).verdict == "undetermined"


def test_an_op_that_is_not_tensorflows_is_named() -> None:
    prediction = predicted(m.own_op, "mlir-2.15")
    assert (prediction.verdict, prediction.kind, prediction.op) == ("abort", "other", "OwnOp")
    assert [(o.kind, o.node) for o in prediction.obstacles] == [("no-kernel", "y")]
    assert "Op type not registered 'OwnOp'" in prediction.message


@pytest.mark.parametrize(
    ("name", "answer_of_it"), [("mlir-2.21", "ADD MUL"), ("mlir-2.21-v2", "abort: other")]
)
def test_an_op_that_new_graphs_lack_is_refused_in_the_tf2_flow_alone(name: str, answer_of_it: str) -> None:
    assert answer(predicted(m.batch_norm_of_old_graphs, name)) == answer_of_it


def test_the_converters_own_message_is_repeated() -> None:
    assert "'tf.Erf' op is neither a custom op nor a flex op" in predicted(m.refused_op, "mlir-2.21").message
    chain = predicted(m.chain_at_output, "mlir-2.21").message
    assert "type of return operand 0 ('tensor<1x8x!quant.uniform<u8:f32, 0.00392156862745098" in chain

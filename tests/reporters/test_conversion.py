"""`convert`'s report, word for word, from results made by hand."""

import json
import math
from dataclasses import replace

import pytest

from minmax_lint.backends.conversion import ConversionResult, Failure, OpInfo, TensorInfo, TFLiteModel
from minmax_lint.backends.verification import Comparison, Verification
from minmax_lint.cli.next_commands import repair_command
from minmax_lint.converters.prediction import OpOutcome, Prediction
from minmax_lint.reporters.conversion import conversion_data
from minmax_lint.reporters.terminal.conversion import print_conversion
from minmax_lint.reporters.terminal.verification import steps_text
from minmax_lint.workflows.convert import Conversion
from tests.reporters.golden_file import Stream, assert_golden
from tests.reporters.reports import ABORT, MM101, report

INPUT = TensorInfo("input", "uint8", (1, 2), 0.015625, 128)
HIDDEN = TensorInfo("hidden", "int8", (1, 4), 0.5, 0)
OUTPUT = TensorInfo("output", "uint8", (1, 1), 6 / 255, 0)
FLOAT_HIDDEN = TensorInfo("hidden_float", "float32", (1, 4))
FLOAT_OUTPUT = TensorInfo("output", "float32", (1, 1))

INTEGER = TFLiteModel(
    (
        OpInfo("FULLY_CONNECTED", (INPUT,), (HIDDEN,)),
        OpInfo("FULLY_CONNECTED", (HIDDEN,), (OUTPUT,)),
        OpInfo("QUANTIZE", (OUTPUT,), (OUTPUT,)),
    ),
    (INPUT,),
    (OUTPUT,),
    1_234_567,
)
MIXED = TFLiteModel(
    (
        OpInfo("FULLY_CONNECTED", (INPUT,), (HIDDEN,)),
        OpInfo("DEQUANTIZE", (HIDDEN,), (FLOAT_HIDDEN,)),
        *(OpInfo("ADD", (FLOAT_HIDDEN,), (replace(FLOAT_OUTPUT, name=f"add_{i}"),)) for i in range(10)),
    ),
    (INPUT,),
    (FLOAT_OUTPUT,),
    900,
)
CONVERT = ("minmax-lint", "convert", "eval.pb", "-o", "output", "--output", "model.tflite")
CHECK = "minmax-lint check eval.pb -o output --converter toco-2.15"
CONVERTED = ConversionResult("mlir", "tf1", b"model", None, "2.21.0", 4.24, "")
FAILED = ConversionResult("toco", "tf1", None, Failure("minmax", ABORT, "output"), "2.15.1", 3.0, "")


def shown(
    found: Conversion,
    explanation: tuple[str, str] | None = None,
    *,
    quiet: bool = False,
    verbose: bool = False,
) -> str:
    out = Stream()
    print_conversion(
        out,
        found,
        "model.tflite",
        explanation,
        repairing=repair_command(CONVERT, found.report),
        checking=CHECK,
        quiet=quiet,
        verbose=verbose,
    )
    return out.getvalue()


def conversion(result: ConversionResult, model: TFLiteModel | None, *, broken: bool) -> Conversion:
    findings = (MM101,) if broken else ()
    return Conversion(report(*findings), None, result, model)


def test_an_integer_model_is_shown_with_its_ops() -> None:
    assert_golden("convert-integer.txt", shown(conversion(CONVERTED, INTEGER, broken=False)))


def test_a_model_with_float_ops_comes_with_the_finding_and_the_remedy() -> None:
    found = conversion(CONVERTED, MIXED, broken=True)
    assert_golden("convert-float.txt", shown(found))
    assert "add_9" not in shown(found)
    assert "add_9" in shown(found, verbose=True)


def test_an_abort_names_the_array() -> None:
    assert_golden("convert-abort.txt", shown(conversion(FAILED, None, broken=True)))


def test_a_failure_that_no_finding_explains_is_explained_by_its_message() -> None:
    text = shown(conversion(FAILED, None, broken=False), ("The cause.", "The remedy."))
    assert "cause    The cause." in text
    assert "advice   The remedy." in text


@pytest.mark.parametrize(
    ("error", "printed"),
    [(0.0, "0"), (3.8e-06, "<0.01"), (0.333, "0.33"), (1.5, "1.50"), (99.4, "99.40"), (12345.6, "12,346")],
)
def test_errors_are_shown_to_the_hundredth_of_a_step(error: float, printed: str) -> None:
    assert steps_text(error) == printed


ADD = OpOutcome("ADD", "sum", ("sum",), integer=False)
PREDICTED = Prediction("mlir-2.21", "float", float_ops=(("ADD", "sum"),), ops=(ADD,))


@pytest.mark.parametrize(
    ("result", "model", "predicted", "printed"),
    [
        (
            CONVERTED,
            INTEGER,
            PREDICTED,
            "float was predicted for mlir-2.21, and the converter's answer is quantized",
        ),
        (CONVERTED, MIXED, PREDICTED, "float was predicted for mlir-2.21, but with other float ops: ADD sum"),
        (
            FAILED,
            None,
            Prediction("toco-2.15", "abort", "minmax", "hidden"),
            "(minmax, hidden), but for another",
        ),
    ],
)
def test_a_wrong_prediction_for_just_this_converter_is_owned_up_to(
    result: ConversionResult, model: TFLiteModel | None, predicted: Prediction, printed: str
) -> None:
    text = " ".join(shown(replace(conversion(result, model, broken=True), prediction=predicted)).split())
    assert "minmax-lint was wrong: " in text
    assert printed in text
    assert "Please report it with the graph." in text


@pytest.mark.parametrize(
    "predicted",
    [None, Prediction("mlir-2.21", "undetermined"), replace(PREDICTED, verdict="quantized", float_ops=())],
)
def test_without_a_prediction_nobody_is_surprised(predicted: Prediction | None) -> None:
    found = replace(conversion(CONVERTED, INTEGER, broken=False), prediction=predicted)
    assert found.surprise is None
    assert "was wrong" not in shown(found)


PROOF = Verification(
    (
        Comparison("original", "fixed", "output", 6 / 255, 0.5, 0.25, None),
        Comparison("original", "model", "output", 6 / 255, 1.4, 0.3, None),
        Comparison("fixed", "model", "output", 6 / 255, 1.0, 0.05, None),
        Comparison("original", "fixed", "logits", 0.1, 0.5, 0.25, 1.0),
        Comparison("original", "model", "logits", 0.1, 3.0, 0.4, 0.98),
        Comparison("fixed", "model", "logits", 0.1, 2.5, 0.3, 0.985),
    ),
    100,
    "samples.npz",
    {"input": 0.015},
    3.2,
)


def test_how_far_values_are_off_is_a_table() -> None:
    found = replace(conversion(CONVERTED, INTEGER, broken=False), verification=PROOF, threshold=2.0)
    assert not found.proved
    assert_golden("convert-verified.txt", shown(found))


def test_errors_without_end_are_told_and_are_null_in_json() -> None:
    endless = Comparison("original", "model", "output", 6 / 255, math.inf, math.inf, None)
    proof = replace(PROOF, comparisons=(endless,))
    found = replace(conversion(CONVERTED, INTEGER, broken=False), verification=proof, threshold=2.0)
    assert "values too far off: largest error inf steps" in shown(found)
    data = json.loads(json.dumps(conversion_data(found, None), allow_nan=False))
    assert data["verification"]["worst"] is None
    assert data["verification"]["within_threshold"] is False


def test_values_that_could_not_be_compared_say_why() -> None:
    found = replace(conversion(CONVERTED, INTEGER, broken=False), unverified="The reason.")
    assert found.proved
    assert "not verified: The reason." in shown(found)


def test_quiet_is_the_last_line_alone() -> None:
    assert shown(conversion(CONVERTED, INTEGER, broken=False), quiet=True).splitlines() == [
        "✓ all-integer model: 2 of 2 ops integer",
        "  wrote model.tflite (1,205.6 KiB), MLIR of TensorFlow 2.21.0, 4.2 s",
    ]

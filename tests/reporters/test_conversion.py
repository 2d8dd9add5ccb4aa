"""`convert`'s report, word for word, from results made by hand."""

from __future__ import annotations

from dataclasses import replace

from minmax_lint.conversion import ConversionResult, Failure, OpInfo, TensorInfo, TFLiteModel
from minmax_lint.reporters.terminal.conversion import Conversion, print_conversion
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
COMMAND = ("minmax-lint", "convert", "eval.pb", "-o", "output", "--output", "model.tflite")
CONVERTED = ConversionResult("mlir", "tf1", b"model", None, "2.21.0", 4.24, "")
FAILED = ConversionResult("toco", "tf1", None, Failure("minmax", ABORT, "output"), "2.15.1", 3.0, "")


def shown(found: Conversion, *, quiet: bool = False, verbose: bool = False) -> str:
    out = Stream()
    print_conversion(out, found, quiet=quiet, verbose=verbose)
    return out.getvalue()


def conversion(result: ConversionResult, model: TFLiteModel | None, *, broken: bool) -> Conversion:
    findings = (MM101,) if broken else ()
    return Conversion(report(*findings), None, result, model, "model.tflite", COMMAND)


def test_an_integer_model() -> None:
    assert_golden("convert-integer.txt", shown(conversion(CONVERTED, INTEGER, broken=False)))


def test_a_model_with_float_ops_comes_with_the_finding_and_the_remedy() -> None:
    found = conversion(CONVERTED, MIXED, broken=True)
    assert_golden("convert-float.txt", shown(found))
    assert "add_9" not in shown(found)
    assert "add_9" in shown(found, verbose=True)


def test_an_abort_names_the_array() -> None:
    assert_golden("convert-abort.txt", shown(conversion(FAILED, None, broken=True)))


def test_a_failure_that_no_finding_explains_is_explained_by_its_message() -> None:
    found = replace(conversion(FAILED, None, broken=False), cause="The cause.", remedy="The remedy.")
    assert "cause    The cause." in shown(found)
    assert "advice   The remedy." in shown(found)


def test_a_wrong_prediction_for_just_this_converter_is_owned_up_to() -> None:
    assert "had predicted 'float' for mlir-2.21" in shown(conversion(CONVERTED, INTEGER, broken=True))
    other = replace(CONVERTED, tensorflow="2.20.1")
    assert "had predicted" not in shown(conversion(other, INTEGER, broken=True))


def test_quiet_is_the_last_line_alone() -> None:
    assert shown(conversion(CONVERTED, INTEGER, broken=False), quiet=True).splitlines() == [
        "✓ all-integer model: 2 ops",
        "  wrote model.tflite (1,205.6 KiB), MLIR of TensorFlow 2.21.0, 4.2 s",
    ]

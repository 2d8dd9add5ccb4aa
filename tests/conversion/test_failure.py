"""What real converters say, as data. The messages are verbatim from TOCO 2.15.1 and MLIR 2.15.1."""

import signal

import pytest

from minmax_lint.backends.conversion.failure import (
    failure_of_crash,
    failure_of_exception,
    failure_of_message,
    fatal_message,
)

LOG_LINE = "2026-01-01 10:00:00.500000: {severity} tensorflow/lite/toco/quantize.cc:186] {text}"
NO_RANGE = (
    "Array output does not have MinMax information, and is not a constant array. "
    "Cannot proceed with quantization."
)
LACKING = (
    "Array input, which is an input to the Conv operator producing the output array conv, is lacking min/max "
    "data, "
    "which is necessary for quantization. If accuracy matters, either target a non-quantized output format, "
    "or run quantized training with your model from a floating point checkpoint to change the input graph to "
    "contain min/max information. If you don't care about accuracy, you can pass --default_ranges_min= and "
    "--default_ranges_max= for easy experimentation."
)
NO_KERNEL = (
    "Unimplemented: this graph contains an operator of type Exp for which the quantized form is not yet "
    "implemented. Sorry, and patches welcome (that's a relatively fun patch to write, mostly providing the "
    "actual quantized arithmetic code for this op)."
)
CONFLICT = "quantization parameters violate the same scale constraint: !quant.uniform<u8:f32, 0.1>"
TRAINING = (
    "Input 0 of node act/AssignMinLast was passed float from act/min:0 incompatible with expected float_ref."
)


@pytest.mark.parametrize(
    ("message", "kind", "array", "op"),
    [
        (NO_RANGE, "minmax", "output", None),
        (LACKING, "minmax", "input", None),
        ("Output array named tail/Softmax lacks minmax", "minmax", "tail/Softmax", None),
        (NO_KERNEL, "unsupported-op", None, "Exp"),
        (CONFLICT, "scale-conflict", None, None),
        (TRAINING, "training-graph", None, None),
        ("Check failed: input_array.has_shape()", "other", None, None),
    ],
)
def test_kind_and_names_come_out_of_the_message(
    message: str, kind: str, array: str | None, op: str | None
) -> None:
    failure = failure_of_message(message)
    assert (failure.kind, failure.array, failure.op) == (kind, array, op)
    assert failure.message == message


def log(*lines: tuple[str, str]) -> str:
    return "\n".join(LOG_LINE.format(severity=severity, text=text) for severity, text in lines)


def test_a_crash_is_told_by_the_fatal_line_of_the_log_not_by_warnings_before_it() -> None:
    failure = failure_of_crash(-signal.SIGABRT, log(("W", "Array x lacks minmax"), ("F", NO_RANGE)))
    assert (failure.kind, failure.array, failure.message) == ("minmax", "output", NO_RANGE)


def test_a_fatal_message_may_go_on_over_lines_until_the_crash_report() -> None:
    text = log(("F", "Unsupported operations:")) + "\n  Exp\n  Sin\nFatal Python error: Aborted\nThread 1"
    assert fatal_message(text) == "Unsupported operations: Exp Sin"


@pytest.mark.parametrize(
    ("returncode", "ending"),
    [
        (-signal.SIGSEGV, "segmentation fault: a bug of this TensorFlow; try another version"),
        (-signal.SIGABRT, "abort: a check inside TensorFlow failed"),
        (-signal.SIGHUP, "signal 1"),
        (-signal.SIGKILL, "killed, perhaps out of memory"),
        (3, "exit code 3"),
    ],
)
def test_a_crash_without_a_message_says_how_the_process_ended(returncode: int, ending: str) -> None:
    assert failure_of_crash(returncode, "").message == f"crashed without a message ({ending})"


def test_the_exception_of_mlir_is_reduced_to_its_first_error() -> None:
    text = f'<unknown>:0: error: loc(fused["a"]): {CONFLICT}\n<unknown>:0: note: see current operation'
    failure = failure_of_exception("ConverterError", text)
    assert failure.kind == "scale-conflict"
    assert "\n" not in failure.message


def test_the_exception_of_toco_that_carries_a_log_is_reduced_to_its_fatal_line() -> None:
    failure = failure_of_exception("ConverterError", "See console for info.\n" + log(("F", NO_RANGE)))
    assert (failure.kind, failure.array) == ("minmax", "output")


def test_other_exceptions_keep_their_type() -> None:
    failure = failure_of_exception("ValueError", TRAINING)
    assert failure.message == f"ValueError: {TRAINING}"
    assert failure.kind == "training-graph"

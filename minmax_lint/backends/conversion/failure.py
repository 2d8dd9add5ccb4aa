"""A converter's failure as data: what its log or its exception says, distinguished by kind."""

import re
import signal
from collections.abc import Mapping
from dataclasses import dataclass

from minmax_lint.converters.prediction import AbortKind


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a real converter failed.

    `array` is the array that a `minmax` failure names; `op` the op type (TOCO's name) of an
    `unsupported-op` failure. `message` is the converter's own line without time, file and line number.
    """

    kind: AbortKind
    message: str
    array: str | None = None
    op: str | None = None


# `2026-01-01 10:00:00.5: F tensorflow/lite/toco/x.cc:144] text` (TOCO through TF's log) or `F0000 00:00 ...`.
_FATAL_LINE = re.compile(r"^.*?(?:: F |^F\d{4} .*? )\S+?\.(?:cc|h):\d+\] ?(?P<text>.*)$", re.MULTILINE)
# A LOG(FATAL) text may go on over further lines; the next log line, or the crash report, ends it.
_NEXT_LOG_LINE = re.compile(
    r"^(?:\d{4}-\d\d-\d\d \d\d:|[FEWI]\d{4} |Fatal Python error|Aborted|Current thread)"
)
_MLIR_ERROR = re.compile(r"error: (?P<text>.*)$", re.MULTILINE)

_ARRAY_PATTERNS = (
    # tooling_util.cc, CheckIsReadyForQuantization
    re.compile(r"Array (?P<array>\S+), which is an input to the .+? operator .*?is lacking min/max data"),
    # graph_transformations/quantize.cc, the range of an op's output
    re.compile(r"Array (?P<array>\S+) does not have MinMax information"),
    re.compile(r"Output array named (?P<array>\S+) lacks minmax"),
    # quantize_model.cc, FillQuantizationParams
    re.compile(r"should be recorded during calibration: Failed for tensor (?P<array>\S+)"),
)
_UNSUPPORTED_OP = re.compile(r"contains an operator of type (?P<op>.+?) for which the quantized form is not")
# The operator in TFLite's name: the C++ quantizer works on a finished model.
_UNSUPPORTED_OPERATOR = re.compile(r"Quantization (?:to 16x8-bit )?not yet supported for op: '(?P<op>\w+)'")
_SCALE_CONFLICT = re.compile(
    r"quantization parameters violate the same scale constraint|doesn't match function result type"
)
# An Assign whose variable was frozen into a constant: only training graphs have such nodes.
_TRAINING = re.compile(r"was passed \w+ from \S+ incompatible with expected \w+_ref")


def failure_of_message(message: str) -> Failure:
    """The failure that one (clean) message stands for."""
    for pattern in _ARRAY_PATTERNS:
        if found := pattern.search(message):
            return Failure("minmax", message, array=found["array"])
    if found := _UNSUPPORTED_OP.search(message):
        return Failure("unsupported-op", message, op=found["op"])
    if found := _UNSUPPORTED_OPERATOR.search(message):
        return Failure("unsupported-op", message, op=found["op"])
    if _SCALE_CONFLICT.search(message):
        return Failure("scale-conflict", message)
    if _TRAINING.search(message):
        return Failure("training-graph", message)
    return Failure("other", message)


def failure_of_exception(kind: str, text: str) -> Failure:
    """The failure of a converter that raised `kind(text)`."""
    return failure_of_message(_clean_exception(kind, text))


def failure_of_crash(returncode: int, log: str) -> Failure:
    """The failure of a converter process that died: `returncode` as subprocess gives it, `log` its stderr."""
    fatal = fatal_message(log)
    if fatal:
        return failure_of_message(fatal)
    return Failure("other", f"crashed without a message ({_signal_name(returncode)})")


def fatal_message(log: str) -> str | None:
    """The text of the LOG(FATAL) line in a log, without its prefix; None if there is none."""
    found = _FATAL_LINE.search(log)
    if found is None:
        return None
    lines = [found["text"]]
    for line in log[found.end() :].splitlines()[1:]:
        if not line.strip() or _NEXT_LOG_LINE.match(line):
            break
        lines.append(line)
    return " ".join(line.strip() for line in lines).strip()


def _clean_exception(kind: str, text: str) -> str:
    """One line: a fatal line inside the text, else MLIR's first error, else the exception's first line."""
    if fatal := fatal_message(text):
        return fatal
    first = next((line.strip() for line in text.splitlines() if line.strip()), "")
    found = _MLIR_ERROR.search(text)
    if found and not first.startswith("Could not translate MLIR"):
        return found["text"].strip()
    return first if kind == "ConverterError" else f"{kind}: {first}"


_SIGNALS: Mapping[signal.Signals, str] = {
    signal.SIGABRT: "abort: a check inside TensorFlow failed",
    signal.SIGSEGV: "segmentation fault: a bug of this TensorFlow; try another version",
    signal.SIGILL: "illegal instruction: this TensorFlow is built for another processor",
    signal.SIGFPE: "division by zero inside TensorFlow",
    signal.SIGKILL: "killed, perhaps out of memory",
}


def _signal_name(returncode: int) -> str:
    if returncode >= 0:
        return f"exit code {returncode}"
    return _SIGNALS.get(signal.Signals(-returncode), f"signal {-returncode}")

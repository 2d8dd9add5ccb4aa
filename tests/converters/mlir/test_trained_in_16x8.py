"""Graphs with FakeQuants in a call for int16 activations: which FakeQuants stay uint8, which become int8.

Where an input is read without a FakeQuant, PrepareQuantizePass does nothing: FakeQuants stay as they are, and no scale
moves. Else they are int8, and ops that fix their range make 16 bits. The expectations are the real converters' answers.
"""

from collections.abc import Callable

import pytest

from minmax_lint.converters.prediction import Prediction
from minmax_lint.converters.profile import PROFILES
from minmax_lint.graph.build import Builder
from minmax_lint.graph.dtype import DType
from minmax_lint.writers.graphdef import encode
from tests.converters.predicted import predicted_of
from tests.differential.batch import Asked, answers_of
from tests.interpreters import tf215, tf221

SHAPE = (1, 4, 4, 4)
VERSIONS = {"mlir-2.15-16x8-fallback": tf215, "mlir-2.21-16x8-fallback": tf221}
Graph = Callable[[Builder, str], str]


def between(op: str, low: float = -1.0, high: float = 1.0) -> Graph:
    """The op between two FakeQuants of that range."""
    return lambda b, x: b.fake_quant("out", b.add(op, "y", b.fake_quant("range", x, low, high)), low, high)


def compared(b: Builder, x: str) -> str:
    """The quantizer knows comparisons in 8 bits alone, and asks for ranges of what they read."""
    return b.add("Greater", "y", b.fake_quant("range", x, -1, 1), b.const("half", 0.5))


def swished(b: Builder, x: str) -> str:
    """HARD_SWISH, of 8 bits alone as well."""
    q = b.fake_quant("range", x, 0, 4)
    shifted = b.add("Relu6", "six", b.add("AddV2", "plus", q, b.const("three", 3.0)))
    y = b.add("Mul", "y", q, b.add("Mul", "scaled", shifted, b.const("sixth", 1 / 6)))
    return b.fake_quant("out", y, 0, 4)


def with_itself(b: Builder, x: str) -> str:
    """The range of a FakeQuant is none of zeros."""
    q = b.fake_quant("range", x, -1, 1)
    return b.fake_quant("out", b.add("Sub", "y", q, q), -1, 1)


def halved(b: Builder, x: str) -> str:
    """SLICE has one scale, and here two FakeQuants."""
    begin = b.const("begin", [0, 0, 0, 0], dtype=DType.INT32)
    size = b.const("size", [1, 2, 4, 4], dtype=DType.INT32)
    y = b.add("Slice", "y", b.fake_quant("range", x, 0, 1), begin, size, Index=DType.INT32)
    return b.fake_quant("out", y, 0, 4)


RANGE = "abort: Max and min for dynamic tensors should be recorded during calibration"
SAME = "abort: 'tfl.{}' op quantization parameters violate the same scale constraint: !quant.uniform<u8:f32, "
CASES: dict[str, tuple[Graph, str, str]] = {
    "Tanh": (between("Tanh"), "quantized", "abort: 'tfl.tanh' op failed to verify"),
    "Softmax": (between("Softmax"), "quantized", "abort: 'tfl.softmax' op failed to verify"),
    "Sigmoid": (
        between("Sigmoid"), "abort: output->params.scale == 1. / 256", "abort: 'tfl.logistic' op failed to verify",
    ),
    "Sigmoid in its range": (
        between("Sigmoid", 0.0, 255 / 256), "quantized", "abort: 'tfl.logistic' op failed to verify",
    ),
    "LogSoftmax": (
        between("LogSoftmax"), "abort: output->params.scale != 16.0 / 256", "abort: 'tfl.log_softmax' op failed",
    ),
    "Exp": (between("Exp", 0.0, 2.0), "abort: Type 3 is currently not supported by Exp.", "quantized"),
    "Abs": (between("Abs"), "abort: Type UINT8 is unsupported by op Abs.", "quantized"),
    "Relu": (between("Relu"), "quantized", "quantized"),
    "Greater": (compared, "float: GREATER", RANGE),
    "hard swish": (swished, RANGE, RANGE),
    "Slice": (halved, SAME.format("slice"), "quantized"),
    "difference": (with_itself, "quantized", "quantized"),
}  # fmt: skip
"""Graph -> what comes of it behind an input that a Relu reads first, and behind one with a FakeQuant of its own."""


def wide(op: str, low: float, high: float) -> Graph:
    """The op behind a FakeQuant of 16 bits."""
    return lambda b, x: b.add(op, "y", b.fake_quant("range", x, low, high, num_bits=16))


WIDE: dict[str, tuple[Graph, str]] = {
    "zero point": (wide("Elu", 0, 4), "abort: op_context.input->params.zero_point != 0"),
    "no zero point": (wide("Elu", -1, 1), "float: ELU"),
    "relu": (
        lambda b, x: b.fake_quant("out", wide("Relu", 0, 4)(b, x), 0, 4, num_bits=16),
        "abort: input->params.zero_point != 0",
    ),
    "relu onto a zero point": (
        lambda b, x: b.fake_quant("out", wide("Relu", -1, 1)(b, x), 0, 4, num_bits=16),
        "abort: output->params.zero_point != 0",
    ),
    "relu without zero point": (
        lambda b, x: b.fake_quant("out", wide("Relu", -1, 1)(b, x), -1, 1, num_bits=16), "quantized",
    ),
}  # fmt: skip
"""Graph with a FakeQuant of 16 bits behind the input -> what comes of it in a call for 16x8."""


def graph_of(name: str, *, raw: bool) -> tuple[Builder, str]:
    b = Builder()
    x = b.placeholder("input", SHAPE)
    first = b.add("Relu", "first", x) if raw else x
    return b, ({**CASES, **WIDE})[name][0](b, first)


def short(verdict: str, message: str, floats: list[str]) -> str:
    if verdict == "float":
        return f"float: {' '.join(sorted(floats))}"
    return f"abort: {message}" if verdict == "abort" else verdict


def predicted(name: str, profile: str, *, raw: bool) -> Prediction:
    b, output = graph_of(name, raw=raw)
    return predicted_of(b, output, PROFILES[profile])


@pytest.mark.parametrize("raw", [True, False])
@pytest.mark.parametrize("profile", VERSIONS)
@pytest.mark.parametrize("name", CASES)
def test_what_the_call_makes_of_them(name: str, profile: str, raw: bool) -> None:
    found = predicted(name, profile, raw=raw)
    answer = short(found.verdict, found.message, [op for op, _ in found.float_ops])
    assert answer.startswith(CASES[name][1 if raw else 2])


@pytest.mark.slow
@pytest.mark.parametrize("profile", VERSIONS)
def test_the_real_converter_makes_the_same(profile: str) -> None:
    for raw in (True, False):
        graphs = [graph_of(name, raw=raw) for name in CASES]
        asked = [Asked(profile, encode(b.graph()), {"input": SHAPE}, [output]) for b, output in graphs]
        wrong = []
        for name, real in zip(CASES, answers_of(VERSIONS[profile](), asked), strict=True):
            wanted = CASES[name][1 if raw else 2]
            floats = [op for op, _ in real.get("float_ops", ())]
            answer = short(real["verdict"], real.get("message") or "", floats)
            verdict, _, words = wanted.partition(": ")
            wrong += [] if answer.startswith(verdict) and words in answer else [(name, raw, answer)]
        assert wrong == []


@pytest.mark.parametrize("profile", VERSIONS)
@pytest.mark.parametrize("name", WIDE)
def test_what_the_calibration_runs_of_sixteen_bits(name: str, profile: str) -> None:
    found = predicted(name, profile, raw=False)
    answer = short(found.verdict, found.message, [op for op, _ in found.float_ops])
    assert answer.startswith(WIDE[name][1])


@pytest.mark.slow
@pytest.mark.parametrize("profile", VERSIONS)
def test_the_real_calibration_runs_the_same_of_sixteen_bits(profile: str) -> None:
    graphs = [graph_of(name, raw=False) for name in WIDE]
    asked = [Asked(profile, encode(b.graph()), {"input": SHAPE}, [output]) for b, output in graphs]
    wrong = []
    for name, real in zip(WIDE, answers_of(VERSIONS[profile](), asked), strict=True):
        floats = [op for op, _ in real.get("float_ops", ())]
        answer = short(real["verdict"], real.get("message") or "", floats)
        verdict, _, words = WIDE[name][1].partition(": ")
        wrong += [] if answer.startswith(verdict) and words in answer else [(name, answer)]
    assert wrong == []

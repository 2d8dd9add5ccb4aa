"""What is left of ops that read FakeQuants of constants: measured with TF 2.15.1, 2.18, 2.20 and 2.21."""

from collections.abc import Callable

import pytest

from minmax_lint.converters.example import Net
from minmax_lint.graph.dtype import DType
from tests.converters.predicted import predicted_of

Computed = Callable[[Net, str, str], str]
"""What an array is computed from two constants behind FakeQuants."""


def of_one(op: str) -> Computed:
    return lambda n, c, d: n.op(op, c)


def of_both(op: str) -> Computed:
    return lambda n, c, d: n.op(op, c, d)


def compared(op: str) -> Computed:
    return lambda n, c, d: n.op("Cast", n.op(op, c, d), SrcT=DType.BOOL)


def there_and_back(n: Net, c: str, d: str) -> str:
    return n.op("Cast", n.op("Cast", c, DstT=DType.INT32), SrcT=DType.INT32)


def of_integers(op: str) -> Computed:
    """The same of integers."""

    def computed(n: Net, c: str, d: str) -> str:
        whole = [n.op("Cast", one, DstT=DType.INT32) for one in ((c,) if op in ("Abs", "Neg") else (c, d))]
        return n.op("Cast", n.op(op, *whole, T=DType.INT32), SrcT=DType.INT32)

    return computed


FOLDED: dict[str, tuple[Computed, str, str]] = {
    "Neg": (of_one("Neg"), "2.15", "NEG"),
    "Pow": (of_both("Pow"), "2.18", "POW"),
    "NotEqual": (compared("NotEqual"), "2.18", "CAST NOT_EQUAL"),
    "Cast": (there_and_back, "2.18", "CAST CAST"),
    "Selu": (of_one("Selu"), "2.18", "EXP GREATER MUL SUB"),
    "Ceil": (of_one("Ceil"), "2.21", "CEIL"),
    "Maximum of integers": (of_integers("Maximum"), "2.18", "CAST CAST CAST"),
}
"""Name -> the array, the version that folds it first, and the float ops before that."""
KEPT: dict[str, tuple[Computed, str]] = {
    "Neg of integers": (of_integers("Neg"), "CAST"),
    "Abs of integers": (of_integers("Abs"), "CAST"),
}
"""Name -> an array that is not folded, and the float ops."""


@pytest.mark.parametrize("version", ["2.15", "2.18", "2.20", "2.21"])
@pytest.mark.parametrize("name", FOLDED)
def test_what_is_computed_from_constants_alone_is_a_constant(name: str, version: str) -> None:
    computed, since, floats = FOLDED[name]
    n = Net()
    assert left(n, summed(n, computed), version) == ("" if version >= since else floats)


@pytest.mark.parametrize("version", ["2.18", "2.21"])
@pytest.mark.parametrize("name", KEPT)
def test_what_no_fold_takes_stays(name: str, version: str) -> None:
    n = Net()
    assert left(n, summed(n, KEPT[name][0]), version) == KEPT[name][1]


UNARY = """
    Acos Acosh Asin Asinh Atan Atanh BesselI0e BesselI1e Cosh Digamma Erf Erfc Erfinv Ndtri Sinh Softsign Tan
""".split()
BINARY = """
    EluGrad Igamma IgammaGradA Igammac Mod NextAfter Polygamma ReciprocalGrad Relu6Grad ReluGrad SoftplusGrad
    SoftsignGrad TruncateMod Zeta
""".split()
UNDECLARED = "BesselI0 BesselI1 BesselJ0 BesselK1e BesselY1 Dawsn Expint FresnelCos FresnelSin Spence".split()
"""Ops that the dialect of TensorFlow does not declare."""


@pytest.mark.parametrize("version", ["2.15", "2.21"])
@pytest.mark.parametrize("op", [*UNARY, *BINARY])
def test_what_only_tensorflow_computes_of_constants_is_a_constant(op: str, version: str) -> None:
    n, computed = Net(), of_one(op) if op in UNARY else of_both(op)
    assert left(n, summed(n, computed), version) == ""


@pytest.mark.parametrize("version", ["2.15", "2.21"])
@pytest.mark.parametrize("op", UNDECLARED)
def test_what_the_dialect_does_not_declare_has_no_form_even_of_constants(op: str, version: str) -> None:
    n = Net()
    found = predicted_of(n, summed(n, of_one(op)), f"mlir-{version}")
    assert (found.verdict, found.op) == ("abort", op)


@pytest.mark.parametrize("version", ["2.15", "2.21"])
@pytest.mark.parametrize(("inner", "floats"), [("Sin", ""), ("Sinh", ""), ("Elu", "abort")])
def test_what_only_tensorflow_computes_waits_for_what_it_reads(inner: str, floats: str, version: str) -> None:
    n = Net()
    output = summed(n, lambda n, c, d: n.op("Atan", n.op(inner, c)))
    found = predicted_of(n, output, f"mlir-{version}")
    assert (found.verdict == "abort") == (floats == "abort")


@pytest.mark.parametrize("version", ["2.15", "2.21"])
@pytest.mark.parametrize(("readers", "floats"), [("one", "ROUND"), ("two", "")])
def test_a_fake_quant_of_a_constant_with_two_readers_is_a_constant(
    readers: str, floats: str, version: str
) -> None:
    n = Net()
    c = n.fq(n.c(1.0, 2.0, 3.5, 4.0, shape=[1, 4]))
    total = n.op("AddV2", n.fq(n.op("Round", c)), c if readers == "two" else n.fq(n.x(1, 4)))
    assert left(n, n.fq(n.op("AddV2", n.fq(n.x(1, 4)), n.fq(total))), version) == floats


@pytest.mark.parametrize(("value", "floats"), [(0.0, "ELU"), (0.5, "ADD ELU")])
@pytest.mark.parametrize("version", ["2.15", "2.21"])
def test_a_fake_quant_that_is_a_constant_has_the_values_that_bytes_stand_for(
    version: str, value: float, floats: str
) -> None:
    """What zeros are added to is as it was."""
    n = Net()
    c = n.fq(n.c(value, shape=[1, 4]))
    assert left(n, n.op("AddV2", n.op("AddV2", n.op("Elu", n.x(1, 4)), c), c), version) == floats


def summed(n: Net, computed: Computed) -> str:
    """The sum of an input and what is computed from two constants."""
    c, d = n.fq(n.c(1.0, 2.0, 3.5, 4.0, shape=[1, 4])), n.fq(n.c(2.0, 1.5, 3.0, 4.0, shape=[1, 4]))
    return n.fq(n.op("AddV2", n.fq(n.x(1, 4)), n.fq(computed(n, c, d))))


def left(net: Net, output: str, version: str) -> str:
    """The ops that stay float, sorted."""
    found = predicted_of(net, output, f"mlir-{version}")
    return " ".join(sorted(op for op, _ in found.float_ops))

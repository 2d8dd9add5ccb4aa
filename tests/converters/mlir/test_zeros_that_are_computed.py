"""Sums with zeros that constant folding computes: measured with TF 2.15.1 and 2.21, in the TF2 flow."""

from collections.abc import Callable

import pytest

from minmax_lint.converters.example import Net
from minmax_lint.graph.dtype import DType
from tests.converters.predicted import predicted_of

INT32 = DType.INT32
AT_ZERO = """
    Asin Asinh Atan Atanh Elu Erf Expm1 Log1p Selu Sign Sin Sinh Softsign Tan
""".split()
"""Functions of one number that are 0 at 0."""
AT = {"Acos": 1.0, "Acosh": 1.0, "Erfc": 30.0, "Lgamma": 1.0, "ZerosLike": 3.0}
"""Function -> another place where it is 0."""
OF_TWO = {
    "Atan2": (0.0, 1.0),
    "DivNoNan": (1.0, 0.0),
    "Mod": (4.0, 2.0),
    "MulNoNan": (5.0, 0.0),
    "TruncateDiv": (0.0, 2.0),
    "TruncateMod": (4.0, 2.0),
    "Xdivy": (0.0, 0.0),
    "Xlog1py": (0.0, 1.0),
    "Xlogy": (0.0, 0.0),
}
"""Op -> the two numbers of which it makes 0."""


def _of_one(op: str, number: float) -> Callable[[Net], str]:
    return lambda n: n.op(op, n.c(number, shape=[1, 8]))


def _of_two(op: str, left: float, right: float) -> Callable[[Net], str]:
    return lambda n: n.op(op, n.c(left, shape=[1, 8]), n.c(right))


ZEROS: dict[str, Callable[[Net], str]] = {
    **{op: _of_one(op, 0.0) for op in AT_ZERO},
    **{op: _of_one(op, number) for op, number in AT.items()},
    **{op: _of_two(op, *numbers) for op, numbers in OF_TWO.items()},
    "AddN": lambda n: n.op("AddN", n.c(1.0, shape=[1, 8]), n.c(-1.0, shape=[1, 8])),
    "Pad": lambda n: n.op("Pad", n.c(0.0, shape=[1, 4]), n.ints(0, 0, 2, 2, shape=[2, 2])),
    "ReverseV2": lambda n: n.op("ReverseV2", n.c(0.0, shape=[1, 8]), n.ints(1), Tidx=INT32),
}


@pytest.mark.parametrize("name", ["mlir-2.15-v2", "mlir-2.21-v2"])
@pytest.mark.parametrize(("kind", "floats"), [(kind, ["ELU"]) for kind in ZEROS] + [("Cos", ["ELU", "ADD"])])
def test_what_zeros_are_added_to_stays_as_it_was(kind: str, floats: list[str], name: str) -> None:
    n = Net()
    zeros = ZEROS.get(kind, _of_one(kind, 0.0))
    found = predicted_of(n, n.op("AddV2", n.op("Elu", n.x()), zeros(n)), name)
    assert [op for op, _ in found.float_ops] == floats

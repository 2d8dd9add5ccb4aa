"""Which TRANSPOSEs around a sum stay; measured with TF 2.12, 2.15.1, 2.17 and 2.21 (MoveTransposesPass)."""

from collections import Counter
from collections.abc import Callable

import pytest

from minmax_lint.converters.example import Net
from tests.converters.predicted import predicted_of

FIRST, LAST = (0, 3, 1, 2), (0, 2, 3, 1)
"""To channels first, and back."""


def image(n: Net) -> str:
    return n.op("Elu", n.image())


def row(n: Net) -> str:
    return n.c(0.1, 0.2, 0.3, 0.4, shape=[1, 4, 1, 1])


def exp(n: Net, x: str) -> str:
    return n.op("Exp", x)


def around_a_constant(n: Net) -> str:
    return exp(n, n.transpose(n.op("AddV2", n.transpose(image(n), *FIRST), row(n)), *LAST))


def around_an_activation(n: Net) -> str:
    total = n.op("Relu", n.op("AddV2", n.transpose(image(n), *FIRST), row(n)))
    return exp(n, n.transpose(total, *LAST))


def around_another_array(n: Net) -> str:
    x = image(n)
    total = n.op("AddV2", n.transpose(x, *FIRST), n.reshape(exp(n, x), 1, 4, 4, 4))
    return exp(n, n.transpose(total, *LAST))


def read_otherwise(n: Net) -> str:
    total = n.op("AddV2", n.transpose(image(n), *FIRST), row(n))
    return n.op("ConcatV2", exp(n, n.transpose(total, *LAST)), total, n.i(3))


def undone_behind(n: Net) -> str:
    total = n.op("AddV2", image(n), n.c(0.1, 0.2, 0.3, 0.4, shape=[1, 1, 1, 4]))
    return exp(n, n.transpose(n.transpose(total, *FIRST), *LAST))


def behind_alone(n: Net) -> str:
    total = n.op("AddV2", n.op("Elu", n.x(2, 3, 4)), n.c(0.1, 0.2, 0.3, 0.4, shape=[1, 1, 4]))
    return n.op("Softmax", n.transpose(total, 0, 2, 1))


@pytest.mark.parametrize(
    ("net", "until_2_16", "since_2_17"),
    [
        (around_a_constant, "ELU ADD EXP", "ELU ADD EXP"),
        (around_an_activation, "ELU ADD EXP", "ELU ADD EXP"),
        (around_another_array, "ELU EXP TRANSPOSE ADD EXP", "ELU EXP TRANSPOSE ADD EXP"),
        (
            read_otherwise,
            "ELU TRANSPOSE ADD EXP TRANSPOSE CONCATENATION",
            "ELU ADD TRANSPOSE EXP TRANSPOSE CONCATENATION",
        ),
        (undone_behind, "ELU ADD EXP", "ELU ADD EXP"),
        (behind_alone, "ELU TRANSPOSE ADD SOFTMAX", "ELU ADD TRANSPOSE SOFTMAX"),
    ],
)
def test_transposes_move_behind_a_sum_since_2_17(
    net: Callable[[Net], str], until_2_16: str, since_2_17: str
) -> None:
    for names, ops in ((("mlir-2.12", "mlir-2.15"), until_2_16), (("mlir-2.17", "mlir-2.21"), since_2_17)):
        for name in names:
            n = Net()
            found = predicted_of(n, net(n), name)
            assert Counter(op for op, _ in found.float_ops) == Counter(ops.split()), name

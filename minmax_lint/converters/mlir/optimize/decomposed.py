"""Functions spelled out in elementary operations, which the converter takes for one (optimize_patterns.td)."""

import re
from typing import Any

from minmax_lint.converters.example import Net
from minmax_lint.converters.mlir.bounds import FIRST, LAST
from minmax_lint.converters.mlir.ir import Operation, Value
from minmax_lint.converters.mlir.matchers import all_equal, splat
from minmax_lint.converters.mlir.pattern import Pattern, RewritePattern
from minmax_lint.converters.mlir.rewriter import Rewriter
from minmax_lint.converters.mlir.tables import FIXED
from minmax_lint.converters.releases import Number

Form = tuple[Any, ...]
"""An operation's name and what its operands must be: a number, a form, `X` (always the same array) or ANY_NUMBER."""

X = "x"
ANY_NUMBER = "number"


def _decomposition(
    tf_name: str,
    result: str,
    form: Form,
    *,
    shared: str = "",
    since: Number = FIRST,
    until: Number = LAST,
) -> RewritePattern:
    """The pattern of one function: `result` in place of `form`, of which others may read the `shared` operation."""

    def rewrite(rewriter: Rewriter, op: Operation) -> bool:
        found: dict[str, Value] = {}
        parts: list[Operation] = []
        if not _has_form(op, form, found, parts, shared):
            return False
        return rewriter.replace_with_new(op, result, [found[X]], parts)

    return Pattern(
        since,
        until,
        rewrite=rewrite,
        name=re.sub("(?<=[a-z0-9])(?=[A-Z])", "_", tf_name).lower(),
        roots=(form[0],),
        tf_name=tf_name,
        source="optimize_patterns.td",
        before=lambda n: _spelled_out(n, form, n.x()),
        after=result if result in FIXED else f"{result}(float)",
    )


_TENSORFLOW = {"ADD": "AddV2", "DIV": "RealDiv", "SELECT": "SelectV2"}
"""Operation -> the op of TensorFlow that becomes it, where that has another name."""


def _spelled_out(n: Net, form: Form, x: str) -> str:
    """The form as a graph of TensorFlow, the example of its pattern."""
    name, *operands = form
    shape = [1, 8] if name == "SELECT" else None  # of other shapes it becomes SELECT_V2
    arrays = []
    for one in operands:
        if isinstance(one, tuple):
            arrays.append(_spelled_out(n, one, x))
        else:
            arrays.append(x if one == X else n.c(0.1 if one == ANY_NUMBER else one, shape=shape))
    return n.op(_TENSORFLOW.get(name, name.title().replace("_", "")), *arrays)


_HALF = ("MUL", X, 0.5)
_POSITIVE = ("GREATER", X, 0.0)
# 0.044715 * x^3: as a power, as products of which x * x or x comes first, and with the factor first.
_POWER = ("MUL", ("POW", X, 3.0), 0.044715)
_SQUARE_FIRST = ("MUL", ("MUL", ("MUL", X, X), X), 0.044715)
_X_FIRST = ("MUL", ("MUL", X, ("MUL", X, X)), 0.044715)
_FACTOR_FIRST = ("MUL", ("MUL", ("MUL", X, 0.044715), X), X)


def _tanh(cube: Form) -> Form:
    """1 + TANH((x + cube) * 0.797884583)."""
    return ("ADD", ("TANH", ("MUL", ("ADD", X, cube), 0.797884583)), 1.0)


def _approximate(cube: Form) -> Form:
    """GELU as x / 2 times that."""
    return ("MUL", _HALF, _tanh(cube))


def _approximate1(cube: Form) -> Form:
    """GELU as x times a half of that."""
    return ("MUL", X, ("MUL", _tanh(cube), 0.5))


DECOMPOSED = (
    _decomposition("MatchGelu", "GELU", ("MUL", _HALF, ("ADD", ("Erf", ("MUL", X, 0.707106769)), 1.0))),
    _decomposition(
        "MatchGeluWithErfc",
        "GELU",
        ("MUL", _HALF, ("Erfc", ("MUL", ("NEG", X), 0.707106769))),
        shared="NEG",
        since=(2, 19),
    ),
    _decomposition("MatchGeluApproximate", "GELU", _approximate(_POWER)),
    _decomposition("MatchGeluApproximate1", "GELU", _approximate1(_POWER)),
    _decomposition("MatchGeluApproximate_Mul1", "GELU", _approximate(_SQUARE_FIRST), since=(2, 20)),
    _decomposition("MatchGeluApproximate_Mul2", "GELU", _approximate(_X_FIRST), since=(2, 20)),
    _decomposition("MatchGeluApproximate1_Mul1", "GELU", _approximate1(_SQUARE_FIRST), since=(2, 20)),
    _decomposition("MatchGeluApproximate1_Mul2", "GELU", _approximate1(_X_FIRST), since=(2, 20)),
    _decomposition("MatchGeluApproximate_Mul3", "GELU", _approximate(_FACTOR_FIRST), since=(2, 22)),
    _decomposition("MatchGeluApproximate1_Mul3", "GELU", _approximate1(_FACTOR_FIRST), since=(2, 22)),
    _decomposition("FuseSigmoid", "LOGISTIC", ("DIV", 1.0, ("ADD", ("EXP", ("NEG", X)), 1.0)), since=(2, 14)),
    _decomposition(
        "FuseEluConst",
        "ELU",
        ("SELECT", _POSITIVE, X, ("SUB", ("EXP", ("SELECT", _POSITIVE, 0.0, X)), 1.0)),
        shared="GREATER",
        since=(2, 14),
        until=(2, 18),
    ),
    _decomposition(
        "FuseLeakyReluConst",
        "LEAKY_RELU",
        ("SELECT", ("GREATER_EQUAL", X, 0.0), X, ("MUL", X, ANY_NUMBER)),
        since=(2, 14),
    ),
)
"""In the order in which they are tried."""


def _has_form(
    op: Operation, form: Form, found: dict[str, Value], parts: list[Operation], shared: str
) -> bool:
    name, *wanted = form
    if op.name != name or op.activation or len(op.operands) < len(wanted):
        return False
    operands = list(zip(op.operands, wanted, strict=False))
    for value, operand in operands:  # the names first, which cost least
        if isinstance(operand, tuple) and (value.op is None or value.op.name != operand[0]):
            return False
    return all(_is(value, operand, found, parts, shared) for value, operand in operands)


def _is(
    value: Value,
    wanted: float | str | Form,
    found: dict[str, Value],
    parts: list[Operation],
    shared: str,
) -> bool:
    if isinstance(wanted, float):
        return all_equal(value, wanted)
    if wanted == ANY_NUMBER:
        return splat(value)
    if isinstance(wanted, str):
        return found.setdefault(wanted, value) is value
    if value.op is None or not (value.use_count == 1 or wanted[0] == shared):
        return False
    parts.insert(0, value.op)
    return _has_form(value.op, wanted, found, parts, shared)

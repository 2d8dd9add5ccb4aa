"""Functions spelled out in elementary operations, which the converter takes for one (optimize_patterns.td)."""

from collections.abc import Callable
from typing import Any

from minmax_lint.converters.example import Before, Net
from minmax_lint.converters.mlir.bounds import FIRST, LAST
from minmax_lint.converters.mlir.ir import Operation, Value
from minmax_lint.converters.mlir.matchers import all_equal, splat
from minmax_lint.converters.mlir.pattern import Pattern, RewritePattern
from minmax_lint.converters.mlir.rewriter import Rewriter
from minmax_lint.converters.releases import Number

Form = tuple[Any, ...]
"""An operation's name and what its operands must be: a number, a form, `X` (always the same array) or ANY_NUMBER."""

X = "x"
ANY_NUMBER = "number"


def _tanh_of(cube: Form) -> Form:
    """1 + TANH((x + x^3 * 0.044715) * 0.797884583)."""
    return _tanh_of_scaled(("MUL", cube, 0.044715))


def _tanh_of_scaled(cube: Form) -> Form:
    return ("ADD", ("TANH", ("MUL", ("ADD", X, cube), 0.797884583)), 1.0)


_POWER = ("POW", X, 3.0)
_POSITIVE = ("GREATER", X, 0.0)


def _decomposition(
    name: str,
    tf_name: str,
    result: str,
    form: Form,
    before: Before,
    after: str,
    *,
    shared: frozenset[str] = frozenset(),
    since: Number = FIRST,
    until: Number = LAST,
) -> RewritePattern:
    """The pattern of one function: `result` in place of `form`, of which others may read the `shared` operations."""

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
        name=name,
        roots=(form[0],),
        tf_name=tf_name,
        source="optimize_patterns.td",
        before=before,
        after=after,
    )


def _tanh(n: Net, x: str, cube: str | None = None) -> str:
    cube = n.op("Pow", x, n.c(3.0)) if cube is None else cube
    inner = n.op("Mul", n.op("AddV2", x, n.op("Mul", cube, n.c(0.044715))), n.c(0.797884583))
    return n.op("AddV2", n.op("Tanh", inner), n.c(1.0))


def _tanh_of_scaled_first(n: Net, x: str) -> str:
    cube = n.op("Mul", n.op("Mul", n.op("Mul", x, n.c(0.044715)), x), x)
    inner = n.op("Mul", n.op("AddV2", x, cube), n.c(0.797884583))
    return n.op("AddV2", n.op("Tanh", inner), n.c(1.0))


def _erf(n: Net, x: str) -> str:
    return n.op("AddV2", n.op("Erf", n.op("Mul", x, n.c(0.707106769))), n.c(1.0))


def _erfc(n: Net, x: str) -> str:
    return n.op("Erfc", n.op("Mul", n.op("Neg", x), n.c(0.707106769)))


def _elu(n: Net, x: str) -> str:
    positive = n.op("Greater", x, zero := n.c(0.0, shape=[1, 8]))
    below = n.op("Sub", n.op("Exp", n.op("SelectV2", positive, zero, x)), n.c(1.0))
    return n.op("SelectV2", positive, x, below)


match_gelu = _decomposition(
    "match_gelu",
    "MatchGelu",
    "GELU",
    ("MUL", ("MUL", X, 0.5), ("ADD", ("Erf", ("MUL", X, 0.707106769)), 1.0)),
    lambda n: n.op("Mul", n.op("Mul", x := n.x(), n.c(0.5)), _erf(n, x)),
    "GELU(float)",
)
match_gelu_with_erfc = _decomposition(
    "match_gelu_with_erfc",
    "MatchGeluWithErfc",
    "GELU",
    ("MUL", ("MUL", X, 0.5), ("Erfc", ("MUL", ("NEG", X), 0.707106769))),
    lambda n: n.op("Mul", n.op("Mul", x := n.x(), n.c(0.5)), _erfc(n, x)),
    "GELU(float)",
    shared=frozenset({"NEG"}),
    since=(2, 19),
)
match_gelu_approximate = _decomposition(
    "match_gelu_approximate",
    "MatchGeluApproximate",
    "GELU",
    ("MUL", ("MUL", X, 0.5), _tanh_of(_POWER)),
    lambda n: n.op("Mul", n.op("Mul", x := n.x(), n.c(0.5)), _tanh(n, x)),
    "GELU(float)",
)
match_gelu_approximate1 = _decomposition(
    "match_gelu_approximate1",
    "MatchGeluApproximate1",
    "GELU",
    ("MUL", X, ("MUL", _tanh_of(_POWER), 0.5)),
    lambda n: n.op("Mul", x := n.x(), n.op("Mul", _tanh(n, x), n.c(0.5))),
    "GELU(float)",
)


def _by_products(
    name: str, form: Callable[[Form], Form], before: Callable[[Net, str, str], str]
) -> tuple[RewritePattern, ...]:
    """The patterns of GELU with x^3 as two products: x * x first, or x first."""
    left = _decomposition(
        f"match_{name}_mul1",
        f"Match{name.title().replace('_', '')}_Mul1",
        "GELU",
        form(("MUL", ("MUL", X, X), X)),
        lambda n: before(n, x := n.x(), n.op("Mul", n.op("Mul", x, x), x)),
        "GELU(float)",
        since=(2, 20),
    )
    right = _decomposition(
        f"match_{name}_mul2",
        f"Match{name.title().replace('_', '')}_Mul2",
        "GELU",
        form(("MUL", X, ("MUL", X, X))),
        lambda n: before(n, x := n.x(), n.op("Mul", x, n.op("Mul", x, x))),
        "GELU(float)",
        since=(2, 20),
    )
    return left, right


_approximated_by_products = (
    *_by_products(
        "gelu_approximate",
        lambda cube: ("MUL", ("MUL", X, 0.5), _tanh_of(cube)),
        lambda n, x, cube: n.op("Mul", n.op("Mul", x, n.c(0.5)), _tanh(n, x, cube)),
    ),
    *_by_products(
        "gelu_approximate1",
        lambda cube: ("MUL", X, ("MUL", _tanh_of(cube), 0.5)),
        lambda n, x, cube: n.op("Mul", x, n.op("Mul", _tanh(n, x, cube), n.c(0.5))),
    ),
)
_SCALED_FIRST = _tanh_of_scaled(("MUL", ("MUL", ("MUL", X, 0.044715), X), X))
match_gelu_approximate_mul3 = _decomposition(
    "match_gelu_approximate_mul3",
    "MatchGeluApproximate_Mul3",
    "GELU",
    ("MUL", ("MUL", X, 0.5), _SCALED_FIRST),
    lambda n: n.op("Mul", n.op("Mul", x := n.x(), n.c(0.5)), _tanh_of_scaled_first(n, x)),
    "GELU(float)",
    since=(2, 22),
)
match_gelu_approximate1_mul3 = _decomposition(
    "match_gelu_approximate1_mul3",
    "MatchGeluApproximate1_Mul3",
    "GELU",
    ("MUL", X, ("MUL", _SCALED_FIRST, 0.5)),
    lambda n: n.op("Mul", x := n.x(), n.op("Mul", _tanh_of_scaled_first(n, x), n.c(0.5))),
    "GELU(float)",
    since=(2, 22),
)
fuse_sigmoid = _decomposition(
    "fuse_sigmoid",
    "FuseSigmoid",
    "LOGISTIC",
    ("DIV", 1.0, ("ADD", ("EXP", ("NEG", X)), 1.0)),
    lambda n: n.op("RealDiv", n.c(1.0), n.op("AddV2", n.op("Exp", n.op("Neg", n.x())), n.c(1.0))),
    "LOGISTIC",
    since=(2, 14),
)
fuse_elu_const = _decomposition(
    "fuse_elu_const",
    "FuseEluConst",
    "ELU",
    ("SELECT", _POSITIVE, X, ("SUB", ("EXP", ("SELECT", _POSITIVE, 0.0, X)), 1.0)),
    lambda n: _elu(n, n.x()),
    "ELU(float)",
    shared=frozenset({"GREATER"}),
    since=(2, 14),
    until=(2, 18),
)
fuse_leaky_relu_const = _decomposition(
    "fuse_leaky_relu_const",
    "FuseLeakyReluConst",
    "LEAKY_RELU",
    ("SELECT", ("GREATER_EQUAL", X, 0.0), X, ("MUL", X, ANY_NUMBER)),
    lambda n: n.op("SelectV2", n.op("GreaterEqual", x := n.x(), n.c(0.0)), x, n.op("Mul", x, n.c(0.1))),
    "LEAKY_RELU(float)",
    since=(2, 14),
)
DECOMPOSED = (
    match_gelu,
    match_gelu_with_erfc,
    match_gelu_approximate,
    match_gelu_approximate1,
    *_approximated_by_products,
    match_gelu_approximate_mul3,
    match_gelu_approximate1_mul3,
    fuse_sigmoid,
    fuse_elu_const,
    fuse_leaky_relu_const,
)
"""In the order in which they are tried."""


def _has_form(
    op: Operation, form: Form, found: dict[str, Value], parts: list[Operation], shared: frozenset[str]
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
    shared: frozenset[str],
) -> bool:
    if isinstance(wanted, float):
        return all_equal(value, wanted)
    if wanted == ANY_NUMBER:
        return splat(value)
    if isinstance(wanted, str):
        return found.setdefault(wanted, value) is value
    if value.op is None or not (value.use_count == 1 or wanted[0] in shared):
        return False
    parts.insert(0, value.op)
    return _has_form(value.op, wanted, found, parts, shared)

"""Functions spelled out in elementary operations, which the converter takes for one (optimize_patterns.td)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from minmax_lint.converters.mlir.ir import Operation, Value
from minmax_lint.converters.mlir.matchers import all_equal, splat
from minmax_lint.converters.mlir.rewriter import Rewriter

Form = tuple[Any, ...]
"""An operation's name and what its operands must be: a number, a form, `X` (always the same array) or ANY_NUMBER."""

X = "x"
ANY_NUMBER = "number"


@dataclass(frozen=True)
class Spelled:
    """One way to spell a function out."""

    result: str
    """The operation that it is taken for."""
    form: Form
    shared: frozenset[str] = frozenset()
    """Inner operations that others may read as well."""


_CUBE = ("MUL", ("POW", X, 3.0), 0.044715)
_TANH = ("ADD", ("TANH", ("MUL", ("ADD", X, _CUBE), 0.797884583)), 1.0)
_POSITIVE = ("GREATER", X, 0.0)

SPELLED = (
    Spelled("GELU", ("MUL", ("MUL", X, 0.5), ("ADD", ("Erf", ("MUL", X, 0.707106769)), 1.0))),
    Spelled(
        "GELU",
        ("MUL", ("MUL", X, 0.5), ("Erfc", ("MUL", ("NEG", X), 0.707106769))),
        shared=frozenset({"NEG"}),
    ),
    Spelled("GELU", ("MUL", ("MUL", X, 0.5), _TANH)),
    Spelled("GELU", ("MUL", X, ("MUL", _TANH, 0.5))),
    Spelled("LOGISTIC", ("DIV", 1.0, ("ADD", ("EXP", ("NEG", X)), 1.0))),
    Spelled(
        "ELU",
        ("SELECT", _POSITIVE, X, ("SUB", ("EXP", ("SELECT", _POSITIVE, 0.0, X)), 1.0)),
        shared=frozenset({"GREATER"}),
    ),
    Spelled("LEAKY_RELU", ("SELECT", ("GREATER_EQUAL", X, 0.0), X, ("MUL", X, ANY_NUMBER))),
)


def spelled_out(rewriter: Rewriter, op: Operation) -> bool:
    """One operation in place of all that spell it out."""
    for spelled in SPELLED:
        found: dict[str, Value] = {}
        parts: list[Operation] = []
        if _has_form(op, spelled.form, found, parts, spelled.shared):
            rewriter.replace(op, rewriter.create(spelled.result, [found[X]], op, parts).result)
            return True
    return False


def _has_form(
    op: Operation, form: Form, found: dict[str, Value], parts: list[Operation], shared: frozenset[str]
) -> bool:
    name, *wanted = form
    if op.name != name or op.activation or len(op.operands) < len(wanted):
        return False
    return all(
        _is(value, operand, found, parts, shared) for value, operand in zip(op.operands, wanted, strict=False)
    )


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

"""Run transformations until nothing changes, in the order in which TOCO runs them.

Source: graph_transformations.cc (GraphTransformationsPass, RunGraphTransformations).
"""

from collections.abc import Callable, Mapping, Sequence

from minmax_lint.converters.toco.failure import Unmodeled
from minmax_lint.converters.toco.model import Model
from minmax_lint.converters.toco.operator import Operator

Transformation = Callable[[Model, Operator], bool]
"""Looks at one operator and says whether it changed the model."""

_VISITS = 64
_ROUNDS = 1000


def run(
    model: Model,
    transformations: Mapping[str, Sequence[Transformation]],
    check: Callable[[Model], None],
) -> None:
    """Passes over all operators until one changes nothing: forward, backward, forward...

    `check` looks at the model after each pass that changed something.
    """
    for number in range(_ROUNDS):
        if not _sweep(model, transformations, forward=number % 2 == 0):
            return
        check(model)
    raise Unmodeled("the transformations do not come to an end")


def _sweep(model: Model, transformations: Mapping[str, Sequence[Transformation]], *, forward: bool) -> bool:
    changed = False
    op = model.first if forward else model.last
    while op is not None:
        before = op.preceding
        model.removed.clear()
        changed |= _visit(model, transformations, op)
        if not forward:
            op = _alive(op.preceding)
        elif op.alive:
            op = op.following
        else:
            op = _after_removal(model, op, before)
    return changed


def _alive(op: Operator | None) -> Operator | None:
    """The operator, or the nearest in front of it that is still there."""
    while op is not None and not op.alive:
        op = op.preceding
    return op


def _after_removal(model: Model, op: Operator, before: Operator | None) -> Operator | None:
    """What a forward pass looks at next when the operator that it looked at has gone.

    TOCO goes on at the same index. What was put in the operator's place stands there, unless operators in
    front of it have gone as well: then the pass skips as many.
    """
    before = _alive(before)
    following = before.following if before is not None else model.first
    for _ in range(sum(position < op.position for position in model.removed) if before is not None else 0):
        following = following and following.following
    return following


def _visit(model: Model, transformations: Mapping[str, Sequence[Transformation]], op: Operator) -> bool:
    """At an operator the first transformation that changes something wins, then the operator is tried again."""
    for visit in range(_VISITS):
        for transformation in transformations.get(op.type, ()):
            if transformation(model, op):
                break
        else:
            return visit > 0
        if not op.alive:
            return True
    raise Unmodeled(f"the transformations of {op.output!r} do not come to an end")

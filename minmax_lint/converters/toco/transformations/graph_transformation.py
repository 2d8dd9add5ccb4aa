"""Run transformations to a fixpoint in the order in which TOCO runs them."""

from collections.abc import Callable, Mapping, Sequence
from heapq import heapify, heappop, heappush

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
    """GraphTransformationsPass until nothing changes: forward, backward, forward...

    At an operator the first transformation that changes something wins, then the operator is tried again.
    Only operators near a change are visited again, until none is left; then all are, once, to be sure.
    `check` looks at the model after each pass that changed something.
    """
    model.dirty = set(model.operators())
    direction = 1
    everything = True
    for _ in range(_ROUNDS):
        pending, model.dirty = model.dirty, set()
        changed = _sweep(model, transformations, pending, direction)
        direction = -direction
        if changed:
            check(model)
        if model.dirty:
            everything = False
        elif everything and not changed:
            return
        else:
            model.dirty = set(model.operators())
            everything = True
    raise Unmodeled("the transformations do not come to an end")


def _sweep(
    model: Model,
    transformations: Mapping[str, Sequence[Transformation]],
    pending: set[Operator],
    direction: int,
) -> bool:
    heap = [(direction * op.position, id(op), op) for op in pending]
    heapify(heap)
    queued = pending
    later: set[Operator] = set()
    changed = False
    while heap:
        _, _, op = heappop(heap)
        queued.discard(op)
        before = op.preceding
        here = direction * op.position
        model.removed.clear()
        if not op.alive or not _visit(model, transformations, op):
            continue
        changed = True
        if direction > 0 and not op.alive:
            here = _place_before_index(model, op, before, here)  # type: ignore[unreachable] # the visit removed it
        for other in model.dirty:
            if direction * other.position <= here:
                later.add(other)
            elif other not in queued:
                queued.add(other)
                heappush(heap, (direction * other.position, id(other), other))
        model.dirty.clear()
    model.dirty = later
    return changed


def _place_before_index(model: Model, op: Operator, before: Operator | None, here: int) -> int:
    """The position up to which a forward pass is done when the operator that it looked at has gone.

    TOCO goes on at the same index. What was put in the operator's place stands there, unless operators in
    front of it have gone as well: then the pass skips as many.
    """
    skipped = sum(position < op.position for position in model.removed)
    while before is not None and not before.alive:
        before = before.preceding
    if before is None:
        return min(here, model.first.position - 1 if model.first is not None else 0)
    for _ in range(skipped):
        before = before.following or before
    return before.position


def _visit(model: Model, transformations: Mapping[str, Sequence[Transformation]], op: Operator) -> bool:
    for visit in range(_VISITS):
        for transformation in transformations.get(op.type, ()):
            if transformation(model, op):
                break
        else:
            model.dirty.discard(op)
            return visit > 0
        if not op.alive:
            return True
    raise Unmodeled(f"the transformations of {op.output!r} do not come to an end")

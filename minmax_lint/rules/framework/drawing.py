"""The small drawings: what lies in front of an array without range, and who needs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from minmax_lint.graph.fakequant import FAKE_QUANTS, read_fake_quant
from minmax_lint.graph.names import parse_edge
from minmax_lint.rules.framework.finding import Role, Step

if TYPE_CHECKING:
    from collections.abc import Iterator

    from minmax_lint.rules.framework.subject import Subject

NO_RANGE = "no range"


def step(subject: Subject, node: str, role: Role = "kept", note: str = "") -> Step:
    """One step; a FakeQuant is noted with its range."""
    found = subject.graph[node]
    if not note and found.op in FAKE_QUANTS:
        bounds = read_fake_quant(subject.graph, found).range
        note = "range not constant" if bounds is None else str(bounds)
    return Step(node, found.op, role, note)


def around(subject: Subject, array: str | None, note: str = NO_RANGE) -> tuple[Step, ...]:
    """The array without range, what it is made of, and the first op that reads it; nothing for no array."""
    name = parse_edge(array).node if array is not None else ""
    if array is None or name not in subject.graph:
        return ()
    before = _before(subject, name)
    reader = next((use.node for use in subject.kept.uses(array)), None)
    return (
        *before,
        step(subject, name, "missing", note),
        *((step(subject, reader),) if reader is not None else ()),
    )


def in_front_of(subject: Subject, array: str) -> tuple[Step, ...]:
    """The kept node that the producer of `array` reads its values from."""
    return tuple(_before(subject, parse_edge(array).node))


def _before(subject: Subject, name: str) -> Iterator[Step]:
    if subject.kept.is_cut(name) or name not in subject.kept:
        return
    sources = [edge.node for edge in subject.graph[name].inputs if edge.node in subject.kept]
    chosen = next((source for source in sources if subject.graph.op(source) != "Const"), None)
    if chosen is not None:
        yield step(subject, chosen)

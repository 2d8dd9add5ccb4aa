"""The variables that hold FakeQuants' ranges, and what a checkpoint has for them."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from minmax_lint.graph.fakequant import RANGE_FROM_INPUTS, FakeQuant
from minmax_lint.graph.graph import Graph
from minmax_lint.graph.names import Edge
from minmax_lint.ops.table import IDENTITIES
from minmax_lint.rules.framework.patterns import BACKWARD
from minmax_lint.rules.framework.subject import Subject

_NUMBER = re.compile(r"_\d+$")
_TOWER = re.compile(r"(tower|clone|replica|gpu|worker|model)(_?\d+)?")
_LONGEST_CHAIN = 16


class RangeVariable(NamedTuple):
    """One end of a FakeQuant's range, as a variable."""

    node: str
    key: str
    """Under which the checkpoint should hold it."""
    fake_quant: FakeQuant


def range_variables(subject: Subject) -> tuple[RangeVariable, ...]:
    """Every range of the kept FakeQuants that is a variable of a graph with a checkpoint, each once."""
    if subject.checkpoint is None:
        return ()
    found: dict[str, RangeVariable] = {}
    for fake_quant in subject.fake_quants:
        if fake_quant.op not in RANGE_FROM_INPUTS or BACKWARD.search(fake_quant.node):
            continue
        for edge in subject.graph[fake_quant.node].inputs[1:3]:
            node = _variable(subject.graph, edge, subject.variables)
            if node is not None:
                found.setdefault(node, RangeVariable(node, subject.checkpoint.key(node), fake_quant))
    return tuple(found.values())


def missing_variables(subject: Subject) -> tuple[RangeVariable, ...]:
    """The range variables that the checkpoint does not hold."""
    variables = range_variables(subject)
    if not variables or subject.checkpoint is None:
        return ()
    held = set(subject.checkpoint.keys)
    return tuple(variable for variable in variables if variable.key not in held)


def renamed_keys(subject: Subject, wanted: Iterable[str]) -> Mapping[str, str]:
    """Wanted key -> the key under which the checkpoint holds that variable in another scope.

    The same variable has the same path, apart from numbers that TensorFlow adds to scopes (`_1`), from
    towers (`clone_0/`), and from scopes in front. A key that the graph itself needs is not taken.
    """
    free: dict[str, list[str]] = {}
    for key in unused_keys(subject):
        free.setdefault(_plain(key)[-1], []).append(key)
    found: dict[str, str] = {}
    for key in wanted:
        near = sorted(
            (_distance(key, other), other) for other in free.get(_plain(key)[-1], ()) if _alike(key, other)
        )
        if near:
            found[key] = near[0][1]
    return found


def unused_keys(subject: Subject) -> tuple[str, ...]:
    """The checkpoint's keys that no variable of the graph asks for."""
    if subject.checkpoint is None:
        return ()
    used = {subject.checkpoint.key(node) for node in subject.variables}
    return tuple(key for key in subject.checkpoint.keys if key not in used)


def _variable(graph: Graph, edge: Edge, variables: frozenset[str]) -> str | None:
    """The variable whose value an edge carries, through identities and reads."""
    for _ in range(_LONGEST_CHAIN):
        if edge.node in variables:
            return edge.node
        if edge.node not in graph or graph.op(edge.node) not in IDENTITIES:
            return None
        inputs = graph[edge.node].inputs
        if not inputs:
            return None
        edge = inputs[0]
    return None


def _plain(key: str) -> list[str]:
    """The path without numbers and towers."""
    return [_NUMBER.sub("", part) for part in _parts(key)] or [key]


def _parts(key: str) -> Iterator[str]:
    return (part for part in key.split("/") if not _TOWER.fullmatch(part))


def _alike(first: str, second: str) -> bool:
    shorter, longer = sorted((_plain(first), _plain(second)), key=len)
    return longer[len(longer) - len(shorter) :] == shorter and (len(shorter) > 1 or shorter == longer)


def _distance(first: str, second: str) -> int:
    """How many parts of their paths are not the same."""
    return len(set(first.split("/")) ^ set(second.split("/")))

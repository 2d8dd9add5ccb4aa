"""The graph as reports draw it: kept part, what lies outside, ranges, and which ops become integer."""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Literal

from minmax_lint.graph.fakequant import fake_quants, is_fake_quant
from minmax_lint.graph.graph import Graph, reached
from minmax_lint.graph.names import parse_edge
from minmax_lint.graph.trace import Kept
from minmax_lint.ops.table import VARIABLES
from minmax_lint.report.report import Report

Place = Literal["input", "output", "kept", "outside"]
State = Literal["integer", "float"]

HIDDEN = VARIABLES | {"Const", "ReadVariableOp", "NoOp", "Assign"}
"""Ops that hold values and compute none: drawn, they would hide the rest."""
OUTSIDE_STEPS = 3
MOST_OUTSIDE = 300


@dataclass(frozen=True)
class PictureNode:
    """One node. `states`: profile -> what becomes of its op; without an entry nothing is known."""

    name: str
    op: str
    place: Place
    range: str
    """Of the FakeQuant, or the one that a kept FakeQuant behind it gives its array; empty for none."""
    states: Mapping[str, State]
    codes: tuple[str, ...]
    """Rules with a finding here."""


@dataclass(frozen=True)
class Picture:
    """Nodes by name in file order, and edges between them (source, target), each once."""

    nodes: Mapping[str, PictureNode]
    edges: tuple[tuple[str, str], ...]


def picture(report: Report) -> Picture:
    """Draw the kept part, and what lies outside within a few steps of it."""
    graph, kept = report.source, report.trace
    states, ranges, codes = _states(report), _ranges(report), _codes(report)
    moving = _nodes_behind_inputs(kept)
    kept_names = [
        name
        for name in kept.order
        if not _is_hidden(graph, name) and (name in moving or name in states or is_fake_quant(graph.op(name)))
    ]
    drawn = {*kept_names, *_outside(graph, kept.nodes, (kept.outputs, kept_names)), *_names_in(report)}
    inputs = {parse_edge(name).node for name in report.inputs}
    outputs = {parse_edge(name).node for name in report.outputs}
    nodes = {}
    for name in graph.names:
        if name in drawn:
            nodes[name] = PictureNode(
                name,
                graph.op(name),
                _place(name, inputs, outputs, kept),
                ranges.get(name, ""),
                states.get(name, {}),
                tuple(dict.fromkeys(codes.get(name, ()))),
            )
    return Picture(nodes, tuple(_edges(graph, nodes, {name for name in inputs if name in kept})))


def _place(name: str, inputs: set[str], outputs: set[str], kept: Kept) -> Place:
    if name in outputs:
        return "output"
    if name in inputs:
        return "input"
    return "kept" if name in kept else "outside"


def _nodes_behind_inputs(kept: Kept) -> set[str]:
    """The kept nodes whose values depend on an input; converters compute the others while they convert."""
    graph = kept.graph
    starts = [
        name
        for name in kept.order
        if kept.is_cut(name) or (not graph[name].inputs and graph.op(name) not in HIDDEN)
    ]

    def readers(name: str) -> list[str]:
        return [use.node for use in graph.uses(name) if use.node in kept and not kept.is_cut(use.node)]

    return set(reached(starts, readers))


def _is_hidden(graph: Graph, name: str) -> bool:
    """Whether it is a value, or only reads one (`weights/read`)."""
    if graph.op(name) != "Identity":
        return graph.op(name) in HIDDEN
    sources = [edge.node for edge in graph[name].inputs]
    return bool(sources) and all(graph.op(source) in HIDDEN for source in sources if source in graph)


def _names_in(report: Report) -> set[str]:
    """Every node that a finding names, or that its path goes through."""
    names = {step.node for finding in report.findings for step in finding.path}
    names |= {name for finding in report.findings for name in (finding.node, finding.array) if name}
    return {node for node in (parse_edge(name).node for name in names) if node in report.source}


def _outside(graph: Graph, kept: AbstractSet[str], starts: Iterable[Iterable[str]]) -> set[str]:
    """Nodes within OUTSIDE_STEPS behind the kept part; those behind the earlier starts first."""
    found: set[str] = set()
    for start in starts:
        edge = list(start)
        for _ in range(OUTSIDE_STEPS):
            reached = dict.fromkeys(
                use.node
                for name in edge
                for use in graph.uses(name)
                if use.node not in kept and use.node not in found and not _is_hidden(graph, use.node)
            )
            edge = list(reached)[: MOST_OUTSIDE - len(found)]
            found.update(edge)
    return found


def _edges(graph: Graph, nodes: Mapping[str, PictureNode], cut: set[str]) -> Iterable[tuple[str, str]]:
    for name in nodes:
        if name not in cut:
            sources = dict.fromkeys(edge.node for edge in graph[name].inputs)
            yield from ((source, name) for source in sources if source in nodes)


def _states(report: Report) -> dict[str, dict[str, State]]:
    found: dict[str, dict[str, State]] = {}
    for profile, prediction in report.predictions.items():
        for op in prediction.ops:
            if op.computes:
                for node in op.nodes or (parse_edge(op.output).node,):
                    found.setdefault(node, {})[profile] = "integer" if op.integer else "float"
    return found


def _ranges(report: Report) -> dict[str, str]:
    found: dict[str, str] = {}
    for quant in fake_quants(report.source):
        text = str(quant.range) if quant.range is not None else "[computed]"
        found[quant.node] = text
        if quant.node in report.trace:
            found.setdefault(parse_edge(quant.array).node, text)
    return found


def _codes(report: Report) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for finding in report.findings:
        for name in (finding.node, finding.array):
            if name:
                found.setdefault(parse_edge(name).node, []).append(finding.code)
    return found

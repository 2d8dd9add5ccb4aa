"""The kept subgraph: what the converters keep between the inputs and the outputs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import cached_property
from itertools import compress
from typing import Any, TypeVar

from minmax_lint.errors import UnreadableModel
from minmax_lint.graph.arity import misfit, without_array
from minmax_lint.graph.graph import Graph, Use
from minmax_lint.graph.names import canonical_array, parse_edge
from minmax_lint.graph.node import Node

T = TypeVar("T")

_MANY = 1000
"""Inputs of a node from which on it pays to look at each source once."""


@dataclass(frozen=True)
class Kept:
    """The ancestors of the outputs, cut at the inputs.

    `nodes` are reached through data edges: what TOCO's import and MLIR compute with. `control_only` are
    reached through a control edge somewhere on the way: freezing (`extract_sub_graph`) keeps them, TOCO's
    import drops them, and a FakeQuant among them gives nothing its range.
    Source: convert_variables_to_constants and import_tensorflow.cc (drop_control_dependency).
    """

    graph: Graph
    inputs: tuple[str, ...]
    """Input arrays, canonical."""
    outputs: tuple[str, ...]
    """Output arrays, canonical."""
    nodes: AbstractSet[str]
    control_only: AbstractSet[str]
    _found: dict[object, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __contains__(self, name: object) -> bool:
        return name in self.nodes

    def __len__(self) -> int:
        return len(self.nodes)

    @cached_property
    def order(self) -> tuple[str, ...]:
        """The kept nodes in file order."""
        return tuple(name for name in self.graph.names if name in self.nodes)

    @cached_property
    def _ops(self) -> tuple[str, ...]:
        """The op of each node of `order`."""
        return tuple(map(self.graph.op, self.order))

    def of_ops(self, wanted: AbstractSet[str]) -> Iterator[str]:
        """The kept nodes of these ops in file order, but for those at which the trace stopped."""
        found = compress(self.order, map(wanted.__contains__, self._ops))
        return (name for name in found if name not in self._cut)

    def sources(self, name: str) -> tuple[str, ...]:
        """The kept nodes that node `name` reads, without decoding it; none where the trace stopped at it."""
        return self._sources.get(name, ())

    @cached_property
    def _sources(self) -> Mapping[str, tuple[str, ...]]:
        """Node -> what `sources` says; nothing for those that read nothing."""
        raw, positions, nodes, cut = self.graph.columns.inputs, self.graph.positions, self.nodes, self._cut
        found: dict[str, tuple[str, ...]] = {}
        for name in self.order:
            texts = raw[positions[name]]
            if texts and name not in cut:
                sources = [
                    parse_edge(text).node if ":" in text else text for text in texts if text[:1] != "^"
                ]
                found[name] = tuple([source for source in sources if source in nodes])
        return found

    def uses(self, array: str) -> tuple[Use, ...]:
        """Kept readers of `array`; an input node's own inputs have no kept reader."""
        return tuple(
            use for use in self.graph.uses(array) if use.node in self.nodes and not self.is_cut(use.node)
        )

    def outside(self, array: str) -> tuple[Use, ...]:
        """Readers of `array` that the converter throws away."""
        return tuple(use for use in self.graph.uses(array) if use.node not in self.nodes)

    def is_cut(self, name: str) -> bool:
        """Whether the trace stopped at node `name` because it produces an input array."""
        return name in self._cut

    def computed(self, names: Iterable[str]) -> Iterator[Node]:
        """Those of the nodes `names` that are kept, but for nodes at which the trace stopped."""
        return (self.graph[name] for name in names if name in self.nodes and name not in self._cut)

    @cached_property
    def misfit(self) -> tuple[str, str] | None:
        """A node whose inputs do not fit its op or that is named for an output that it has not, and what TensorFlow
        says about it; None where there is none.
        """
        found = misfit(self.graph, (name for name in self.order if not self.is_cut(name)))
        return found or without_array(self.graph, self.outputs)

    def once(self, found: Callable[[Kept], T]) -> T:
        """What `found` says of this subgraph, worked out once for all converters that ask."""
        if found not in self._found:
            self._found[found] = found(self)
        result: T = self._found[found]
        return result

    @cached_property
    def _cut(self) -> frozenset[str]:
        return frozenset(parse_edge(array).node for array in self.inputs)


def trace(graph: Graph, inputs: Iterable[str], outputs: Sequence[str]) -> Kept:
    """Trace back from `outputs`, stopping at `inputs`.

    Raises UnknownName for an output that is not there, UnreadableModel for an edge from a missing node.
    An input that is not an ancestor is simply not among the kept nodes.
    """
    sources = tuple(canonical_array(name) for name in inputs)
    sinks = tuple(canonical_array(name) for name in outputs)
    cut = {parse_edge(name).node for name in sources}
    starts = [parse_edge(name).node for name in sinks]
    for name in starts:
        graph.position(name)
    stops = frozenset(name for name in cut if name in graph and graph.columns.inputs[graph.position(name)])
    known, key = graph.memo.setdefault(trace, {}), (tuple(starts), stops)
    if key not in known:
        known[key] = _ancestors(graph, starts, stops)
    return Kept(graph, sources, sinks, *known[key])


def _ancestors(
    graph: Graph, starts: Sequence[str], cut: frozenset[str]
) -> tuple[AbstractSet[str], AbstractSet[str]]:
    """What the starts depend on: through data edges, and only through a control edge on the way."""
    by_data, passed_over = _reach(graph, starts, cut, control=False)
    if not passed_over:
        return frozenset(by_data), frozenset()
    everything, _ = _reach(graph, starts, cut, control=True)
    return frozenset(by_data), frozenset(everything - by_data)


def _reach(
    graph: Graph, starts: Sequence[str], cut: frozenset[str], *, control: bool
) -> tuple[set[str], bool]:
    """All that the starts depend on, and whether a control edge was passed over."""
    raw, positions = graph.columns.inputs, graph.positions
    seen = set(starts)
    pending = list(seen)
    passed_over = False
    while pending:
        name = pending.pop()
        if name in cut:
            continue
        texts = raw[positions[name]]
        for text in texts if len(texts) < _MANY else dict.fromkeys(texts):
            source = text
            if source not in positions:
                if text.startswith("^"):
                    if not control:
                        passed_over = True
                        continue
                    source = text[1:]
                else:
                    source = parse_edge(text).node
                if source not in positions:
                    raise UnreadableModel(
                        f"node {name!r} reads {text!r}, which is not in the graph: the file is damaged"
                    )
            if source not in seen:
                seen.add(source)
                pending.append(source)
    return seen, passed_over


def unknown_variable(graph: Graph, kept: Kept) -> str | None:
    """A kept variable whose value is not known; `kept` traced a frozen view of `graph`."""
    for name in kept.graph.names:
        if (name in kept.nodes or name in kept.control_only) and kept.graph.op(name) != graph.op(name):
            value = kept.graph[name].tensor()
            if value is not None and not value.known:
                return name
    return None

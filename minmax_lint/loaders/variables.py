"""Variables' values from a checkpoint: which key belongs to which node is what the graph itself restores."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property

from minmax_lint.graph.freeze import VARIABLES
from minmax_lint.graph.graph import Graph
from minmax_lint.graph.names import parse_edge
from minmax_lint.graph.tensor import Tensor
from minmax_lint.loaders.bundle import Bundle

_RESTORES = frozenset({"RestoreV2", "Restore", "RestoreSlice"})
_ASSIGNS = frozenset({"Assign", "AssignVariableOp"})
_PASSES = frozenset({"Identity", "IdentityN", "Reshape", "Cast"})


class CheckpointVariables:
    """The values of a graph's variables. Nothing is read before a value is asked for."""

    def __init__(
        self,
        graph: Graph,
        bundle: Bundle,
        restore: str = "",
        captured: Callable[[], Mapping[str, str]] = dict,
    ) -> None:
        """`restore` names the saver's restore op; the other restore ops count where it says nothing.

        `captured` gives the keys of nodes that the graph does not restore itself.
        """
        self.bundle = bundle
        self._graph = graph
        self._restore = restore
        self._captured = captured

    def value(self, node: str) -> Tensor | None:
        """The value of the variable that node `node` makes; None where the checkpoint has none."""
        return self.bundle.tensor(self.key(node))

    def key(self, node: str) -> str:
        """The checkpoint's key of a variable: what the graph restores into it, else the node's own name."""
        return self._keys.get(node, node)

    def restored(self, node: str) -> bool:
        """Whether the graph's own saver restores the variable of node `node`."""
        return node in self._restored

    @cached_property
    def _keys(self) -> Mapping[str, str]:
        return {**self._captured(), **self._restored}

    @cached_property
    def _restored(self) -> Mapping[str, str]:
        graph = self._graph
        keys: dict[str, str] = {}
        if parse_edge(self._restore).node in graph:
            keys.update(_restored(graph, _ancestors(graph, parse_edge(self._restore).node)))
        everywhere = (
            name for name, op in zip(graph.columns.names, graph.columns.ops, strict=True) if op in _ASSIGNS
        )
        return {**dict(_restored(graph, everywhere)), **keys}


def _ancestors(graph: Graph, start: str) -> Iterator[str]:
    """`start` and what it depends on, control edges included; variables are not looked behind."""
    seen, pending = {start}, [start]
    while pending:
        name = pending.pop()
        yield name
        if graph.op(name) in VARIABLES:
            continue
        for text in graph.columns.inputs[graph.position(name)]:
            source = parse_edge(text.removeprefix("^")).node
            if source not in seen and source in graph:
                seen.add(source)
                pending.append(source)


def _restored(graph: Graph, names: Iterator[str]) -> Iterator[tuple[str, str]]:
    """Variable node and checkpoint key of every assignment of a restored value among `names`."""
    for name in names:
        if graph.op(name) not in _ASSIGNS:
            continue
        inputs = graph[name].inputs
        if len(inputs) < 2 or inputs[0].node not in graph:
            continue
        key = _key(graph, *inputs[1])
        if key is not None:
            yield inputs[0].node, key


def _key(graph: Graph, node: str, port: int) -> str | None:
    for _ in range(8):  # a restored value passes an Identity or a Reshape or two
        if node not in graph:
            return None
        op, inputs = graph.op(node), graph[node].inputs
        if op in _RESTORES:
            names = graph[inputs[1].node].tensor() if len(inputs) > 1 and inputs[1].node in graph else None
            values = names.values() if names is not None and names.known else ()
            found = values[port] if port < len(values) else None
            return found.decode("utf-8", "replace") if isinstance(found, bytes) else None
        if op not in _PASSES or not inputs:
            return None
        node, port = inputs[port] if op == "IdentityN" and port < len(inputs) else inputs[0]
    return None

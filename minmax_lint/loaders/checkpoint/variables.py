"""Variables' values from a checkpoint: which key belongs to which node is what the graph itself restores."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from minmax_lint.graph.dtype import DType
from minmax_lint.graph.graph import Graph, reached
from minmax_lint.graph.names import Edge, parse_edge
from minmax_lint.graph.tensor import Tensor
from minmax_lint.loaders.checkpoint.bundle import Bundle
from minmax_lint.loaders.checkpoint.object_graph import keys_by_name
from minmax_lint.loaders.checkpoint.prefix import named_prefix
from minmax_lint.loaders.checkpoint.slices import parse_spec, take
from minmax_lint.loaders.model import Model
from minmax_lint.ops.table import VARIABLES, of_role

_RESTORES = of_role("restore")
_ASSIGNS = frozenset({"Assign", "AssignVariableOp"})
_PASSES = frozenset({"Identity", "IdentityN", "Reshape", "Cast"})


class Source(NamedTuple):
    """What a graph restores into a variable: a checkpoint's key, and which part of its value."""

    key: str
    part: str = ""
    """RestoreV2's `10 2 0,4:0,2`; empty for all of it."""


class CheckpointVariables:
    """The values of a graph's variables. Nothing is read before a value is asked for."""

    def __init__(
        self,
        graph: Graph,
        bundle: Bundle,
        restore: str = "",
        captured: Callable[[], Mapping[str, str]] | None = None,
    ) -> None:
        """`restore` names the saver's restore op; the other restore ops count where it says nothing.

        `captured` gives the keys of nodes that a SavedModel of TF2 does not restore itself: Python finds them by its
        objects, and the converter does not.
        """
        self.bundle = bundle
        self._graph = graph
        self._restore = restore
        self._captured = captured

    def of(self, bundle: Bundle) -> CheckpointVariables:
        """The same graph's variables with the values of another checkpoint."""
        return CheckpointVariables(self._graph, bundle, self._restore, self._captured)

    def value(self, node: str) -> Tensor | None:
        """The value of the variable that node `node` makes; None where the checkpoint has none."""
        source = self._source(node)
        tensor = self.bundle.tensor(source.key)
        part = parse_spec(source.part)
        return tensor if tensor is None or part is None else take(tensor, part)

    def key(self, node: str) -> str:
        """The checkpoint's key of a variable: what the graph restores into it, else the node's own name."""
        return self._source(node).key

    @property
    def keys(self) -> tuple[str, ...]:
        """Every key of the checkpoint."""
        return self.bundle.keys

    @property
    def prefix(self) -> str:
        """What all files of the checkpoint begin with."""
        return str(self.bundle.prefix)

    @property
    def restores(self) -> bool:
        """Whether the graph has a saver of its own that restores anything."""
        return bool(self._restored)

    def is_restored(self, node: str) -> bool:
        """Whether the graph's own saver restores the variable of node `node`."""
        return node in self._restored

    def is_uninitialized(self, node: str) -> bool:
        """Whether the saver of a SavedModel of TF2 restores other variables, and not that of node `node`."""
        return self._captured is not None and self.restores and not self.is_restored(node)

    def _source(self, node: str) -> Source:
        """What the graph says, or, of a checkpoint of TF2, what its objects say of a variable of that name."""
        source = self._sources.get(node, Source(node))
        if source.key in self.bundle:
            return source
        key = self._by_name.get(source.key) or self._by_name.get(node)
        return source if key is None else source._replace(key=key)

    @cached_property
    def _by_name(self) -> Mapping[str, str]:
        return keys_by_name(self.bundle)

    @cached_property
    def _sources(self) -> Mapping[str, Source]:
        captured = {node: Source(key) for node, key in self._captured().items()} if self._captured else {}
        return {**captured, **self._restored}

    @cached_property
    def _restored(self) -> Mapping[str, Source]:
        graph = self._graph
        keys: dict[str, Source] = {}
        if parse_edge(self._restore).node in graph:
            keys.update(_restored(graph, _ancestors(graph, parse_edge(self._restore).node)))
        everywhere = (
            name for name, op in zip(graph.columns.names, graph.columns.ops, strict=True) if op in _ASSIGNS
        )
        return {**dict(_restored(graph, everywhere)), **keys}


def with_values(model: Model, named: Path) -> Model:
    """The model with the values of a checkpoint that lies elsewhere; a finished one has all of its own.

    Raises UnreadableModel where there is no such checkpoint.
    """
    if model.finished is not None:
        return model
    bundle = Bundle(named_prefix(named))
    own = model.variables
    variables = (
        own.of(bundle) if isinstance(own, CheckpointVariables) else CheckpointVariables(model.graph, bundle)
    )
    return replace(model, variables=variables)


def _ancestors(graph: Graph, start: str) -> Iterator[str]:
    """`start` and what it depends on, control edges included; variables are not looked behind."""
    found = reached([start], lambda name: () if graph.op(name) in VARIABLES else graph.dependencies(name))
    return (name for name in found if name in graph)


def _restored(graph: Graph, names: Iterator[str]) -> Iterator[tuple[str, Source]]:
    """Variable node and source of every assignment of a restored value among `names`."""
    for name in names:
        if graph.op(name) not in _ASSIGNS:
            continue
        inputs = graph[name].inputs
        if len(inputs) < 2 or inputs[0].node not in graph:
            continue
        source = _source(graph, *inputs[1])
        if source is not None:
            yield inputs[0].node, source


def _source(graph: Graph, node: str, port: int) -> Source | None:
    for _ in range(8):  # a restored value passes an Identity or a Reshape or two
        if node not in graph:
            return None
        op, inputs = graph.op(node), graph[node].inputs
        if op in _RESTORES:
            key = _text(graph, inputs, 1, port)
            return None if key is None else Source(key, _text(graph, inputs, 2, port) or "")
        if op not in _PASSES or not inputs:
            return None
        node, port = inputs[port] if op == "IdentityN" and port < len(inputs) else inputs[0]
    return None


def _text(graph: Graph, inputs: Sequence[Edge], slot: int, index: int) -> str | None:
    """Element `index` of the constant list of texts that stands at input `slot`."""
    if slot >= len(inputs) or inputs[slot].node not in graph:
        return None
    tensor = graph[inputs[slot].node].tensor()
    values = tensor.values() if tensor is not None and tensor.dtype is DType.STRING else ()
    found = values[index] if index < len(values) else None
    return found.decode("utf-8", "replace") if isinstance(found, bytes) else None

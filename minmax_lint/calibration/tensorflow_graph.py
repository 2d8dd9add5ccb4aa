"""A frozen graph in a TensorFlow session. Runs in the child process (see minmax_lint/conversion/worker.py)."""

from __future__ import annotations

from typing import Any, Mapping, Sequence

from minmax_lint.calibration.feeds import Feed
from minmax_lint.calibration.inputs import Input
from minmax_lint.conversion.worker import Misuse

_INTO_BRANCHES = frozenset({"Switch", "RefSwitch", "Enter", "RefEnter"})
_OUT_OF_BRANCHES = frozenset({"Merge", "RefMerge", "Exit", "RefExit"})


class FrozenGraph:
    """A frozen GraphDef, cut to what its outputs are computed from; nothing waits for control edges."""

    def __init__(
        self,
        tensorflow: Any,
        path: str,
        shapes: Mapping[str, Sequence[int | None] | None],
        outputs: Sequence[str],
    ) -> None:
        self._v1 = tensorflow.compat.v1
        with open(path, "rb") as file:
            graph_def = self._v1.GraphDef.FromString(file.read())
        _keep_ancestors(graph_def, outputs, shapes)
        self.graph = self._v1.Graph()
        with self.graph.as_default():
            self._v1.import_graph_def(graph_def, name="")
        self.inputs = {name: self.tensor(name) for name in shapes if _node(name) in _names(graph_def)}
        self.outputs = [self.tensor(name) for name in outputs]
        self._shapes = shapes
        self._session: Any = None

    def tensor(self, array: str) -> Any:
        """The tensor that the converters call `array`."""
        return self.graph.get_tensor_by_name(array if ":" in array else array + ":0")

    def fed(self, aliases: Mapping[str, Sequence[str]]) -> list[Input]:
        """The inputs that the outputs depend on, with their static shapes completed by the user's."""
        return [
            Input(name, tensor.dtype.as_numpy_dtype, self._shape(name, tensor), aliases.get(name, ()))
            for name, tensor in self.inputs.items()
        ]

    def run(self, fetches: Any, feed: Feed) -> Any:
        """Values of `fetches` for one feed."""
        if self._session is None:
            self._session = self._v1.Session(graph=self.graph)
        return self._session.run(fetches, {self.inputs[name]: feed[name] for name in self.inputs})

    def computed(self) -> list[Any]:
        """Every float32 tensor that depends on an input and always has a value, inputs first."""
        found = list(self.inputs.values())
        depending = {tensor.op.name for tensor in found}
        branched: set[str] = set()
        for op in self.graph.get_operations():
            sources = {tensor.op.name for tensor in op.inputs}
            if op.type in _INTO_BRANCHES or (sources & branched and op.type not in _OUT_OF_BRANCHES):
                branched.add(op.name)
            if op.name in depending or not sources & depending:
                continue
            depending.add(op.name)
            if op.name not in branched:
                found += op.outputs
        return [tensor for tensor in found if tensor.dtype.base_dtype.name == "float32"]

    def _shape(self, name: str, tensor: Any) -> Sequence[int | None] | None:
        own: list[int | None] | None = None if tensor.shape.rank is None else tensor.shape.as_list()
        given = self._shapes[name]
        if own is None or given is None or len(own) != len(given):
            return given or own
        # The user's batch size is the converted model's; the graph itself may take more at once.
        return own[:1] + [theirs if mine is None else mine for mine, theirs in zip(own[1:], given[1:])]


def _keep_ancestors(graph_def: Any, outputs: Sequence[str], inputs: Mapping[str, Any]) -> None:
    nodes = {node.name: node for node in graph_def.node}
    cut = {_node(name) for name in inputs}
    pending = [_node(name) for name in outputs]
    seen = set(pending)
    while pending:
        name = pending.pop()
        if name not in nodes:
            raise Misuse(f"the graph has no node {name!r}")
        node = nodes[name]
        node.input[:] = [] if name in cut else [text for text in node.input if not text.startswith("^")]
        fresh = {_node(text) for text in node.input} - seen
        seen |= fresh
        pending += fresh
    kept = [node for node in graph_def.node if node.name in seen]
    for node in kept:
        # What an export leaves of placement and colocation refers to devices and nodes that are not here.
        node.device = ""
        node.attr.pop("_class", None)
    del graph_def.node[:]
    graph_def.node.extend(kept)


def _names(graph_def: Any) -> set[str]:
    return {node.name for node in graph_def.node}


def _node(array: str) -> str:
    return array.partition(":")[0]

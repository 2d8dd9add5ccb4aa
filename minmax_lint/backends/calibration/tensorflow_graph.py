"""A frozen graph in a TensorFlow session. Runs in the child process (see minmax_lint/backends/conversion/worker.py)."""

from __future__ import annotations

from typing import Any, Mapping, Sequence

from minmax_lint.backends.calibration.feeds import Feed
from minmax_lint.backends.calibration.inputs import Input, complete_shape
from minmax_lint.backends.conversion.worker import Misuse

_INTO_BRANCHES = frozenset({"Switch", "RefSwitch", "Enter", "RefEnter"})
_PIVOTS = _INTO_BRANCHES | {"Identity", "RefIdentity", "Merge", "RefMerge", "LoopCond"}
"""What a constant in a branch or loop waits for: without that edge it would stand outside."""


def open_session(v1: Any, graph: Any, *, optimized: bool = True) -> Any:
    """A session that computes what the graph says.

    TensorFlow's remapper takes the epsilon of a layer normalization for 0.001 (measured on 2.15 and 2.21, oneDNN).
    `optimized`: whether the other graph optimizers run.
    """
    config = v1.ConfigProto()
    rewrites = config.graph_options.rewrite_options
    rewrites.remapping = rewrites.OFF
    rewrites.disable_meta_optimizer = not optimized
    return v1.Session(graph=graph, config=config)


class FedGraph:
    """A graph in a session: its inputs {array: tensor} and outputs [tensor], with the shapes that the user gives."""

    def __init__(
        self,
        inputs: Mapping[str, Any],
        outputs: Sequence[Any],
        shapes: Mapping[str, Sequence[int | None] | None],
    ) -> None:
        self.inputs = inputs
        self.outputs = outputs
        self._shapes = shapes

    def session(self) -> Any:
        """The session that it runs in."""
        raise NotImplementedError

    def fed(self, aliases: Mapping[str, Sequence[str]]) -> list[Input]:
        """The inputs that the outputs depend on, with their static shapes completed by the user's."""
        return [
            Input(name, tensor.dtype.as_numpy_dtype, self._shape(name, tensor), aliases.get(name, ()))
            for name, tensor in self.inputs.items()
        ]

    def run(self, fetches: Any, feed: Feed) -> Any:
        """Values of `fetches` for one feed."""
        return self.session().run(fetches, {tensor: feed[name] for name, tensor in self.inputs.items()})

    def _shape(self, name: str, tensor: Any) -> Sequence[int | None] | None:
        own: list[int | None] | None = None if tensor.shape.rank is None else tensor.shape.as_list()
        return complete_shape(own, self._shapes[name])


class FrozenGraph(FedGraph):
    """A frozen GraphDef, cut to what its outputs are computed from.

    Nothing waits for control edges, but for those that put a constant into a branch or a loop of TF1.
    """

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
        inputs = {name: self.tensor(name) for name in shapes if _node(name) in _names(graph_def)}
        super().__init__(inputs, [self.tensor(name) for name in outputs], shapes)
        self.branches = any(node.op in _INTO_BRANCHES for node in graph_def.node)
        """Whether it has branches or loops of TF1: an array in there has a value once, often or never."""
        self.functions = called_functions(graph_def)
        """Functions that its nodes call, and those that they call."""
        self._session: Any = None

    def tensor(self, array: str) -> Any:
        """The tensor that the converters call `array`."""
        return self.graph.get_tensor_by_name(array if ":" in array else array + ":0")

    def session(self) -> Any:
        """Made when it is first asked for."""
        if self._session is None:
            # The optimizer would look for arrays in branches that it has put together otherwise.
            self._session = open_session(self._v1, self.graph, optimized=not self.branches)
        return self._session

    def computed(self) -> list[Any]:
        """Every float32 tensor that depends on an input, inputs first."""
        found = list(self.inputs.values())
        depending = {tensor.op.name for tensor in found}
        grows = True
        while grows:
            grows = False
            for op in self.graph.get_operations():
                if op.name in depending or not any(tensor.op.name in depending for tensor in op.inputs):
                    continue
                depending.add(op.name)
                found += op.outputs
                grows = self.branches  # a loop's end leads back to its start
        return [tensor for tensor in found if tensor.dtype.base_dtype.name == "float32"]


def _keep_ancestors(graph_def: Any, outputs: Sequence[str], inputs: Mapping[str, Any]) -> None:
    nodes = {node.name: node for node in graph_def.node}
    cut = {_node(name) for name in inputs}
    branches = any(node.op in _INTO_BRANCHES for node in graph_def.node)

    def stays(text: str) -> bool:
        return not text.startswith("^") or (branches and text[1:] in nodes and nodes[text[1:]].op in _PIVOTS)

    pending = [_node(name) for name in outputs]
    seen = set(pending)
    while pending:
        name = pending.pop()
        if name not in nodes:
            raise Misuse(f"the graph has no node {name!r}")
        node = nodes[name]
        node.input[:] = [] if name in cut else [text for text in node.input if stays(text)]
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
    return array.lstrip("^").partition(":")[0]


def called_functions(graph_def: Any) -> list[str]:
    """The functions that nodes of the graph call, and those that these call."""
    bodies = {function.signature.name: function.node_def for function in graph_def.library.function}
    found: dict[str, None] = {}
    pending = [graph_def.node]
    while pending:
        for node in pending.pop():
            for value in node.attr.values():
                fresh = [one.name for one in (value.func, *value.list.func) if one.name in bodies]
                pending += [bodies[name] for name in fresh if name not in found]
                found.update(dict.fromkeys(fresh))
    return list(found)

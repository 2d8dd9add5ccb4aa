"""The frozen view: variables as the constants that freezing will make of them."""

from collections.abc import Callable, Mapping
from itertools import chain
from typing import Protocol, runtime_checkable

from minmax_lint.graph.attr import Attr
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.graph import Columns, Details, Function, Graph
from minmax_lint.graph.names import parse_edge
from minmax_lint.graph.tensor import Tensor
from minmax_lint.ops.table import VARIABLES

READS = frozenset({"ReadVariableOp"})
_BECOMES = {
    **dict.fromkeys(VARIABLES, "Const"),
    **dict.fromkeys(READS, "Identity"),
    "ResourceGather": "Gather",
}
"""What freezing makes of an op."""
CAPTURED = "_captured"
"""Attribute of a Const that a function of a SavedModel takes from outside, and of one that was a variable."""
PASSING = frozenset({"Enter", "Exit", "Identity", "Merge", "NextIteration", "Switch"})
"""Ops that pass a variable on: behind freezing they pass its value on."""


class VariableValues(Protocol):
    """Where variables' values come from: a checkpoint, or nothing."""

    def value(self, node: str) -> Tensor | None:
        """The value of the variable made by node `node`; None if the checkpoint has none."""


@runtime_checkable
class CheckpointKeys(VariableValues, Protocol):
    """What a checkpoint holds, and what a graph restores of it."""

    @property
    def prefix(self) -> str:
        """What all files of the checkpoint begin with."""

    @property
    def keys(self) -> tuple[str, ...]:
        """Every key of the checkpoint."""

    @property
    def restores(self) -> bool:
        """Whether the graph has a saver of its own that restores anything."""

    def key(self, node: str) -> str:
        """The checkpoint's key of the variable of node `node`, as far as the graph says it."""

    def is_restored(self, node: str) -> bool:
        """Whether the graph's own saver restores the variable of node `node`."""

    def is_uninitialized(self, node: str) -> bool:
        """Whether the variable of node `node` has no value for a converter, whatever the checkpoint holds."""


def freeze_graph(
    graph: Graph,
    variables: VariableValues | None,
    functions: dict[int, Graph] | None = None,
    *,
    restored_only: bool = False,
    outer: Graph | None = None,
) -> Graph:
    """The graph with every variable turned into a Const, and every ReadVariableOp into an Identity.

    What looks up rows of a variable (ResourceGather) looks them up in the constant.

    A variable whose value is not given becomes a constant of unknown value (`Tensor.known` False). With
    `restored_only` one that nothing initializes stays, as a converter has it (freeze_variables.cc, measured with TF
    2.21), and the others are CAPTURED, as the constants of `outer` are, the file's own graph, by its functions.
    Nothing is decoded until it is asked for. `functions`: those that are frozen already, which several nodes may
    call. Source: tf.graph_util.convert_variables_to_constants.
    """
    old = graph.columns
    called = _freeze_functions(graph, variables, {} if functions is None else functions, restored_only)
    captured = frozenset(() if outer is None else outer.of_ops({"Const"}))
    if VARIABLES.isdisjoint(graph.ops) and not captured:
        return Graph(old, called) if called else graph
    left = _uninitialized_variables(graph, variables) if restored_only else set()
    ops = [op if name in left else _BECOMES.get(op, op) for name, op in zip(old.names, old.ops, strict=True)]

    def details(position: int) -> Details:
        attrs, device = old.details(position)
        if old.names[position] in left:
            return attrs, device
        if old.names[position] in captured:
            attrs = {**attrs, CAPTURED: True}
        if old.ops[position] in READS:
            return {**attrs, "T": attrs.get("dtype", DType.FLOAT)}, device
        if old.ops[position] == "ResourceGather":
            return {**attrs, "Tparams": attrs.get("dtype", DType.FLOAT)}, device
        if old.ops[position] in PASSING and attrs.get("T") is DType.RESOURCE:
            passed = {key: value for key, value in attrs.items() if key != "_output_shapes"}
            return {**passed, "T": _passed_type(graph, position)}, device
        if old.ops[position] not in VARIABLES:
            return attrs, device
        made = _constant(attrs, old.names[position], variables.value if variables else None)
        return {**made, CAPTURED: True} if restored_only else made, device

    return Graph(Columns(old.names, ops, old.inputs, details), called)


def _uninitialized_variables(graph: Graph, variables: VariableValues | None) -> set[str]:
    """The variables that nothing initializes, and their reads; those that something else reads as well aside."""
    if not isinstance(variables, CheckpointKeys):
        return set()
    left: set[str] = set()
    for name in graph.of_ops({"VarHandleOp"}):
        readers = [use.node for use in graph.uses(name) if use.node not in graph.functions]
        if variables.is_uninitialized(name) and all(graph.op(reader) in READS for reader in readers):
            left.update((name, *readers))
    return left


def is_changed(graph: Graph, name: str) -> bool:
    """Whether freezing makes another node of this one."""
    op = graph.op(name)
    return op in _BECOMES or (op in PASSING and graph[name].attribute("T") is DType.RESOURCE)


def _passed_type(graph: Graph, position: int) -> DType:
    """The type of the variable that a node passes on; RESOURCE where it is none."""
    columns, seen = graph.columns, set[int]()
    while position not in seen and columns.ops[position] in PASSING:
        seen.add(position)
        position = graph.positions.get(parse_edge(columns.inputs[position][0]).node, position)
    dtype = columns.details(position)[0].get("dtype") if columns.ops[position] in VARIABLES else None
    return dtype if isinstance(dtype, DType) else DType.RESOURCE


def _freeze_functions(
    graph: Graph, variables: VariableValues | None, done: dict[int, Graph], restored_only: bool
) -> Mapping[str, tuple[Function, ...]]:
    for one in chain.from_iterable(graph.functions.values()):
        if id(one.graph) not in done:
            done[id(one.graph)] = freeze_graph(one.graph, variables, done, restored_only=restored_only)
    return {
        node: tuple(one._replace(graph=done[id(one.graph)]) for one in called)
        for node, called in graph.functions.items()
    }


def _constant(
    attrs: Mapping[str, Attr], name: str, lookup: Callable[[str], Tensor | None] | None
) -> Mapping[str, Attr]:
    dtype, shape = attrs.get("dtype"), attrs.get("shape")
    dtype = dtype if isinstance(dtype, DType) else DType.FLOAT
    value = lookup(name) if lookup else None
    if value is None:
        known_shape = shape if isinstance(shape, tuple) and all(isinstance(d, int) for d in shape) else ()
        value = Tensor(dtype, [d for d in known_shape if isinstance(d, int)], None)
    return {"dtype": dtype, "value": value}

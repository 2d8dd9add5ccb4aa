"""Strip: ops that are there for training or checking only, where the value at inference is the same."""

from collections.abc import Iterator, Sequence

from minmax_lint.converters.training import assigned_variable
from minmax_lint.fixes.edit.draft import Draft
from minmax_lint.fixes.edit.repair import CannotRepair, Repair
from minmax_lint.fixes.repairs.dropout import inference_value
from minmax_lint.graph.edit import edit_graph
from minmax_lint.graph.fakequant import RANGE_FROM_INPUTS
from minmax_lint.graph.graph import Graph, reached
from minmax_lint.graph.names import Edge, array_name
from minmax_lint.graph.trace import Kept, trace
from minmax_lint.ops.table import ASSIGNMENTS, of_role

_EFFECTS = of_role("assignment", "effect")


def strip(graph: Graph, kept: Kept) -> Repair:
    """Take training-only ops and checks off the paths to the outputs.

    Dropout and CheckNumerics give way to the array in front of them. A FakeQuant whose range is assigned as
    it runs (`create_training_graph`) reads the range variables instead, as `create_eval_graph` has it. Kept
    nodes no longer wait for assignments or assertions. Safe: the values at inference are the same.
    Raises CannotRepair where there is nothing of that.
    """
    draft = Draft(graph)
    healed = [*_bypass(draft, kept), *_read_range_variables(draft, kept), *_drop_waits(draft, kept)]
    if not healed:
        raise CannotRepair("nothing here is for training only")
    done = draft.repair("strip", heals=healed)
    return done.then(_without_dead_assignments(edit_graph(graph, done.edit), kept.outputs))


def _without_dead_assignments(graph: Graph, outputs: Sequence[str]) -> Repair:
    """Remove assignments to constants, and what depends on them: TensorFlow imports no such graph.

    Freezing turned their variables into constants. What an output depends on stays.
    """
    starts = [name for name in _assignments(graph) if graph.op(graph[name].inputs[0].node) == "Const"]

    def dependents(name: str) -> Iterator[str]:
        yield from graph.control_uses(name)
        yield from (use.node for port in range(6) for use in graph.uses(array_name(name, port)))

    dead = set(reached(starts, dependents))
    kept = trace(graph, (), outputs)
    draft = Draft(graph)
    if not dead & (kept.nodes | kept.control_only):
        for name in dead:
            draft.remove(name)
    return draft.repair("")


def _assignments(graph: Graph) -> Iterator[str]:
    for name, op in zip(graph.names, graph.columns.ops, strict=True):
        if op in ASSIGNMENTS and graph[name].inputs and graph[name].inputs[0].node in graph:
            yield name


def _bypass(draft: Draft, kept: Kept) -> Iterator[str]:
    """Dropout and CheckNumerics: their readers read what is in front of them."""
    instead: dict[str, Edge] = {}
    for node in kept.computed(kept.order):
        found = node.inputs[0] if node.op == "CheckNumerics" and node.inputs else inference_value(kept, node)
        if found is not None:
            instead[node.name] = found
    for name, source in instead.items():
        while source.port == 0 and source.node in instead:
            source = instead[source.node]
        if name in kept.outputs:
            draft.become_identity(name, source)
        for use in kept.uses(name):
            if use.node not in instead:
                draft.read(use.node, use.slot, source.array)
        yield name


def _read_range_variables(draft: Draft, kept: Kept) -> Iterator[str]:
    """FakeQuants of training graphs, outside ones too: their range operands become the variables."""
    graph = draft.graph
    for name, op in zip(graph.names, graph.columns.ops, strict=True):
        if op not in RANGE_FROM_INPUTS:
            continue
        for slot, edge in enumerate(graph[name].inputs[1:3], start=1):
            variable = assigned_variable(graph, edge)
            if variable is not None:
                draft.read(name, slot, variable.array)
                yield edge.node


def _drop_waits(draft: Draft, kept: Kept) -> Iterator[str]:
    """Control edges from kept nodes to ops with effects, or to what waits for such."""
    effects: dict[str, bool] = {}
    for name in kept.order:
        raw = draft.graph.columns.inputs[draft.graph.position(name)]
        awaited = [text[1:] for text in raw if text.startswith("^")]
        harmful = {source for source in awaited if _has_effect(draft.graph, source, effects)}
        if harmful and not kept.is_cut(name):
            left = tuple(source for source in awaited if source not in harmful)
            draft.keep_inputs(name, len(raw) - len(awaited), waits_for=left)
            yield from sorted(harmful)


def _has_effect(graph: Graph, start: str, known: dict[str, bool]) -> bool:
    if start not in known:
        before = reached([start], graph.dependencies)
        known[start] = any(graph.op(name) in _EFFECTS or known.get(name) for name in before if name in graph)
    return known[start]

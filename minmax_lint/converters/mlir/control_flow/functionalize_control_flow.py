"""TF1's control flow as MLIR's import makes it functional: Switch and Merge become If, loops become While.

Outermost first; what stands inside goes into the branch's graph, whose own prediction comes here again. The new
nodes have the names that TensorFlow gives them (`cond/Merge_if`, `while/LoopCond`).
Source: tensorflow/core/common_runtime/function_utils, functionalize_control_flow; measured with TF 2.15 and 2.21.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from minmax_lint.converters.prediction import Obstacle, Prediction
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.graph import Function, Graph, graph_of, reached
from minmax_lint.graph.names import Edge, array_name, parse_edge
from minmax_lint.graph.node import Node
from minmax_lint.graph.trace import Kept, trace
from minmax_lint.inference.element_types import element_type
from minmax_lint.inference.inference import Inference

_ENTERS = frozenset({"Enter", "RefEnter"})
_EXITS = frozenset({"Exit", "RefExit"})
_MERGES = frozenset({"Merge", "RefMerge"})
_NEXT = frozenset({"NextIteration", "RefNextIteration"})
_SWITCHES = frozenset({"Switch", "RefSwitch"})
_MOST_MERGES = 500
"""Each Merge costs a walk; a graph with more stays as it is, and is not modelled."""

Side = frozenset[tuple[Edge, int]]
"""The Switches that a value comes through: predicate, and which output."""


def functionalize_control_flow(kept: Kept, inference: Inference) -> tuple[Kept, Inference]:
    """The kept subgraph with If and While in place of TF1's control flow; the same objects where there is none."""
    for rewrite in (_loops, _conditionals):
        rewriting = rewrite(kept)
        if rewriting is not None:
            kept = trace(rewriting.graph(), kept.inputs, kept.outputs)
            inference = Inference(kept, inference.input_shapes, inference.batch)
    return kept, inference


def lost_output(kept: Kept, profile: str) -> Prediction | None:
    """The abort on an output that is an Exit, which a functional loop no longer has; None where none is.

    Measured: 2.15.1 and 2.21.0, both flows.
    """
    graph = kept.graph
    lost = next((array for array in kept.outputs if graph.op(parse_edge(array).node) == "Exit"), None)
    if lost is None:
        return None
    reason = f"The output {lost} is an Exit, which the converter takes out: name an Identity behind it."
    cause = Obstacle("output", lost, lost, reason)
    return Prediction(
        profile, "abort", "other", message=f"Graph does not contain node: {lost}", obstacles=(cause,)
    )


@dataclass
class _Rewriting:
    """Nodes of a graph that become others, and new ones with their functions."""

    before: Graph
    nodes: dict[str, Node] = field(default_factory=dict)
    functions: dict[str, tuple[Function, ...]] = field(default_factory=dict)

    def passes_on(self, name: str, source: Edge, dtype: DType) -> None:
        self.nodes[name] = Node(name, "Identity", (source,), (), {"T": dtype})

    def graph(self) -> Graph:
        nodes = {node.name: node for node in self.before}
        return graph_of(list({**nodes, **self.nodes}.values()), {**self.before.functions, **self.functions})


def _part(graph: Graph, role: str, ends: Sequence[Edge], passed: Mapping[str, Edge]) -> Function:
    """What the ends depend on as a function; the nodes of `passed` become arguments, each given its array."""
    found: dict[str, Node] = {}
    pending = [edge.node for edge in ends]
    while pending:
        name = pending.pop()
        if name in found:
            continue
        node = graph[name]
        if name in passed:
            found[name] = Node(name, "Placeholder", attrs={"dtype": element_type(node, 0)})
            continue
        inputs = tuple(Edge(edge.node, 0) if edge.node in passed else edge for edge in node.inputs)
        found[name] = node._replace(inputs=inputs, control_inputs=())
        pending += [edge.node for edge in inputs]
    body = graph_of([found[name] for name in sorted(found, key=graph.position)], graph.functions)
    given = {name: edge.array for name, edge in passed.items() if name in found}
    outputs = tuple(array_name(end.node) if end.node in passed else end.array for end in ends)
    return Function(role, body, given, outputs, tuple(passed))


# Loops


def _loops(kept: Kept) -> _Rewriting | None:
    graph = kept.graph
    frames: dict[str, list[Node]] = {}
    for name in kept.of_ops(_ENTERS):
        frames.setdefault(graph[name].text("frame_name"), []).append(graph[name])
    rewriting = _Rewriting(graph)
    for enters in frames.values():
        if not _inside_a_loop(graph, enters):
            _loop(rewriting, graph, enters)
    return rewriting if rewriting.nodes else None


def _inside_a_loop(graph: Graph, enters: Sequence[Node]) -> bool:
    """Whether what enters comes from an iteration of another loop, which has not been left."""
    entered = [edge for enter in enters for edge in enter.inputs]
    return any(
        node.op in _MERGES and any(graph.op(edge.node) in _NEXT for edge in node.inputs)
        for node in _depended_on(graph, entered, lambda node: node.op in _EXITS)
    )


def _depended_on(graph: Graph, ends: Iterable[Edge], stops: Callable[[Node], bool]) -> Iterator[Node]:
    """The nodes that make the ends, and all that these depend on; not what a node that `stops` depends on."""
    starts = [edge.node for edge in ends]
    found = reached(starts, lambda name: [edge.node for edge in graph[name].inputs if not stops(graph[name])])
    return (graph[name] for name in found)


def _loop(rewriting: _Rewriting, graph: Graph, enters: Sequence[Node]) -> None:
    enters = sorted(enters, key=lambda enter: enter.name)  # so FunctionalizeWhileLoop orders the arguments
    merges = [_reader(graph, enter.name, _MERGES) for enter in enters]
    variables = [(e, m) for e, m in zip(enters, merges, strict=True) if m is not None and len(m.inputs) == 2]
    switches = [_reader(graph, merge.name, _SWITCHES) for _, merge in variables]
    condition = next((switch.inputs[1] for switch in switches if switch is not None), None)
    if condition is None or None in switches or not graph[condition.node].inputs:
        return
    fixed = {e.name: e.inputs[0] for e, m in zip(enters, merges, strict=True) if m is None}
    entered = [enter.inputs[0] for enter, _ in variables]
    nexts = [next((e for e in merge.inputs if graph.op(e.node) in _NEXT), None) for _, merge in variables]
    if any(edge is None for edge in nexts):
        return
    ends = [graph[edge.node].inputs[0] for edge in nexts if edge is not None]
    names = {
        enter.name: (merge.name, switch.name)
        for (enter, merge), switch in zip(variables, switches, strict=True)
        if switch is not None
    }
    taken = [enter for enter in enters if enter.name in names or enter.name in fixed]
    at_test, at_body = (
        {names.get(e.name, (e.name, e.name))[part]: e.inputs[0] for e in taken} for part in (0, 1)
    )
    name = condition.node
    test = _part(graph, "loop condition", graph[name].inputs[:1], at_test)
    body = _part(graph, "loop body", [*ends, *(Edge(enter, 0) for enter in fixed)], at_body)
    types = [element_type(enter, 0) for enter, _ in variables]
    inputs = (*entered, *fixed.values())
    rewriting.nodes[name] = Node(name, "While", inputs, (), {"T": types})
    rewriting.functions[name] = (test, body)
    for port, switch in enumerate(switches):
        left = _reader(graph, switch.name, _EXITS) if switch is not None else None
        if left is not None:
            rewriting.passes_on(left.name, Edge(name, port), types[port])


def _reader(graph: Graph, name: str, ops: frozenset[str]) -> Node | None:
    """The node of these ops that reads an output of `name`."""
    uses = (*graph.uses(name), *graph.uses(array_name(name, 1)))
    return next((graph[use.node] for use in uses if graph.op(use.node) in ops), None)


# Conditionals


def _conditionals(kept: Kept) -> _Rewriting | None:
    graph = kept.graph
    merges = [name for name in kept.order if graph.op(name) in _MERGES and len(graph[name].inputs) == 2]
    if not merges or len(merges) > _MOST_MERGES:
        return None
    sides, owners, behind = {}, {}, dict[str, Side]()
    levels: dict[str, dict[Edge, int]] = {}
    for name in filter(set(merges).__contains__, Inference(kept, {}).order):
        met: set[str] = set()
        sides[name] = [_side(graph, edge, behind, met) for edge in graph[name].inputs]
        found = _owner(*sides[name])
        behind[name] = frozenset[tuple[Edge, int]]().union(*sides[name])
        level: dict[Edge, int] = {}
        levels[name] = level
        for predicate, count in (item for other in met for item in levels[other].items()):
            level[predicate] = max(count, level.get(predicate, 0))
        if found is not None:
            owners[name] = found
            behind[name] -= {(found[0], 0), (found[0], 1)}
            level[found[0]] = level.get(found[0], 0) + 1
    predicates = {predicate for predicate, _ in owners.values()}
    groups: dict[tuple[Edge, int], list[tuple[str, int]]] = {}
    for name in filter(owners.__contains__, merges):
        owner, true_slot = owners[name]
        if not any(_within(sides[name], other) for other in predicates - {owner}):
            # What follows a Merge of the same predicate is another If.
            groups.setdefault((owner, levels[name][owner]), []).append((name, true_slot))
    rewriting = _Rewriting(graph)
    for (predicate, _), group in groups.items():
        _conditional(rewriting, graph, predicate, group)
    return rewriting if rewriting.nodes else None


def _side(graph: Graph, start: Edge, behind: Mapping[str, Side], met: set[str]) -> Side:
    """Every Switch that a value, or what it waits for, comes through; not those that a Merge on the way joins again.

    `behind`: Merge -> what its result still comes through. `met`: takes the Merges on the way.
    """
    found: set[tuple[Edge, int]] = set()
    pending, seen = [start], {start}
    while pending:
        edge = pending.pop()
        node = graph[edge.node]
        if node.name in behind:
            met.add(node.name)
            found |= behind[node.name]
            continue
        if node.op in _SWITCHES and len(node.inputs) == 2:
            found.add((node.inputs[1], edge.port))
        sources = (*node.inputs, *(Edge(name, 0) for name in node.control_inputs if name in graph))
        fresh = [source for source in sources if source not in seen]
        seen.update(fresh)
        pending += fresh
    return frozenset(found)


def _owner(first: Side, second: Side) -> tuple[Edge, int] | None:
    """The predicate that keeps the two inputs of a Merge apart, and the slot of what comes if it is true."""
    for predicate, port in sorted(first):
        other = (predicate, 1 - port)
        if other not in first and other in second and (predicate, port) not in second:
            return predicate, 0 if port else 1
    return None


def _within(sides: Sequence[Side], predicate: Edge) -> bool:
    """Whether all of a Merge stands in one branch of another predicate."""
    return any(all((predicate, p) in s and (predicate, 1 - p) not in s for s in sides) for p in (0, 1))


def _conditional(
    rewriting: _Rewriting, graph: Graph, predicate: Edge, group: Sequence[tuple[str, int]]
) -> None:
    """One If of all Merges under one predicate."""
    ends = [
        [graph[name].inputs[slot] for name, slot in group],
        [graph[name].inputs[1 - slot] for name, slot in group],
    ]
    passed = dict(_edges_through_switches(graph, [edge for side in ends for edge in side], predicate))
    name = f"{group[0][0]}_if"
    types = [element_type(graph[merge], 0) for merge, _ in group]
    rewriting.nodes[name] = Node(name, "If", (predicate, *passed.values()), (), {"Tout": types})
    rewriting.functions[name] = (
        _part(graph, "then branch", ends[0], passed),
        _part(graph, "else branch", ends[1], passed),
    )
    for port, (merge, _) in enumerate(group):
        rewriting.passes_on(merge, Edge(name, port), types[port])


def _edges_through_switches(
    graph: Graph, ends: Sequence[Edge], predicate: Edge
) -> Iterator[tuple[str, Edge]]:
    """The Switches of a predicate behind which the ends are computed, and what each switches."""

    def switches(node: Node) -> bool:
        return node.op in _SWITCHES and len(node.inputs) == 2 and node.inputs[1] == predicate

    return ((node.name, node.inputs[0]) for node in _depended_on(graph, ends, switches) if switches(node))

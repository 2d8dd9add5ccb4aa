"""The ends of a graph that can be its outputs, and what is named where none can."""

import re
from collections.abc import Iterable
from collections.abc import Set as AbstractSet

from minmax_lint.errors import UserError
from minmax_lint.graph.fakequant import FAKE_QUANTS
from minmax_lint.graph.graph import Graph
from minmax_lint.graph.names import array_name
from minmax_lint.graph.outside import is_retargeted
from minmax_lint.loaders.training_ends import OF_SHAPE, downstream, kind_of_end, readers, upstream
from minmax_lint.ops.table import VARIABLES

_BOOKKEEPING = re.compile(
    r"Assert|Assign|Save|Restore|MergeV2|ShardedFilename|NoOp|Print|Summary|IsVariableInitialized|Queue|Iterator"
    r"|^Apply|^ResourceApply|Scatter.*Update|^Const$|^Variable|VarIsInitialized|^VarHandleOp$|^Placeholder"
)
"""Ops that end a graph without being its output."""

PIPELINES = frozenset(
    "IteratorGetNext IteratorGetNextSync QueueDequeue QueueDequeueMany QueueDequeueManyV2 QueueDequeueUpTo "
    "QueueDequeueUpToV2 QueueDequeueV2".split()
)
"""Ops that read training data: what they give can be named as an input."""

_CONDITIONS = frozenset(
    "All Equal Greater GreaterEqual Less LessEqual LogicalAnd LogicalNot LogicalOr NotEqual".split()
)
"""Ops of what is asserted."""

BOOKKEEPING_SCOPE = re.compile(
    r"(^|/)(gradients(_\d+)?|save(_\d+)?|init(_\d+)?|report_uninitialized_variables|[Aa]ssert\w*)/"
)

MOST_CANDIDATES = 5


def ends_of(graph: Graph) -> tuple[str, ...]:
    """Ends of the graph that compute something from an input; UserError where there are none.

    Those that stand outside every scope and are an Identity are what the graph calls its outputs: where there are
    some, ends inside scopes are none. What is computed from shapes alone counts in a frozen graph, which holds what
    leads to its outputs, and only where there is nothing else in a graph with variables.
    """
    placeholders = list(graph.of_ops({"Placeholder"}))
    live = downstream(graph, placeholders)
    live -= downstream(graph, graph.of_ops({"Enter", "RefEnter"}), frozenset({"Exit", "RefExit"}))
    named = {name for name in graph.of_ops({"Identity"}) if "/" not in name}
    of_shapes = live - downstream(graph, placeholders, OF_SHAPE) - named
    if graph.ops.isdisjoint(VARIABLES):
        of_shapes &= upstream(graph, (name for name in of_shapes if graph.op(name) in _CONDITIONS))
    ends = _live_ends(graph, live - of_shapes) or _live_ends(graph, live)
    if not ends:
        raise UserError(f"no output can be inferred from this graph: {_candidates(graph)}")
    unnamed = [name for name in ends if name not in named]
    if all("/" in name for name in unnamed):
        ends = [name for name in ends if name in named] or ends
    return tuple(array_name(name) for name in ends)


def _live_ends(graph: Graph, live: AbstractSet[str]) -> list[str]:
    """The ends that are among `live`, in file order.

    A FakeQuant at the end is looked through, unless it is named as our retarget names an output. What only
    feeds an assignment (the moving averages of a training graph's ranges) or is asserted is no output either.
    """
    waiting = {name: len(found) for name, found in readers(graph).items()}
    ends = [name for name in graph.names if not waiting.get(name)]
    read_otherwise: set[str] = set()
    outputs: list[str] = []
    for name in ends:
        op = graph.op(name)
        assigned = op.startswith("Assign") or (name not in read_otherwise and waiting.get(name) == 0)
        if not assigned and name in live and not _is_looked_through(graph, name, op):
            outputs.append(name)
            continue
        for source in (edge.node for edge in graph[name].inputs):
            if not assigned:
                read_otherwise.add(source)
            if source not in waiting:
                continue
            waiting[source] -= 1
            if waiting[source] == 0 and source in graph:
                ends.append(source)
    return sorted(dict.fromkeys(outputs), key=graph.position)


def _candidates(graph: Graph) -> str:
    """What could be named as an output: the ends that look most like one first."""
    read = readers(graph)
    ends = [
        name
        for name in graph.names
        if name not in read and graph.op(name) not in ("NoOp", "Const") and not BOOKKEEPING_SCOPE.search(name)
    ]
    if not ends and {"Const"} <= graph.ops <= {"Const", "NoOp"}:
        return "it holds constants alone; freeze the model again, with the name of its output"
    if not ends:
        return "name it with -o NAME"
    order = ("prediction", "value", "metric", "loss")
    kinds = {name: kind_of_end(graph, name) for name in ends}
    ends.sort(key=lambda name: (bool(_BOOKKEEPING.search(graph.op(name))), order.index(kinds[name])))
    shown = ", ".join(f"-o {name} ({graph.op(name)}, a {kinds[name]})" for name in ends[:MOST_CANDIDATES])
    rest = f" and {len(ends) - MOST_CANDIDATES} more" if len(ends) > MOST_CANDIDATES else ""
    named = named_inputs(graph, graph.of_ops(PIPELINES))
    return f"name it with -o NAME, and its inputs with {named}; no Placeholder leads to any of its ends {shown}{rest}"


def _is_looked_through(graph: Graph, name: str, op: str) -> bool:
    if _BOOKKEEPING.search(op) or BOOKKEEPING_SCOPE.search(name) or _is_pivot(graph, name, op):
        return True
    if (
        op in _CONDITIONS
        and graph.uses(name)
        and all(graph.op(use.node) == "Assert" for use in graph.uses(name))
    ):
        return True
    return op in FAKE_QUANTS and not is_retargeted(graph, name)


def _is_pivot(graph: Graph, name: str, op: str) -> bool:
    """Whether it only says which branch of a tf.cond runs, or that a loop does (control_flow_ops.py, `pivot`)."""
    if op == "Switch":
        return True
    sources = graph[name].inputs if op == "Identity" else ()
    if not sources or sources[0].node not in graph or graph.op(sources[0].node) != "Switch":
        return False
    return len(set(graph[sources[0].node].inputs)) == 1 or bool(graph.control_uses(name))


def named_inputs(graph: Graph, pipelines: Iterable[str]) -> str:
    """The options that make inputs of what an input pipeline gives; in general terms where there is none."""
    arrays = [array_name(name, port) for name in pipelines for port in range(MOST_CANDIDATES)]
    read = [array for array in arrays if graph.uses(array)]
    return " ".join(f"-i {array}=SHAPE" for array in read[:MOST_CANDIDATES]) or "-i NAME=SHAPE"

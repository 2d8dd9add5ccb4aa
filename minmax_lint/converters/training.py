"""Training graphs: TensorFlow itself refuses to import them once they are frozen, whatever the converter.

Source: TensorFlow's import_graph_def; measured on every `-train` case of the corpus.
"""

from minmax_lint.converters.prediction import Obstacle, Prediction
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.graph import Graph
from minmax_lint.graph.names import Edge, array_name
from minmax_lint.graph.op_registry import registered_op
from minmax_lint.graph.trace import Kept
from minmax_lint.ops.table import ASSIGNMENTS


def assigned_variable(graph: Graph, edge: Edge) -> Edge | None:
    """The variable whose assignment `edge` reads, through Identities as well; None where it reads no assignment."""
    for _ in range(8):
        if edge.node not in graph:
            return None
        node = graph[edge.node]
        if node.op in ASSIGNMENTS and node.inputs:
            return node.inputs[0]
        if node.op != "Identity" or not node.inputs:
            return None
        edge = node.inputs[0]
    return None


def refusal(kept: Kept, profile: str) -> Prediction | None:
    """The abort of every converter where TensorFlow refuses the frozen graph; None where it does not."""
    found = kept.once(import_error)
    if found is None:
        return None
    node, message = found
    reason = f"{node} assigns a variable, which freezing made a constant."
    if kept.graph.op(node) not in ASSIGNMENTS:
        reason = f"{node} wants a reference to a variable or a queue, and reads a value."
    cause = Obstacle("training", None, node, reason)
    return Prediction(profile, "abort", "training-graph", message=message, obstacles=(cause,))


def import_error(kept: Kept) -> tuple[str, str] | None:
    """(the node, TensorFlow's message) of the first op that wants a reference and reads a value; None if none."""
    graph = kept.graph
    known = {op: found for op in graph.ops if (found := registered_op(op)) is not None and found.references}
    for name in graph.of_ops(known.keys()):
        if not (name in kept or name in kept.control_only):
            continue
        inputs = graph[name].inputs
        for slot in sorted(known[graph.op(name)].references):
            edge = inputs[slot] if slot < len(inputs) else None
            if edge is None or edge.node not in graph or graph.op(edge.node) not in ("Const", "Placeholder"):
                continue
            source = f"{array_name(*edge)}:0" if edge.port == 0 else array_name(*edge)
            kind = (graph[edge.node].dtype("dtype") or DType.FLOAT).name.lower()
            return name, (
                f"ValueError: Input {slot} of node {name} was passed {kind} from {source} incompatible with expected "
                f"{kind}_ref."
            )
    return None

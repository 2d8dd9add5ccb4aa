"""Choices that a constant decides: what MLIR keeps of an If, or of TF1's Switch and Merge, is the one branch.

A learning phase that is a constant, or a PlaceholderWithDefault that is not fed, is the common case.
Measured with TF 2.15 and 2.21 in both flows: the other branch never reaches a pass of the quantizer.
"""

from collections.abc import Mapping

from minmax_lint.graph.dtype import DType
from minmax_lint.graph.graph import Function, Graph, graph_of
from minmax_lint.graph.names import Edge, parse_edge
from minmax_lint.graph.node import Node
from minmax_lint.graph.trace import Kept, trace
from minmax_lint.inference.inference import Inference

_IFS = frozenset({"If", "StatelessIf"})
_SWITCHES = frozenset({"Switch", "RefSwitch"})
_CHOICES = _IFS | _SWITCHES
_MOST_ROUNDS = 40
"""Ifs within Ifs that are decided."""


def fold_constant_branches(kept: Kept, inference: Inference) -> tuple[Kept, Inference]:
    """The kept subgraph with every choice made that a constant decides; the same objects where there is none."""
    for _ in range(_MOST_ROUNDS):
        choices = _choices(kept, inference)
        if not choices:
            break
        kept = trace(_choose(kept.graph, choices, inference.order), kept.inputs, kept.outputs)
        inference = Inference(kept, inference.input_shapes, inference.batch)
    return kept, inference


def _choices(kept: Kept, inference: Inference) -> Mapping[str, bool]:
    """Node -> what its condition is, for every kept choice of which that is known."""
    found: dict[str, bool] = {}
    for name in kept.order:
        op = kept.graph.op(name)
        if op not in _CHOICES or kept.is_cut(name) or (op in _IFS and name not in kept.graph.functions):
            continue
        inputs = kept.graph[name].inputs
        slot = 0 if op in _IFS else 1
        answer = _predicate(kept, inference, inputs[slot]) if slot < len(inputs) else None
        if answer is not None:
            found[name] = answer
    return found


def _choose(graph: Graph, choices: Mapping[str, bool], order: tuple[str, ...]) -> Graph:
    """The graph with the chosen branches in place."""
    nodes = {node.name: node for node in graph}
    functions = {name: branches for name, branches in graph.functions.items() if name not in choices}
    becomes: dict[Edge, Edge] = {}
    for name, answer in choices.items():
        node = nodes[name]
        if node.op in _IFS:
            branch = graph.functions[name][0 if answer else 1]
            own = _bring_in(branch, name, nodes)
            functions.update({own.get(one, one): called for one, called in branch.graph.functions.items()})
            results = [_rename(parse_edge(array), own) for array in branch.outputs]
            becomes.update({Edge(name, port): result for port, result in enumerate(results)})
            source = becomes.get(Edge(name, 0))
        else:
            source = becomes[Edge(name, int(answer))] = node.inputs[0]
        nodes[name] = _passing_on(node, source) if source is not None else node
    for name, source in _merge(graph, choices, order).items():
        nodes[name] = _passing_on(nodes[name], source)
    return graph_of(
        [
            node._replace(inputs=tuple(becomes.get(edge, edge) for edge in node.inputs))
            for node in nodes.values()
        ],
        functions,
    )


def _passing_on(node: Node, source: Edge) -> Node:
    """An Identity of that name: what is left of a choice."""
    kind = node.dtype("T")
    listed = node.attribute("Tout")
    if kind is None and isinstance(listed, list) and listed and isinstance(listed[0], DType):
        kind = listed[0]
    return Node(node.name, "Identity", (source,), (), {"T": kind or DType.FLOAT})


def _bring_in(branch: Function, choice: str, nodes: dict[str, Node]) -> Mapping[str, str]:
    """The nodes of a branch; its arguments are what the caller passes.

    What depends on those gets names of its own, which are returned: several choices may call one function. All else
    is the same for all of them.
    """
    own: dict[str, str] = {}
    before = -1
    while before < len(own):  # once more where a loop leads back
        before = len(own)
        for node in branch.graph:
            sources = (*(edge.node for edge in node.inputs), *node.control_inputs)
            if node.name not in own and (node.name in branch.inputs or any(one in own for one in sources)):
                own[node.name] = _free(node.name, choice, nodes)
    for node in branch.graph:
        passed = branch.inputs.get(node.name)
        if passed is not None:
            kind = node.dtype("dtype") or DType.FLOAT
            node = Node(own[node.name], "Identity", (parse_edge(passed),), (), {"T": kind})
        elif node.name in own:
            inputs = tuple(_rename(edge, own) for edge in node.inputs)
            controls = tuple(own.get(name, name) for name in node.control_inputs)
            node = node._replace(name=own[node.name], inputs=inputs, control_inputs=controls)
        nodes.setdefault(node.name, node)
    return own


def _rename(edge: Edge, names: Mapping[str, str]) -> Edge:
    return Edge(names.get(edge.node, edge.node), edge.port)


def _free(name: str, choice: str, nodes: Mapping[str, Node]) -> str:
    while name in nodes:
        name = f"{choice}/{name}"
    return name


def _merge(graph: Graph, choices: Mapping[str, bool], order: tuple[str, ...]) -> Mapping[str, Edge]:
    """Merge -> its one input that is alive, once the Switches among `choices` have chosen."""
    dead: set[Edge] = set()
    found: dict[str, Edge] = {}
    for name in order:
        node = graph[name]
        if node.op in _SWITCHES and name in choices:
            dead.add(Edge(name, int(not choices[name])))
        alive = [edge for edge in node.inputs if edge not in dead and Edge(edge.node, -1) not in dead]
        if node.op == "Merge":
            if len(alive) == 1 < len(node.inputs):
                found[name] = alive[0]
            if alive:
                continue
        elif len(alive) == len(node.inputs) and not any(
            Edge(control, -1) in dead for control in node.control_inputs
        ):
            continue
        dead.add(Edge(name, -1))  # all its outputs
    return found


def _predicate(kept: Kept, inference: Inference, edge: Edge) -> bool | None:
    """The value of the condition at `edge`; None where it depends on an input or is not one boolean."""
    for _ in range(8):
        if edge.node not in kept or kept.is_cut(edge.node):
            return None
        node = kept.graph[edge.node]
        if node.op not in ("Identity", "PlaceholderWithDefault") or not node.inputs:
            break
        edge = node.inputs[0]
    found = inference.constant(edge.array) if inference.is_constant(edge.array) else None
    known = found is not None and found.known and found.dtype is DType.BOOL and found.size == 1
    return bool(found.item()) if known and found is not None else None

"""Inputs and outputs: as the user named them, as a signature names them, or inferred from the graph."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from minmax_lint.converters.call import ConverterCall
from minmax_lint.errors import UnknownName, UserError
from minmax_lint.graph.fakequant import FAKE_QUANTS
from minmax_lint.graph.graph import Graph
from minmax_lint.graph.names import array_name, canonical_array, near_names, parse_edge
from minmax_lint.graph.outside import is_retargeted
from minmax_lint.graph.tensor import Shape
from minmax_lint.graph.trace import trace
from minmax_lint.loaders.model import Model, Signature
from minmax_lint.loaders.training_ends import downstream, kind_of_end, predictions_of

DEFAULT_SIGNATURE = "serving_default"

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

_BOOKKEEPING_SCOPE = re.compile(
    r"(^|/)(gradients|save(_\d+)?|init(_\d+)?|report_uninitialized_variables|[Aa]ssert\w*)/"
)


class Endpoints(NamedTuple):
    """The inputs (array -> shape, None where unknown) and outputs of a lint."""

    inputs: Mapping[str, Shape | None]
    outputs: tuple[str, ...]
    inferred: bool
    how: str
    """One phrase that says from what they were inferred; empty where the user gave both."""


def endpoints(
    model: Model,
    inputs: Mapping[str, Shape | None] | None = None,
    outputs: Sequence[str] | None = None,
    signature: str | None = None,
    calls: Sequence[ConverterCall] = (),
) -> Endpoints:
    """Complete what the user gave, with what calls of the converter name, else from the model.

    Raises UserError where nothing can be inferred, UnknownName for a signature that is not there.
    """
    if model.finished is not None and not (inputs or outputs or signature):
        (main,) = model.signatures.values()
        return Endpoints(main.input_shapes, tuple(main.outputs.values()), False, "")
    if inputs and outputs:
        return Endpoints(_canonical(inputs), tuple(map(canonical_array, outputs)), False, "")
    if signature is None and not inputs:
        signature = _called_signature(model, calls)
    chosen = _signature(model, signature) if not outputs else None
    if chosen is not None:
        ends = {array: chosen.input_shapes.get(array) for array in chosen.inputs.values()}
        how = f"from signature {chosen.name!r}"
        if model.others:
            how += f" (there is also {', '.join(map(repr, model.others))}: --signature)"
        return Endpoints(_canonical(inputs) if inputs else ends, tuple(chosen.outputs.values()), True, how)
    guessed: list[str] = []
    script, missing = _named_by(calls, model.graph)
    if not outputs and script is not None and script.outputs:
        outputs = script.outputs
        guessed.append(f"outputs from {script.origin}")
    elif not outputs:
        outputs, where = _predicted(model.graph, _sinks(model.graph))
        guessed.append(f"outputs from {where}")
    if not inputs and script is not None and script.inputs:
        inputs = script.inputs
        guessed.append(f"inputs from {script.origin}")
        if len(guessed) == 2 and script.outputs:
            guessed = [f"inputs and outputs from {script.origin}"]
    elif not inputs:
        inputs = _placeholders(model.graph, outputs)
        guessed.append("inputs from its placeholders")
    how = ", ".join(guessed) + missing + _together(model, guessed)
    return Endpoints(_canonical(inputs), tuple(map(canonical_array, outputs)), True, how)


def _called_signature(model: Model, calls: Sequence[ConverterCall]) -> str | None:
    """The signature of the model that every call converts which names one."""
    named = {call.signature for call in calls if call.signature in model.signatures}
    return named.pop() if len(named) == 1 else None


def _together(model: Model, guessed: Sequence[str]) -> str:
    """Words for several signatures of which none was chosen."""
    if len(model.signatures) < 2 or not any(words.startswith("outputs from") for words in guessed):
        return ""
    return f"; signatures {', '.join(map(repr, model.signatures))} together: --signature names one"


def _named_by(calls: Sequence[ConverterCall], graph: Graph) -> tuple[ConverterCall | None, str]:
    """The call that names inputs or outputs, by the names of this graph; and words for names that it does not have.

    Calls that name different outputs name none: which of them is meant is the user's to say.
    """
    naming = [call for call in calls if call.outputs or call.inputs]
    different = {call.outputs for call in naming if call.outputs}
    if len(different) > 1:
        lines = " and ".join(call.origin for call in naming[:2])
        return None, f"; {lines} name different outputs: say which with -o"
    if not naming:
        return None, ""
    call = next((one for one in naming if one.outputs), naming[0])
    names = {name: _in_graph(graph, name) for name in (*call.inputs, *call.outputs)}
    missing = ", ".join(repr(name) for name, found in names.items() if found is None)
    inputs = {
        found: shape or _shape(graph, found) for name, shape in call.inputs.items() if (found := names[name])
    }
    outputs = tuple(found for name in call.outputs if (found := names[name]))
    complete = replace(
        call,
        inputs=inputs if len(inputs) == len(call.inputs) else {},
        outputs=outputs if len(outputs) == len(call.outputs) else (),
    )
    return complete, f"; {call.origin} names {missing}, which this graph does not have" if missing else ""


def _in_graph(graph: Graph, name: str) -> str | None:
    """The array of the graph; one in a scope where a single one ends so, since scripts open scopes around names."""
    node, port = parse_edge(name)[:2]
    if node in graph:
        return name
    scoped = [one for one in graph.names if one.endswith(f"/{node}") and not _BOOKKEEPING_SCOPE.search(one)]
    return array_name(scoped[0], port) if len(scoped) == 1 else None


def parse_input_spec(text: str) -> tuple[str, Shape | None]:
    """Read `-i NAME[=SHAPE]`: `input`, `input=1,8`, `input=1x8`, `input=?,8`, `input=[1, 8]`.

    Raises UserError for a shape that is none.
    """
    name, equals, shape = text.partition("=")
    if not name:
        raise UserError(f"{text!r} names no input; write NAME or NAME=1,224,224,3")
    if not equals:
        return name, None
    sizes = [size for size in re.split(r"[x,\s]+", shape.strip("[]() ")) if size]
    if not all(re.fullmatch(r"\d+|\?|-1|None", size) for size in sizes):
        raise UserError(f"{shape!r} is not a shape; write {name}=1,224,224,3 with ? for an unknown size")
    return name, tuple(int(size) if size.isdigit() else None for size in sizes)


def _canonical(inputs: Mapping[str, Shape | None]) -> Mapping[str, Shape | None]:
    return {canonical_array(name): shape for name, shape in inputs.items()}


def _signature(model: Model, wanted: str | None) -> Signature | None:
    if wanted is not None:
        if wanted not in model.signatures:
            hint = near_names(wanted, model.signatures) or list(model.signatures)
            meant = f"; there is {', '.join(map(repr, hint))}" if hint else "; the model has no signatures"
            raise UnknownName(f"there is no signature {wanted!r}{meant}")
        return model.signatures[wanted]
    usable = {name: found for name, found in model.signatures.items() if found.outputs}
    if DEFAULT_SIGNATURE in usable:
        return usable[DEFAULT_SIGNATURE]
    return next(iter(usable.values())) if len(usable) == 1 else None


def _placeholders(graph: Graph, outputs: Sequence[str]) -> dict[str, Shape | None]:
    known = [name for name in outputs if parse_edge(name).node in graph]
    kept = trace(graph, (), known)
    found = {name: _shape(graph, name) for name in graph.of_ops({"Placeholder"}) if name in kept}
    if not found and known:
        named = _named_inputs(graph, (name for name in graph.of_ops(PIPELINES) if name in kept))
        raise UserError(f"no placeholder leads to {', '.join(known)}: name the inputs with {named}")
    return found


def _named_inputs(graph: Graph, pipelines: Iterable[str]) -> str:
    """The options that make inputs of what an input pipeline gives; in general terms where there is none."""
    arrays = [array_name(name, port) for name in pipelines for port in range(MOST_CANDIDATES)]
    read = [array for array in arrays if graph.uses(array)]
    return " ".join(f"-i {array}=SHAPE" for array in read[:MOST_CANDIDATES]) or "-i NAME=SHAPE"


def _shape(graph: Graph, array: str) -> Shape | None:
    """The shape that a placeholder has; None where it has none, or `array` is no placeholder's."""
    node = graph[parse_edge(array).node]
    shape = node.attribute("shape") if node.op == "Placeholder" else None
    return shape if isinstance(shape, tuple) else None


def _sinks(graph: Graph) -> tuple[str, ...]:
    """Ends of the graph that compute something from an input.

    A FakeQuant at the end is looked through, unless it is named as our retarget names an output. What only
    feeds an assignment (the moving averages of a training graph's ranges) is no output either.
    """
    live = downstream(graph, {"Placeholder"})
    waiting = _use_counts(graph)
    ends = [name for name in graph.names if not waiting.get(name)]
    read_otherwise: set[str] = set()
    outputs: list[str] = []
    for name in ends:
        op = graph.op(name)
        assigned = op.startswith("Assign") or (name not in read_otherwise and waiting.get(name) == 0)
        if not assigned and name in live and not _looked_through(graph, name, op):
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
    if not outputs:
        raise UserError(f"no output can be inferred from this graph: {_candidates(graph)}")
    return tuple(array_name(name) for name in sorted(dict.fromkeys(outputs), key=graph.position))


def _predicted(graph: Graph, ends: tuple[str, ...]) -> tuple[tuple[str, ...], str]:
    """Of the ends of a training graph what it predicts, and the words for where that was found."""
    training = [name for name in ends if kind_of_end(graph, name) in ("loss", "metric")]
    others = tuple(name for name in ends if name not in training)
    if training and others:
        return others, f"the ends of the graph without {_listed(graph, training)}"
    losses = [name for name in training if predictions_of(graph, [name])]
    if losses:
        verb = "are" if len(losses) > 1 else "is"
        return predictions_of(graph, losses), f"what {_listed(graph, losses)} {verb} computed from"
    return ends, "the ends of the graph"


def _listed(graph: Graph, training: list[str]) -> str:
    if len(training) > 1:
        return f"{len(training)} losses and metrics"
    return f"the {kind_of_end(graph, training[0])} {training[0]}"


MOST_CANDIDATES = 5


def _candidates(graph: Graph) -> str:
    """What could be named as an output: the ends that look most like one first."""
    counts = _use_counts(graph)
    ends = [
        name
        for name in graph.names
        if not counts.get(name)
        and graph.op(name) not in ("NoOp", "Const")
        and not _BOOKKEEPING_SCOPE.search(name)
    ]
    if not ends:
        return "name it with -o NAME"
    order = ("prediction", "value", "metric", "loss")
    kinds = {name: kind_of_end(graph, name) for name in ends}
    ends.sort(key=lambda name: (bool(_BOOKKEEPING.search(graph.op(name))), order.index(kinds[name])))
    shown = ", ".join(f"-o {name} ({graph.op(name)}, a {kinds[name]})" for name in ends[:MOST_CANDIDATES])
    rest = f" and {len(ends) - MOST_CANDIDATES} more" if len(ends) > MOST_CANDIDATES else ""
    named = _named_inputs(graph, graph.of_ops(PIPELINES))
    return f"name it with -o NAME, and its inputs with {named}; no Placeholder leads to any of its ends {shown}{rest}"


def _looked_through(graph: Graph, name: str, op: str) -> bool:
    if _BOOKKEEPING.search(op) or _BOOKKEEPING_SCOPE.search(name) or _is_pivot(graph, name, op):
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


def _use_counts(graph: Graph) -> dict[str, int]:
    counts: dict[str, int] = {}
    for raw in graph.columns.inputs:
        for text in raw:
            if not text.startswith("^"):
                source = parse_edge(text).node
                counts[source] = counts.get(source, 0) + 1
    return counts

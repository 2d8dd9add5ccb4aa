"""Inputs and outputs: as the user named them, as a signature names them, or inferred from the graph."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from minmax_lint.converters.call import ConverterCall
from minmax_lint.errors import UnknownName, UserError
from minmax_lint.graph.graph import Graph
from minmax_lint.graph.names import array_name, canonical_array, near_names, parse_edge
from minmax_lint.graph.tensor import Shape
from minmax_lint.graph.trace import trace
from minmax_lint.loaders.ends import BOOKKEEPING_SCOPE, PIPELINES, ends_of, named_inputs
from minmax_lint.loaders.model import DEFAULT_SIGNATURE, Model, Signature
from minmax_lint.loaders.predictions import predicted


class Endpoints(NamedTuple):
    """The inputs (array -> shape, None where unknown) and outputs of a lint."""

    inputs: Mapping[str, Shape | None]
    outputs: tuple[str, ...]
    how: str = ""
    """One phrase that says from what they were inferred; empty where the user gave both."""

    @property
    def inferred(self) -> bool:
        """Whether the user did not give both."""
        return bool(self.how)


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
        return Endpoints(main.input_shapes, tuple(main.outputs.values()))
    if inputs and outputs:
        return Endpoints(_canonical(inputs), tuple(map(canonical_array, outputs)))
    if signature is None and not inputs:
        named = _signatures_of_calls(model, calls)
        if len(named) > 1 and not outputs:
            return together(named)
        signature = named[0].name if named else None
    chosen = _signature(model, signature) if not outputs else None
    if chosen is not None:
        ends = {array: chosen.input_shapes.get(array) for array in chosen.inputs.values()}
        how = f"from signature {chosen.name!r}"
        if model.others:
            how += f" (there is also {', '.join(map(repr, model.others))}: --signature)"
        return Endpoints(_canonical(inputs) if inputs else ends, tuple(chosen.outputs.values()), how)
    return _infer(model, inputs, outputs, calls)


def _infer(
    model: Model,
    inputs: Mapping[str, Shape | None] | None,
    outputs: Sequence[str] | None,
    calls: Sequence[ConverterCall],
) -> Endpoints:
    """What the user did not give, of a script, several signatures or the graph itself."""
    guessed: list[str] = []
    script, missing = _call_with_names(calls, model.graph)
    signatures = [one for one in model.signatures.values() if one.outputs]
    if len(signatures) > 1 and not (inputs or outputs or script):
        return together(signatures)
    if not outputs and script is not None and script.outputs:
        outputs = script.outputs
        guessed.append(f"outputs from {script.origin}")
    elif not outputs:
        outputs, where = predicted(model.graph, ends_of(model.graph))
        guessed.append(f"outputs from {where}")
    if not inputs and script is not None and script.inputs:
        inputs = script.inputs
        guessed.append(f"inputs from {script.origin}")
        if len(guessed) == 2 and script.outputs:
            guessed = [f"inputs and outputs from {script.origin}"]
    elif not inputs:
        inputs = _placeholders(model.graph, outputs)
        guessed.append("inputs from its placeholders")
    how = ", ".join(guessed) + missing
    return Endpoints(_canonical(inputs), tuple(map(canonical_array, outputs)), how)


def _signatures_of_calls(model: Model, calls: Sequence[ConverterCall]) -> list[Signature]:
    """The signatures of the model that its calls convert; none where they say none."""
    every = any(call.every_signature and not call.signatures for call in calls)
    named = {name for call in calls for name in call.signatures}
    known = [one for name, one in model.signatures.items() if one.outputs and (every or name in named)]
    return known if named or len(known) > 1 else []


def together(signatures: Sequence[Signature]) -> Endpoints:
    """The ends of several signatures that are converted together."""
    inputs = {array: one.input_shapes.get(array) for one in signatures for array in one.inputs.values()}
    outputs = dict.fromkeys(array for one in signatures for array in one.outputs.values())
    names = ", ".join(repr(one.name) for one in signatures)
    return Endpoints(inputs, tuple(outputs), f"from signatures {names} together: --signature names one")


def _call_with_names(calls: Sequence[ConverterCall], graph: Graph) -> tuple[ConverterCall | None, str]:
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
    scoped = [one for one in graph.names if one.endswith(f"/{node}") and not BOOKKEEPING_SCOPE.search(one)]
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
        named = named_inputs(graph, (name for name in graph.of_ops(PIPELINES) if name in kept))
        raise UserError(f"no placeholder leads to {', '.join(known)}: name the inputs with {named}")
    return found


def _shape(graph: Graph, array: str) -> Shape | None:
    """The shape that a placeholder has; None where it has none, or `array` is no placeholder's."""
    node = graph[parse_edge(array).node]
    shape = node.attribute("shape") if node.op == "Placeholder" else None
    return shape if isinstance(shape, tuple) else None

"""The repair of further signatures of a SavedModel: each of the graph that the repairs before it make.

TF2's converter takes every signature where none is named. All are repaired in one graph, and written together: a
signature that no repair changes keeps its function, and stays as it was.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from minmax_lint.converters.profile import Profile
from minmax_lint.errors import UserError
from minmax_lint.fixes.edit.options import FixOptions
from minmax_lint.fixes.edit.repair import NOTHING, CannotRepair, Repair
from minmax_lint.fixes.engine.patch import Patch
from minmax_lint.graph.edit import edit_graph
from minmax_lint.graph.names import parse_edge
from minmax_lint.loaders.endpoints import Endpoints, together
from minmax_lint.loaders.model import Model, Signature
from minmax_lint.ops.table import ASSIGNMENTS, RESOURCE_ASSIGNMENTS
from minmax_lint.workflows.fix import fix_model
from minmax_lint.workflows.signatures import signatures_of
from minmax_lint.writers.flattened import check_variables
from minmax_lint.writers.metagraph import NewNames


class Served(NamedTuple):
    """Signatures that are converted together, and for which converters they are repaired."""

    names: tuple[str, ...]
    profiles: tuple[Profile, ...]


def fix_signatures(
    model: Model,
    ends: Endpoints,
    profiles: tuple[Profile, ...],
    further: Iterable[Served],
    options: FixOptions,
    path: str,
) -> Patch:
    """The repair of the signatures with these ends, and of further ones."""
    own = signatures_of(model, ends)
    training = _training(model, own)
    if training:
        own = tuple(name for name in own if name not in training)
        model = model.of_signatures(own)
        ends = together([model.signatures[name] for name in own])
    patch = fix_model(model, ends, profiles, options, path)
    alone = (Served((name,), profiles) for name in training)
    return with_signatures(patch, own, (*alone, *further), options)


def _training(model: Model, names: Sequence[str]) -> list[str]:
    """Those of several signatures that assign to variables; none where all do."""
    if len(names) < 2 or model.outer is None:
        return []
    found = [name for name in names if assigning(model.of_signatures([name]))]
    return found if len(found) < len(names) else []


def with_signatures(
    patch: Patch, own: tuple[str, ...], further: Iterable[Served], options: FixOptions
) -> Patch:
    """The patch of the signatures `own`, with the repairs of further ones; one that cannot be repaired says why."""
    model = patch.model
    done, changed = (NOTHING, ()) if patch.empty else (patch.repair, own)
    others: list[Patch] = []
    unchanged: dict[str, str] = {}
    for served in further:
        try:
            whole = patch.model.of_signatures((*changed, *served.names))
            found = _fixed(whole, done, served, options, patch.before.path)
            why = found.reason
            _refuse_training(found, patch.model.of_signatures(served.names))
            if not found.empty and whole.outer is not None:
                check_variables(whole)
        except UserError as error:
            found, why = None, str(error)
        if found is None or found.empty:
            unchanged |= dict.fromkeys(served.names, why)
            continue
        model, done, changed = whole, done.then(found.repair), (*changed, *served.names)
        others.append(replace(found, signatures=served.names))
    return replace(patch, others=tuple(others), unchanged=unchanged, whole=(model, done) if others else None)


def _fixed(whole: Model, done: Repair, served: Served, options: FixOptions, path: str) -> Patch:
    """The patch of these signatures, after what is `done` to the model already."""
    graph = edit_graph(whole.graph, done.edit)
    names = NewNames(done.outputs, done.edit, graph)
    signatures = {key: _renamed(one, names, done) for key, one in whole.signatures.items()}
    ends = together([signatures[name] for name in served.names])
    ranges = {array: pair for array, pair in options.ranges.items() if parse_edge(array).node in graph}
    model = replace(whole, graph=graph, signatures=signatures, flattened=None)
    return fix_model(model, ends, served.profiles, replace(options, ranges=ranges), path)


def _refuse_training(patch: Patch, alone: Model) -> None:
    """Raise CannotRepair for signatures that assign to variables, as those that train on the device.

    `alone`: the model with these signatures alone.
    """
    found = assigning(alone) if alone.outer is not None else _assigning(patch.model, patch.before.trace.nodes)
    if found and not patch.empty:
        raise CannotRepair(f"{found!r} assigns to a variable, which a repair would end.")


def assigning(model: Model) -> str:
    """The first node that assigns to a variable; empty for none."""
    return _assigning(model, model.graph.names)


def _assigning(model: Model, nodes: Iterable[str]) -> str:
    assigns = ASSIGNMENTS | RESOURCE_ASSIGNMENTS
    return next((name for name in nodes if model.graph.op(name) in assigns), "")


def _renamed(signature: Signature, names: NewNames, done: Repair) -> Signature:
    """The signature by the names and shapes that its arrays have after the repair."""

    def renamed(arrays: Mapping[str, str]) -> dict[str, str]:
        return {key: names.of(array) for key, array in arrays.items()}

    shapes = {
        names.of(array): done.shapes.get(array, shape) for array, shape in signature.input_shapes.items()
    }
    return Signature(signature.name, renamed(signature.inputs), renamed(signature.outputs), shapes)

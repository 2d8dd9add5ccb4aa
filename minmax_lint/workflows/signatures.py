"""Which signatures of a SavedModel the calls of a script convert: calls of others are judged apart.

Source: from_saved_model in tensorflow/lite/python/lite.py. TF2's converter takes every signature where none is named,
TF1's the default one.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from minmax_lint.converters.call import ConverterCall
from minmax_lint.loaders.endpoints import Endpoints
from minmax_lint.loaders.model import DEFAULT_SIGNATURE, Model


class Part(NamedTuple):
    """What some calls convert of a model."""

    signatures: tuple[str, ...]
    """Empty where these calls say none, and the model has no default one."""
    calls: tuple[ConverterCall, ...]


def parts(model: Model, calls: Iterable[ConverterCall]) -> list[Part]:
    """The calls by the signatures that they convert together."""
    found: dict[tuple[str, ...], tuple[ConverterCall, ...]] = {}
    for call in calls:
        names = converted(model, call)
        found[names] = (*found.get(names, ()), call)
    return [Part(names, group) for names, group in found.items()]


def converted(model: Model, call: ConverterCall) -> tuple[str, ...]:
    """The signatures of the model that the call converts; those that are judged by default where it says none."""
    names = sorted((*model.signatures, *model.others))
    named = [name for name in names if name in call.signatures]
    if not named and call.every_signature:
        named = names
    if not named and DEFAULT_SIGNATURE in names:
        named = [DEFAULT_SIGNATURE]
    return tuple(named)


def without_others(calls: Sequence[ConverterCall], model: Model, signature: str) -> tuple[ConverterCall, ...]:
    """The calls that convert that signature, those that convert it alone where there are such; all where none does."""
    signatures = [(call, converted(model, call)) for call in calls]
    alone = [call for call, names in signatures if names == (signature,)]
    return tuple(alone or [call for call, names in signatures if signature in names] or calls)


def signatures_of(model: Model, ends: Endpoints) -> tuple[str, ...]:
    """The signatures of the model that have no other outputs than these."""
    return tuple(
        name
        for name, one in model.signatures.items()
        if one.outputs and {*one.outputs.values()} <= {*ends.outputs}
    )

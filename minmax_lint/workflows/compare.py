"""Every way of converting a model: each converter, each call that fits the model, each TensorFlow version."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import NamedTuple

from minmax_lint.converters.call_refusals import KERAS_3_CONVERTED
from minmax_lint.converters.devices import on_device
from minmax_lint.converters.finished import BOUNDARY_OPS
from minmax_lint.converters.interpolation import interpolate
from minmax_lint.converters.predict import predict
from minmax_lint.converters.prediction import Prediction
from minmax_lint.converters.profile import DEVICES, PROFILES, Profile
from minmax_lint.errors import UserError
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.names import canonical_array
from minmax_lint.loaders.model import Model
from minmax_lint.report.comparison import Comparison, Number, Way, answer
from minmax_lint.rules.framework.model_subject import make_subject
from minmax_lint.rules.framework.subject import Subject
from minmax_lint.workflows.calling_code import calling_code
from minmax_lint.workflows.choice import has_fake_quants
from minmax_lint.workflows.lint import collection_paused
from minmax_lint.workflows.opened import Opened

CALLS_FOR_TRAINED = ("", "v2", "int8", "16x8", "16x8-fallback")
CALLS_FOR_FLOAT = ("", "int8", "16x8", "16x8-fallback", "dynamic", "float16")
"""Calls by the part of a profile's name that stands for them; empty for the TF1 flow. A call with `optimizations`
alone is `v2` for a graph with FakeQuants and `dynamic` for one without."""


class _Answer(NamedTuple):
    profile: Profile
    versions: tuple[Number, ...]
    prediction: Prediction


@collection_paused()
def compare_opened(opened: Opened) -> Comparison:
    """All ways of converting it, the best first. Raises UserError for a finished .tflite."""
    opened.model.require_graph("compare")
    opened.check_ends()
    subject = make_subject(opened.model, opened.ends.inputs, opened.ends.outputs, ())
    subject.inference.memo = {}
    ways = [_way(opened, subject, found) for found in _answers(opened.model, subject)]
    if not ways:
        raise UserError(f"{opened.path}: none of the modelled converters takes such a model")
    return Comparison(
        opened.path,
        opened.model.format,
        opened.ends.inputs,
        tuple(opened.ends.outputs),
        opened.ends.how,
        tuple(sorted(ways, key=lambda way: way.order)),
    )


def _calls(model: Model) -> tuple[str, ...]:
    """The TF1 flow is for graphs of TF1: its converter does not take the functions of a TF2 model."""
    calls = CALLS_FOR_TRAINED if has_fake_quants(model) else CALLS_FOR_FLOAT
    return tuple(call for call in calls if call or not model.of_tf2)


def _oldest(model: Model) -> Number:
    """The oldest TensorFlow whose Keras loads the file, and whose from_keras_model takes it."""
    return KERAS_3_CONVERTED if model.keras is not None and not model.keras.legacy else (0, 0)


def _answers(model: Model, subject: Subject) -> Iterator[_Answer]:
    """What each converter and call does, one entry for neighbouring versions that do the same."""
    for call in _calls(model):
        for engine in ("toco", "mlir"):
            named = [one for one in PROFILES.values() if (one.engine, one.call) == (engine, call)]
            profiles = [one for one in named if one.version >= _oldest(model)]
            profiles.sort(key=lambda one: one.version, reverse=True)
            known = _by_version(profiles, subject)
            yield from _each(profiles, known)
            if call != "16x8" and any(one.verdict == "abort" for one in known.values()):
                yield from _with_select_tf(profiles, known, subject)


def _with_select_tf(
    profiles: Sequence[Profile], known: Mapping[Number, Prediction], subject: Subject
) -> Iterator[_Answer]:
    """What the MLIR converter does where the call allows SELECT_TF_OPS as well, if that is something else.

    16x8 without other builtins becomes 16x8 with float ops by it.
    """
    allowing = [replace(one, select_tf=True) for one in profiles if one.engine == "mlir"]
    found = _by_version(allowing, subject)
    yield from _each(
        [one for one in allowing if answer(found[one.version]) != answer(known[one.version])], found
    )


def _each(profiles: Sequence[Profile], known: Mapping[Number, Prediction]) -> Iterator[_Answer]:
    for _, group in groupby(profiles, key=lambda one: answer(known[one.version])):
        alike = list(group)
        versions = tuple(sorted(one.version for one in alike))
        yield _Answer(alike[0], versions, known[alike[0].version])


def _by_version(profiles: Sequence[Profile], subject: Subject) -> Mapping[Number, Prediction]:
    """Newest first: what holds for older versions as well is not predicted again, nor what measured ones agree on."""
    known: dict[Number, Prediction] = {}
    measured = [one for one in profiles if one.measured]
    for profile in measured:
        if profile.version in known:
            continue
        found = predict(subject.kept, subject.inference, profile)
        first, last = found.versions
        same = [one for one in measured if profile.engine == "mlir" and first <= one.version <= last]
        for one in (profile, *same):
            known.setdefault(one.version, replace(found, profile=one.name))
    for profile in profiles:
        if not profile.measured:
            known[profile.version] = interpolate(profile, lambda near: known[near.version])
    return known


def _way(opened: Opened, subject: Subject, found: _Answer) -> Way:
    profile, prediction = found.profile, found.prediction
    made = prediction.verdict in ("quantized", "float")
    way = Way(
        profile,
        found.versions,
        prediction,
        {name: _type(name, subject, found, of_input=True) for name in opened.ends.inputs} if made else {},
        {name: _type(name, subject, found, of_input=False) for name in opened.ends.outputs} if made else {},
        _edge_tpu_share(profile, prediction, subject) if made else None,
        "",
    )
    versions = f"TensorFlow {way.tensorflow}"
    code = calling_code(opened.model, opened.path, opened.ends.inputs, opened.ends.outputs, profile, versions)
    return replace(way, code=code)


def _type(array: str, subject: Subject, found: _Answer, *, of_input: bool) -> str:
    """The type of an end of the model: in the TF1 flow an integer where it has a range, as every input has."""
    dtype = subject.inference.dtype(array)
    if dtype is not DType.FLOAT:
        return "unknown" if dtype is DType.INVALID else dtype.name.lower()
    if found.profile.flow == "tf2":
        return "float32"
    ranges = found.prediction.ranges or {}
    quantized = of_input or found.profile.engine == "toco" or canonical_array(array) in ranges
    return "uint8" if quantized else "float32"


def _edge_tpu_share(profile: Profile, prediction: Prediction, subject: Subject) -> float | None:
    device = next(
        (one for one in DEVICES.values() if one.name.partition("@")[2] and one.converter == profile.name),
        None,
    )
    if device is None:
        return None
    ops = [op.output for op in prediction.ops if op.op not in BOUNDARY_OPS]
    left = on_device(prediction, subject.kept, subject.inference, device).cpu_ops
    on_cpu = {output for one in left for output in (one.output, *one.behind)}
    return sum(output not in on_cpu for output in ops) / len(ops) if ops else None

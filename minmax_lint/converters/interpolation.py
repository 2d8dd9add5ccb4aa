"""The prediction for a TensorFlow release that was not measured: what its measured neighbours agree on."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

from minmax_lint.converters.prediction import Obstacle, Prediction
from minmax_lint.converters.profile import PROFILES, Profile
from minmax_lint.converters.releases import dotted, measured_around


def neighbours(profile: Profile) -> tuple[Profile, ...]:
    """The measured profiles that speak for one: itself where it is measured, else those on both sides of it."""
    around = measured_around(profile.engine, profile.call, profile.version)
    end = f"-{profile.call}" if profile.call else ""
    known = (PROFILES[f"{profile.engine}-{dotted(number)}{end}"] for number in around)
    return tuple(replace(profile, name=one.name, version=one.version) for one in known)


def interpolate(profile: Profile, predict: Callable[[Profile], Prediction]) -> Prediction:
    """What the measured neighbours of a profile agree on; `undetermined`, with both named, where they do not."""
    around = neighbours(profile)
    first = predict(around[0])
    (since, until), far = first.versions, around[-1]
    last = first if since <= far.version <= until else predict(far)
    if _outcome(first) == _outcome(last):
        return replace(first, profile=profile.name, versions=(profile.version, profile.version))
    message = (
        f"TensorFlow {dotted(profile.version)} was not measured, and its measured neighbours differ here: "
        f"{around[0].name} says {_summary(first)}, {far.name} says {_summary(last)}."
    )
    cause = Obstacle("other", None, None, message)
    only = profile.version, profile.version
    return Prediction(profile.name, "undetermined", message=message, obstacles=(cause,), versions=only)


def _outcome(prediction: Prediction) -> tuple[object, ...]:
    counts = Counter(op for op, _ in prediction.float_ops)
    return prediction.verdict, prediction.kind, prediction.array, frozenset(counts.items())


def _summary(prediction: Prediction) -> str:
    ops = ", ".join(sorted({op for op, _ in prediction.float_ops}))
    return f"{prediction.verdict} ({ops})" if ops else prediction.verdict

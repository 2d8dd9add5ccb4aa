"""Which profiles a lint judges where none is named: those of the converter's call, else of the kind of model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from minmax_lint.converters.call import TRAINED, ConverterCall, Mode
from minmax_lint.converters.profile import DEFAULT, PROFILES, Profile, profile, profiles
from minmax_lint.loaders.model import Model

NEW_CONVERTER = (2, 2)
"""The first TensorFlow whose converter is MLIR's unless experimental_new_converter says otherwise."""
LAST_TOCO = (2, 16)
"""The last TensorFlow that runs TOCO where it is asked to."""

_CALLS: Mapping[Mode, tuple[str, str]] = {
    "tf1": ("inference_type and input stats", "the TF1 flow"),
    "v2": ("optimizations, and the graph has FakeQuants", "the TF2 flow"),
    "int8": ("a representative dataset", "post-training int8"),
    "16x8": ("a representative dataset for int16 activations alone", "post-training 16x8"),
    "16x8-fallback": (
        "a representative dataset for int16 activations",
        "post-training 16x8 with float ops allowed",
    ),
    "dynamic": ("optimizations and no representative dataset", "dynamic range"),
    "float16": ("optimizations and float16 weights", "float16 weights"),
    "float": ("no optimizations", "a float model"),
}
"""Mode of a call -> what it shows in the call, and what it means."""
_JUDGED: Mapping[Mode, str] = {"tf1": ""}
"""Mode -> the part of a profile's name that stands for it, where that is another."""


@dataclass(frozen=True)
class Choice:
    """The profiles to judge, and why these."""

    profiles: tuple[Profile, ...]
    why: str = ""
    """One sentence; empty where they are named."""
    calls: Mapping[str, tuple[ConverterCall, ...]] = field(default_factory=dict)
    """Profile -> the calls that chose it."""


def trained(model: Model) -> bool:
    """Whether the converter takes the graph for one trained for quantization."""
    return any(True for _ in model.graph.of_ops(TRAINED))


def choice(
    model: Model,
    named: Sequence[str] = (),
    calls: Sequence[ConverterCall] = (),
    tensorflow: tuple[int, int] | None = None,
) -> Choice:
    """The profiles to judge: the named ones, else the calls', else those of the kind of model.

    `tensorflow` is the version to judge where neither says one. Raises UnknownName for a name that is none.
    """
    if named:
        return Choice(profiles(named))
    if model.finished is not None:
        return Choice(profiles(None))
    if calls:
        return _of_calls(calls, trained(model), tensorflow)
    return Choice(*_of_model(model, tensorflow))


def _of_calls(
    calls: Sequence[ConverterCall], fake_quants: bool, tensorflow: tuple[int, int] | None
) -> Choice:
    by_name: dict[str, tuple[ConverterCall, ...]] = {}
    reasons = []
    for call in calls:
        mode = call.mode(fake_quants)
        found = tuple(_profiles(call, mode, fake_quants, call.tensorflow or tensorflow))
        for one in found:
            by_name[one.name] = (*by_name.get(one.name, ()), call)
        shows, means = _CALLS[mode]
        versions = " and ".join(dict.fromkeys(f"TF {one.version[0]}.{one.version[1]}" for one in found))
        wanted = call.tensorflow or tensorflow
        if wanted is not None and all(one.version != wanted for one in found):
            versions += f" (the nearest modelled to TF {wanted[0]}.{wanted[1]})"
        reasons.append(f"{call.origin} converts with {shows}: {means}, {versions}")
    return Choice(tuple(profile(name) for name in by_name), "; ".join(dict.fromkeys(reasons)), by_name)


def _profiles(
    call: ConverterCall, mode: Mode, fake_quants: bool, version: tuple[int, int] | None
) -> Iterator[Profile]:
    """Those of one call: of both engines where it may be either."""
    if mode == "float":
        mode = (
            "tf1"
            if call.flow == "tf1" and fake_quants
            else "v2"
            if fake_quants
            else "int8"
            if call.representative_dataset
            else "dynamic"
        )
    suffix = _JUDGED.get(mode, mode)
    if mode != "tf1":
        yield modelled("mlir", suffix, version)
        return
    toco = call.experimental_new_converter is False and (version is None or version <= LAST_TOCO)
    old = call.experimental_new_converter is None and version is not None and version < NEW_CONVERTER
    either = call.experimental_new_converter is None and version is None
    if toco or old or either:
        yield modelled("toco", "", version)
    if not (toco or old):
        yield modelled("mlir", "", version)


def _of_model(model: Model, tensorflow: tuple[int, int] | None) -> tuple[tuple[Profile, ...], str]:
    if not model.of_tf2:
        if tensorflow is None:
            return profiles(None), ""
        engines = [engine for engine in ("toco", "mlir") if _has(engine, tensorflow)]
        version = f"{tensorflow[0]}.{tensorflow[1]}"
        return tuple(modelled(engine, "", tensorflow) for engine in engines), f"what TF {version} has"
    if trained(model):
        return (modelled("mlir", "v2", tensorflow),), "a TF2 model with FakeQuants: the TF2 flow"
    found = modelled("mlir", "int8", tensorflow)
    return (
        found,
    ), "a TF2 model without FakeQuants: post-training int8, which needs a representative dataset"


def _has(engine: str, tensorflow: tuple[int, int]) -> bool:
    """Whether this TensorFlow runs that engine where a TF1 graph is converted."""
    return tensorflow <= LAST_TOCO if engine == "toco" else tensorflow >= NEW_CONVERTER


def modelled(engine: str, call: str, version: tuple[int, int] | None) -> Profile:
    """The profile of that engine and call: of `version`, else of the nearest one there is; the default for None."""
    fitting = [
        one
        for one in PROFILES.values()
        if one.engine == engine and one.name.split("-", 2)[2:] == ([call] if call else [])
    ]
    if version is None:
        default = next(profile(name).version for name in DEFAULT if name.startswith(engine))
        return next(one for one in fitting if one.version == default)
    return min(fitting, key=lambda one: (abs(_number(one.version) - _number(version)), -_number(one.version)))


def _number(version: tuple[int, int]) -> int:
    return version[0] * 100 + version[1]

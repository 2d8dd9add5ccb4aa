"""Which profiles a lint judges where none is named: those of the converter's call, else of the kind of model."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from minmax_lint.converters.call import TRAINED, ConverterCall, Mode
from minmax_lint.converters.profile import DEFAULT, PROFILES, Profile, not_modelled, profile, profiles
from minmax_lint.converters.releases import LAST_TOCO, MODELLED, NEW_CONVERTER, Engine, dotted
from minmax_lint.errors import UserError
from minmax_lint.loaders.model import Model

_CALLS: Mapping[Mode, tuple[str, str]] = {
    "tf1": ("an integer inference_type", "the TF1 flow"),
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


class Choice(NamedTuple):
    """The profiles to judge, and why these."""

    profiles: tuple[Profile, ...]
    why: str = ""
    """One sentence; empty where they are named."""
    calls_by_profile: Mapping[str, tuple[ConverterCall, ...]] = {}
    """Profile -> the calls that chose it."""


def has_fake_quants(model: Model) -> bool:
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
        return _of_calls(calls, has_fake_quants(model), tensorflow)
    return Choice(*_of_model(model, tensorflow))


def _of_calls(
    calls: Sequence[ConverterCall], fake_quants: bool, tensorflow: tuple[int, int] | None
) -> Choice:
    by_name: dict[str, tuple[ConverterCall, ...]] = {}
    reasons = []
    for call in calls:
        unsure = f" (set in branches: {call.branched})" if call.branched else ""
        unsure += f" (what {call.elsewhere} sets is not read)" if call.elsewhere else ""
        assumed = dict.fromkeys(words for way in (call, *call.alternatives) for words in way.assumed)
        unsure += f" (not read: {'; '.join(assumed)})" if assumed else ""
        left = ", ".join(sorted(call.denied_ops | call.denied_nodes))
        unsure += f" (the debugger's options leave {left} float)" if left else ""
        ways = []
        for mode, way in _by_mode(call, fake_quants):
            found = tuple(_profiles(way, mode, fake_quants, call.tensorflow or tensorflow))
            for one in found:
                by_name[one.name] = (*by_name.get(one.name, ()), way)
            shows, means = _CALLS[mode]
            versions = " and ".join(dict.fromkeys(f"TF {dotted(one.version)}" for one in found))
            ways.append(f"{shows}: {means}, {versions}")
        reasons.append(f"{call.origin} converts with {', or with '.join(dict.fromkeys(ways))}{unsure}")
    return Choice(tuple(profile(name) for name in by_name), "; ".join(dict.fromkeys(reasons)), by_name)


def _by_mode(call: ConverterCall, fake_quants: bool) -> list[tuple[Mode, ConverterCall]]:
    """What the call asks for on the ways through its script, and the call there; no float model beside another.

    Ways of one mode that allow other kernels count each.
    """
    found: dict[tuple[Mode, frozenset[str], bool], ConverterCall] = {}
    for way in (call, *call.alternatives):
        found.setdefault((way.mode(fake_quants), way.kernels, way.custom_ops), way)
    several = {mode for mode, *_ in found} != {"float"}
    return [(mode, way) for (mode, *_), way in found.items() if mode != "float" or not several]


def judged_mode(call: ConverterCall, mode: Mode, fake_quants: bool) -> Mode:
    """The mode whose profiles are judged; of a call that asks for a float model, the one that it comes nearest to."""
    if mode != "float":
        return mode
    if fake_quants:
        return "tf1" if call.flow == "tf1" else "v2"
    return "int8" if call.representative_dataset else "dynamic"


def _profiles(
    call: ConverterCall, mode: Mode, fake_quants: bool, version: tuple[int, int] | None
) -> Iterator[Profile]:
    """Those of one call: of both engines where it may be either."""
    mode = judged_mode(call, mode, fake_quants)
    if mode != "tf1":
        yield modelled_profile("mlir", mode, version)
        return
    toco = call.experimental_new_converter is False and (version is None or version <= LAST_TOCO)
    old = call.experimental_new_converter is None and version is not None and version < NEW_CONVERTER
    either = call.experimental_new_converter is None and version is None
    if toco or old or either:
        yield modelled_profile("toco", "", version)
    if not (toco or old):
        yield modelled_profile("mlir", "", version)


def _of_model(model: Model, tensorflow: tuple[int, int] | None) -> tuple[tuple[Profile, ...], str]:
    if not model.of_tf2:
        if tensorflow is None:
            return profiles(None), ""
        both: tuple[Engine, ...] = ("toco", "mlir")
        engines = [engine for engine in both if _has(engine, tensorflow)]
        unknown = [engine for engine in engines if tensorflow not in MODELLED[engine]]
        if len(unknown) == len(engines):
            raise UserError(not_modelled(engines[-1], tensorflow))
        found = tuple(modelled_profile(engine, "", tensorflow) for engine in engines if engine not in unknown)
        but = f"; its {unknown[0].upper()} converter is not modelled" if unknown else ""
        return found, f"what TF {dotted(tensorflow)} has{but}"
    if has_fake_quants(model):
        return (modelled_profile("mlir", "v2", tensorflow),), "a TF2 model with FakeQuants: the TF2 flow"
    return (
        modelled_profile("mlir", "int8", tensorflow),
    ), "a TF2 model without FakeQuants: post-training int8, which needs a representative dataset"


def _has(engine: Engine, tensorflow: tuple[int, int]) -> bool:
    """Whether this TensorFlow runs that engine where a TF1 graph is converted."""
    return tensorflow <= LAST_TOCO if engine == "toco" else tensorflow >= NEW_CONVERTER


def modelled_profile(engine: Engine, call: str, version: tuple[int, int] | None) -> Profile:
    """The profile of that engine, call and TensorFlow version; the default version for None.

    Raises UserError where that version is not modelled.
    """
    if version is None:
        version = next(one.version for one in profiles(DEFAULT) if one.engine == engine)
    found = PROFILES.get(f"{engine}-{dotted(version)}{f'-{call}' if call else ''}")
    if found is None:
        raise UserError(not_modelled(engine, version))
    return found

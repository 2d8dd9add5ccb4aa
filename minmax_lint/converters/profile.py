"""Profiles: the real converters whose behaviour is modelled."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from minmax_lint.converters.releases import (
    LAST_TOCO,
    MEASURED,
    MODELLED,
    Engine,
    dotted,
    spans,
    toco,
    without_toco,
)
from minmax_lint.errors import UnknownName
from minmax_lint.graph.names import did_you_mean

Flow = Literal["tf1", "tf2"]
Ranges = Literal["fakequant", "calibrated", "none"]
Activations = Literal["int8", "int16", "float"]
Weights = Literal["int8", "float16", "float32"]
Quantizer = Literal["mlir", "legacy"]


@dataclass(frozen=True)
class Profile:
    """One real converter, and how it is called.

    flow `tf1`: from_frozen_graph, inference_type=uint8, quantized_input_stats: every input has a range.
    flow `tf2`: from_concrete_functions or from_saved_model, optimizations=[DEFAULT]: an input without FakeQuant has
    no range, unless calibration gives it one.
    """

    name: str
    engine: Engine
    version: tuple[int, int]
    """TensorFlow version."""
    flow: Flow
    device: str = ""
    """For people: what runs the converted model, where the profile is about that."""
    ranges: Ranges = "fakequant"
    """Where the ranges of activations come from: FakeQuants, a representative dataset, or nowhere."""
    activations: Activations = "int8"
    """What activations become; `int8` means uint8 in the TF1 flow."""
    weights: Weights = "int8"
    quantizer: Quantizer = "mlir"
    """`legacy`: the C++ quantizer of tensorflow/lite/tools/optimize, which TensorFlow uses for 16x8 and with
    experimental_new_quantizer=False."""
    strict: bool = False
    """Whether an op without integer form ends the conversion."""
    select_tf: bool = False
    """Whether the call allows SELECT_TF_OPS: ops without builtin stay ops of TensorFlow."""
    custom_ops: bool = False
    """Whether the call allows custom ops: ops without builtin become ops that the user's own kernels run."""
    single_batch: bool = False
    """Whether the items of tensor lists with an open batch get a batch of 1."""
    lower_tensor_lists: bool = True
    """Whether tensor lists become arrays (LowerStaticTensorListPass)."""
    saved_model: bool = False
    """Whether the converter is given a SavedModel, or a Keras model that it saves as one."""
    input_type: str = ""
    """The integer type that the call asks of the legacy quantizer for the model's inputs; empty for float ones."""
    output_type: str = ""
    denied_ops: frozenset[str] = frozenset()
    """TFLite's ops that the call leaves float."""
    denied_nodes: frozenset[str] = frozenset()
    """Arrays whose ops the call leaves float."""
    origins: frozenset[str] = frozenset()
    """Of the calls that it is judged for, where it is not judged for all."""

    def of_calls(self, place: str, origins: Iterable[str] = ()) -> "Profile":
        """The profile for the calls at that place of a script, where others of the same profile answer differently."""
        return replace(self, name=f"{self.name} ({place})", origins=frozenset(origins))

    @property
    def title(self) -> str:
        """For reports: `TOCO (TF 2.15)`."""
        return self.titled(TITLES[self.call] if self.flow == "tf2" else "")

    def titled(self, call: str) -> str:
        """The title with these words on the call, and with the place of some calls: `TOCO (TF 2.15, a.py:12)`."""
        words = (f"TF {dotted(self.version)}", call, name_and_place(self.name)[1])
        converter = f"{self.engine.upper()} ({', '.join(filter(None, words))})"
        return f"{self.device} after {converter}" if self.device else converter

    @property
    def call(self) -> str:
        """The part of the converter's name that says how it is called; empty for the TF1 flow."""
        return self.converter.split("-", 2)[2] if self.converter.count("-") > 1 else ""

    @property
    def converter(self) -> str:
        """The name of the profile of the converter alone: `mlir-2.15` of `edgetpu@2.15`."""
        device, _, version = name_and_place(self.name)[0].partition("@")
        return f"{self.engine}-{version}" if version else ASSUMED.get(device, device)

    @property
    def measured(self) -> bool:
        """Whether real answers of this release were compared; else it is interpolated between measured ones."""
        return self.version in MEASURED[self.engine, self.call]

    @property
    def trained(self) -> bool:
        """Whether ranges come from FakeQuants."""
        return self.ranges == "fakequant"


TITLES = {
    "v2": "TF2 flow",
    "int8": "post-training int8",
    "16x8": "post-training 16x8, integer ops only",
    "16x8-fallback": "post-training 16x8",
    "dynamic": "dynamic range",
    "float16": "float16 weights",
}
"""How the converter is called, in the profile's name -> for people."""


def _post_training(version: tuple[int, int]) -> tuple[Profile, ...]:
    """The profiles of one MLIR converter for models without FakeQuants."""
    name = f"mlir-{dotted(version)}"
    calibrated = Profile(f"{name}-int8", "mlir", version, "tf2", ranges="calibrated")
    sixteen = replace(calibrated, name=f"{name}-16x8-fallback", activations="int16", quantizer="legacy")
    dynamic = Profile(f"{name}-dynamic", "mlir", version, "tf2", ranges="none", activations="float")
    return (
        calibrated,
        replace(sixteen, name=f"{name}-16x8", strict=True),
        sixteen,
        dynamic,
        replace(dynamic, name=f"{name}-float16", weights="float16"),
    )


def _profiles_of_trained(version: tuple[int, int]) -> tuple[Profile, ...]:
    """The profiles of one MLIR converter for models with FakeQuants."""
    name = f"mlir-{dotted(version)}"
    return Profile(name, "mlir", version, "tf1"), Profile(f"{name}-v2", "mlir", version, "tf2")


FAKE_QUANT_PROFILES: dict[str, Profile] = {
    profile.name: profile
    for profile in (
        *(Profile(f"toco-{dotted(version)}", "toco", version, "tf1") for version in MODELLED["toco"]),
        *(profile for version in MODELLED["mlir"] for profile in _profiles_of_trained(version)),
    )
}
"""Profiles for graphs with FakeQuants."""
POST_TRAINING_PROFILES: dict[str, Profile] = {
    profile.name: profile
    for trained in FAKE_QUANT_PROFILES.values()
    if trained.flow == "tf2"
    for profile in _post_training(trained.version)
}
"""Profiles for float graphs."""
PROFILES = {**FAKE_QUANT_PROFILES, **POST_TRAINING_PROFILES}
ASSUMED = {"edgetpu": "mlir-2.21"}
"""Device -> the converter whose model it is assumed to run, where none is named."""


def _edge_tpu(name: str, converter: Profile) -> Profile:
    return replace(converter, name=name, device="Edge TPU")


DEVICES: dict[str, Profile] = {
    "edgetpu": _edge_tpu("edgetpu", PROFILES[ASSUMED["edgetpu"]]),
    **{
        f"edgetpu@{name.removeprefix('mlir-')}": _edge_tpu(f"edgetpu@{name.removeprefix('mlir-')}", converter)
        for name, converter in PROFILES.items()
        if converter.engine == "mlir" and converter.activations == "int8"
    },
}
"""Profiles of what runs the model that a converter makes: its prediction, and what the device leaves out.

`edgetpu@2.15` is the Edge TPU behind `mlir-2.15`, `edgetpu@2.15-int8` behind `mlir-2.15-int8`.
"""
SELECTABLE = {**PROFILES, **DEVICES}
"""Whatever `--converter` takes, aliases aside."""
ALIASES = {
    "toco": "toco-2.15",
    "mlir": "mlir-2.21",
    **{f"mlir-{call}": f"mlir-2.21-{call}" for call in TITLES},
}
DEFAULT = ("toco-2.15", "mlir-2.21")


def profile(name: str) -> Profile:
    """The profile of that name or alias, as reports name it, too. Raises UnknownName with near names."""
    name, place = name_and_place(name)
    found = SELECTABLE.get(ALIASES.get(name, name))
    if found is not None and place:
        return found.of_calls(place)
    if found is None:
        wanted = re.fullmatch(r"(toco-|mlir-|edgetpu@)(\d+)\.(\d+)(?:-.*)?", name)
        if wanted is not None and (int(wanted[2]), int(wanted[3])) not in MODELLED[_engine(wanted[1])]:
            raise UnknownName(not_modelled(_engine(wanted[1]), (int(wanted[2]), int(wanted[3]))))
        meant = did_you_mean(name, [*ALIASES, *SELECTABLE], f"there are {summary()}", count=1)
        raise UnknownName(f"there is no converter {name!r}{meant}")
    return found


def name_and_place(name: str) -> tuple[str, str]:
    """The profile's name, and the place of the calls that it is judged for: of `mlir-2.21 (a.py:12)` both."""
    plain, _, place = name.partition(" (")
    return plain, place.removesuffix(")")


def _engine(name: str) -> Engine:
    return "toco" if name.startswith("toco") else "mlir"


def not_modelled(engine: Engine, version: tuple[int, int]) -> str:
    """The line on a release that has no profile, with what to do."""
    known = spans(MODELLED[engine])
    if engine == "toco" and toco(version) != "runs":
        return (
            f"{without_toco(version)}; convert with TensorFlow {dotted(LAST_TOCO)} or older, "
            "or judge its MLIR converter (--converter mlir-VERSION)"
        )
    return (
        f"the {engine.upper()} converter of TensorFlow {dotted(version)} is not modelled: that of {known} is; "
        f"convert with one of these, or name the profile to judge instead (--converter {engine}-VERSION)"
    )


def not_converted(engine: Engine, version: tuple[int, int]) -> str:
    """The same where that release is to convert."""
    toco_instead = engine == "mlir" and version in MODELLED["toco"]
    return (
        f"the {engine.upper()} converter of TensorFlow {dotted(version)} is not modelled: convert "
        f"{'with its TOCO (--engine toco), or ' if toco_instead else ''}"
        f"with TensorFlow {spans(MODELLED[engine])} (--python)"
    )


def names_pattern() -> str:
    """A regular expression for every name that `--converter` takes, for JSON schemas."""
    tocos, mlirs = ("|".join(re.escape(dotted(one)) for one in MODELLED[engine]) for engine in MODELLED)
    calls = "|".join(sorted(TITLES, key=len, reverse=True))
    device_calls = "|".join(sorted({one.call for one in DEVICES.values() if one.call}, key=len, reverse=True))
    return rf"^(toco(-({tocos}))?|mlir(-({mlirs}))?(-({calls}))?|edgetpu(@({mlirs})(-({device_calls}))?)?)$"


def summary() -> str:
    """Every name that `--converter` takes, in one line."""
    calls = ", ".join(f"-{call}" for call in TITLES)
    return (
        f"toco and mlir, with a version (toco-VERSION: {spans(MODELLED['toco'])}; mlir-VERSION: "
        f"{spans(MODELLED['mlir'])}), mlir also with {calls}; edgetpu and edgetpu@VERSION"
    )


def profiles(names: Sequence[str] | None) -> tuple[Profile, ...]:
    """The named profiles without repetition, in the order given; the default pair if none is named."""
    return tuple(dict.fromkeys(profile(name) for name in (names or DEFAULT)))

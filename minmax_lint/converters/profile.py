"""Profiles: the real converters whose behaviour is modelled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from minmax_lint.errors import UnknownName
from minmax_lint.graph.names import near_names

Flow = Literal["tf1", "tf2"]


@dataclass(frozen=True)
class Profile:
    """One real converter.

    flow `tf1`: from_frozen_graph, inference_type=uint8, quantized_input_stats: every input has a range.
    flow `tf2`: optimizations=[DEFAULT] without a representative dataset: an input without FakeQuant has none.
    """

    name: str
    engine: Literal["toco", "mlir"]
    version: tuple[int, int]
    """TensorFlow version."""
    flow: Flow
    device: str = ""
    """For people: what runs the converted model, where the profile is about that."""

    @property
    def title(self) -> str:
        """For reports: `TOCO (TF 2.15)`."""
        major, minor = self.version
        flow = ", TF2 flow" if self.flow == "tf2" else ""
        if self.device:
            return self.device
        return f"{self.engine.upper()} (TF {major}.{minor}{flow})"


PROFILES: dict[str, Profile] = {
    profile.name: profile
    for profile in (
        Profile("toco-1.15", "toco", (1, 15), "tf1"),
        Profile("toco-2.15", "toco", (2, 15), "tf1"),
        Profile("mlir-2.15", "mlir", (2, 15), "tf1"),
        Profile("mlir-2.21", "mlir", (2, 21), "tf1"),
        Profile("mlir-2.15-v2", "mlir", (2, 15), "tf2"),
        Profile("mlir-2.21-v2", "mlir", (2, 21), "tf2"),
    )
}
DEVICES: dict[str, Profile] = {
    "edgetpu": Profile("edgetpu", "mlir", (2, 21), "tf1", "Edge TPU"),
}
"""Profiles of what runs the model that a converter makes: its prediction, and what the device leaves out."""
SELECTABLE = {**PROFILES, **DEVICES}
"""Whatever `--converter` takes, aliases aside."""
ALIASES = {"toco": "toco-2.15", "mlir": "mlir-2.21", "mlir-v2": "mlir-2.21-v2"}
DEFAULT = ("toco-2.15", "mlir-2.21")


def profile(name: str) -> Profile:
    """The profile of that name or alias. Raises UnknownName with near names."""
    found = SELECTABLE.get(ALIASES.get(name, name))
    if found is None:
        known = [*SELECTABLE, *ALIASES]
        hint = near_names(name, known) or known
        raise UnknownName(f"there is no converter {name!r}; did you mean {', '.join(hint)}?")
    return found


def profiles(names: Sequence[str] | None) -> tuple[Profile, ...]:
    """The named profiles without repetition, in the order given; the default pair if none is named."""
    return tuple(dict.fromkeys(profile(name) for name in (names or DEFAULT)))

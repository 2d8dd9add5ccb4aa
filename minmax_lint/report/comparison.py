"""Every way of converting one model, side by side, as data."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from minmax_lint.converters.prediction import Prediction, Verdict
from minmax_lint.converters.profile import Profile
from minmax_lint.converters.releases import spans
from minmax_lint.graph.tensor import Shape

Number = tuple[int, int]
_RANKS: Mapping[Verdict, int] = {"quantized": 0, "float": 1, "undetermined": 2, "abort": 4}
_DOES_NOT_RUN = 3
"""A model that the interpreter refuses is worth less than one in float, and more than none."""
_WIDTHS = {"int8": 0, "int16": 1, "float": 2}


@dataclass(frozen=True)
class Way:
    """One way of calling a converter, and the TensorFlow versions that answer it alike."""

    profile: Profile
    """Of the newest of these versions."""
    versions: tuple[Number, ...]
    """Ascending."""
    prediction: Prediction
    input_types: Mapping[str, str]
    """Input array -> its type in the .tflite model (`uint8`, `float32`); empty where there is no model."""
    output_types: Mapping[str, str]
    edge_tpu_share: float | None
    """Share of the computing ops that the Edge TPU runs, 0..1; None for models that it does not take."""
    code: str
    """The Python that converts this way."""

    @property
    def name(self) -> str:
        """The converter and how it is called, as `--converter` takes it: `mlir-int8`."""
        call = self.profile.call
        return f"{self.profile.engine}-{call}" if call else self.profile.engine

    @property
    def converters(self) -> tuple[str, ...]:
        """The names of the profiles that the way stands for."""
        call = f"-{self.profile.call}" if self.profile.call else ""
        return tuple(f"{self.profile.engine}-{major}.{minor}{call}" for major, minor in self.versions)

    @property
    def tensorflow(self) -> str:
        """`1.13 to 1.15, 2.12 to 2.17`."""
        return spans(self.versions)

    @property
    def types(self) -> tuple[str, str]:
        """The types of all inputs and of all outputs, each once."""
        return _each_once(self.input_types.values()), _each_once(self.output_types.values())

    @property
    def order(self) -> tuple[float, ...]:
        """Sorts the best way first: verdict, integer shares, narrow activations, Edge TPU, no dataset, newest."""
        found = self.prediction
        broken = found.runs is False and found.verdict in ("quantized", "float")
        return (
            _DOES_NOT_RUN if broken else _RANKS[found.verdict],
            -(found.integer_mac_share or 0),
            -(found.integer_share or 0),
            _WIDTHS[self.profile.activations],
            -(self.edge_tpu_share or 0),
            self.profile.ranges == "calibrated",
            self.profile.engine == "toco",
            -self.versions[-1][0],
            -self.versions[-1][1],
        )


@dataclass(frozen=True)
class Comparison:
    """Every way of converting a model, the best first."""

    path: str
    format: str
    inputs: Mapping[str, Shape | None]
    outputs: tuple[str, ...]
    inferred_how: str
    """From what inputs or outputs were inferred; empty where the user gave both."""
    ways: tuple[Way, ...]

    @property
    def best(self) -> Way:
        """The way that makes the best model."""
        return self.ways[0]


def answer(prediction: Prediction) -> tuple[object, ...]:
    """What two versions have in common that answer alike: all that a table of ways shows but the words of a message."""
    found = prediction
    weights = Counter((op.op, op.weights) for op in found.ops if op.weights is not None)
    shares = [
        None if one is None else round(one, 2) for one in (found.integer_share, found.integer_mac_share)
    ]
    return (
        found.verdict,
        found.kind,
        found.array,
        found.op,
        tuple(found.float_ops),
        weights,
        *shares,
        found.runs,
    )


def _each_once(types: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(types))

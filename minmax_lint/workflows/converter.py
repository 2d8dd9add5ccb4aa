"""Which real converter runs, in which interpreter, and how it is called."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from minmax_lint.backends.calibration.run import Data
from minmax_lint.backends.conversion.child import DEFAULT_TIME_LIMIT
from minmax_lint.backends.conversion.interpreter import checked_interpreter, tensorflow_version
from minmax_lint.backends.conversion.run import DEFAULT_STATS, Engine
from minmax_lint.converters.call import ENDS, LOWERS_LISTS, SWITCHES, ConverterCall, Mode
from minmax_lint.converters.profile import Flow, Profile, not_converted
from minmax_lint.converters.releases import MODELLED
from minmax_lint.errors import UnknownName, UserError
from minmax_lint.workflows.choice import judged_mode, modelled_profile


@dataclass(frozen=True)
class Converter:
    """A real converter: which, in which interpreter, and how it is called."""

    engine: Engine = "mlir"
    flow: Flow = "tf1"
    """The flow of its profile."""
    stats: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """Input array -> (mean, std) of quantized_input_stats: real value = (byte - mean) / std."""
    python: str | os.PathLike[str] | None = None
    """The interpreter that holds the TensorFlow to use; None is the running one."""
    time_limit: float = DEFAULT_TIME_LIMIT
    """Seconds."""
    call: ConverterCall | None = None
    """Its flags in the TF2 flow; None: optimizations alone."""
    mode: Mode | None = None
    """What its flags ask for, of the graph to convert; None: `v2` in the TF2 flow."""
    data: Data | None = None
    """Its representative dataset."""
    trained: bool = False
    """Whether the graph to convert has FakeQuants."""
    default_stats: bool = True
    """Whether inputs without stats get DEFAULT_STATS in the TF1 flow."""

    def __post_init__(self) -> None:
        if self.engine == "toco" and self.flow == "tf2":
            raise UserError("TOCO knows only the TF1 flow: the TF2 flow is MLIR's")

    @property
    def profile(self) -> Profile:
        """The profile that models it. Raises UserError where the interpreter's converter is not modelled."""
        version = tensorflow_version(self.python)
        if version is not None and version not in MODELLED[self.engine]:
            raise UserError(not_converted(self.engine, version))
        return modelled_profile(self.engine, self.suffix, version)

    @property
    def suffix(self) -> str:
        """The part of its profiles' names that says how it is called."""
        if self.flow == "tf1":
            return ""
        if self.mode == "float" and self.call is not None:
            return str(judged_mode(self.call, "float", self.trained))
        return "v2" if self.mode in (None, "tf1", "float") else str(self.mode)

    @property
    def api(self) -> Flow:
        """Whose converter is called: that of tf.compat.v1, or TF2's."""
        return self.flow if self.call is None else self.call.flow

    @property
    def flags(self) -> Mapping[str, Any] | None:
        """As a child sets them; None for those of the flow alone."""
        call = self.call
        if call is None:
            return None
        switches = {
            attribute: True
            for attribute, name in SWITCHES.items()
            if getattr(call, name) != getattr(ConverterCall, name)
        }
        if not call.lower_tensor_lists:
            switches[LOWERS_LISTS] = False
        if call.experimental_new_quantizer is not None:
            switches["experimental_new_quantizer"] = call.experimental_new_quantizer
        if call.flow == "tf2" and call.experimental_new_converter is not None:  # of TF1's the engine says it
            switches["experimental_new_converter"] = call.experimental_new_converter
        return {
            "optimizations": call.optimizations,
            "representative_dataset": call.representative_dataset and self.data is None,
            "supported_ops": sorted(call.supported_ops),
            "supported_types": sorted(call.supported_types),
            "inference_type": call.inference_type if call.flow == "tf1" else "",
            "inference_input_type": call.inference_input_type,
            "inference_output_type": call.inference_output_type,
            "switches": switches,
        }

    def stats_of(self, inputs: Iterable[str]) -> Mapping[str, tuple[float, float]]:
        """Those that the converter gets for these inputs."""
        if self.api == "tf2":
            return {}
        default = dict.fromkeys(inputs, DEFAULT_STATS) if self.default_stats and self.flow == "tf1" else {}
        return {**default, **self.stats}

    def describe(self, inputs: Iterable[str]) -> str:
        """How it is called, for people: TF1's converter with the input stats that it uses."""
        flags = self.flags or ({"optimizations": True} if self.flow == "tf2" else {"inference_type": "uint8"})
        words = [f"inference_type {flags['inference_type']}"] if flags.get("inference_type") else []
        stats = ", ".join(
            f"{name}: mean {mean:g}, std {std:g}{'' if name in self.stats else ' (the default)'}"
            for name, (mean, std) in self.stats_of(inputs).items()
        )
        words += [f"input stats of {stats}"] if stats else []
        if self.flow == "tf2" or flags.get("optimizations"):
            words.append("optimizations" if flags.get("optimizations") else "no optimizations")
        words += [f"dataset {self.data.source}"] if self.data is not None else []
        words += ["representative_dataset"] if flags.get("representative_dataset") else []
        words += [", ".join(flags[key]) for key in ("supported_ops", "supported_types") if flags.get(key)]
        words += [f"{end} {flags[end]}" for end in ENDS if flags.get(end)]
        return ", ".join(words)

    def check_interpreter(self) -> Converter:
        """Itself. Raises UserError where its interpreter has no such converter."""
        checked_interpreter(self.python, self.engine, self.flow)
        return self

    def check_for(self, inputs: Mapping[str, object]) -> Converter:
        """Itself, checked. Raises UnknownName where it has stats of an input that is none."""
        for name in self.stats:
            if name not in inputs:
                raise UnknownName(f"there are stats for {name!r}; the inputs are {', '.join(inputs)}")
        return self.check_interpreter()

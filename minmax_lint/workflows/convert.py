"""The core of `convert`: a linted model in, what the real converter made of it, with its proof, out."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from minmax_lint.backends.calibration.run import Data
from minmax_lint.backends.conversion.child import DEFAULT_TIME_LIMIT, Watch
from minmax_lint.backends.conversion.interpreter import checked_interpreter, tensorflow_version
from minmax_lint.backends.conversion.run import (
    DEFAULT_STATS,
    ConversionResult,
    Engine,
    SavedModel,
    convert_graph,
)
from minmax_lint.backends.verification import ModelRefused, Parties, Verification, runnable, verify
from minmax_lint.backends.verification.run import DEFAULT_SAMPLES
from minmax_lint.converters.call import ENDS, ConverterCall, Mode
from minmax_lint.converters.finished import TFLiteModel
from minmax_lint.converters.prediction import Prediction, Verdict
from minmax_lint.converters.profile import Flow, Profile, not_converted
from minmax_lint.converters.releases import MODELLED
from minmax_lint.errors import UnknownName, UserError
from minmax_lint.fixes.engine.patch import Patch
from minmax_lint.loaders.model import Model
from minmax_lint.loaders.tflite.file import read_model
from minmax_lint.report.report import Report
from minmax_lint.workflows.choice import judged_mode, modelled
from minmax_lint.writers.atomic import write_file


@dataclass(frozen=True)
class Converter:
    """A real converter: which, in which interpreter, and how it is called."""

    engine: Engine = "mlir"
    flow: Flow = "tf1"
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

    def __post_init__(self) -> None:
        if self.engine == "toco" and self.flow == "tf2":
            raise UserError("TOCO knows only the TF1 flow: the TF2 flow is MLIR's")

    @property
    def profile(self) -> Profile:
        """The profile that models it. Raises UserError where the interpreter's converter is not modelled."""
        version = tensorflow_version(self.python)
        if version is not None and version not in MODELLED[self.engine]:
            raise UserError(not_converted(self.engine, version))
        return modelled(self.engine, self.suffix, version)

    @property
    def suffix(self) -> str:
        """The part of its profiles' names that says how it is called."""
        if self.flow == "tf1":
            return ""
        if self.mode == "float" and self.call is not None:
            return str(judged_mode(replace(self.call, flow="tf2"), "float", self.trained))
        return "v2" if self.mode in (None, "tf1", "float") else str(self.mode)

    @property
    def flags(self) -> Mapping[str, Any] | None:
        """As a child sets them; None for optimizations alone."""
        if self.call is None or self.flow == "tf1":
            return None
        call = self.call
        switches = {
            "experimental_new_quantizer": call.experimental_new_quantizer,
            "_experimental_disable_per_channel": None if call.per_channel else True,
            "_experimental_disable_per_channel_quantization_for_dense_layers": None
            if call.per_channel_dense
            else True,
        }
        return {
            "optimizations": call.optimizations,
            "representative_dataset": call.representative_dataset and self.data is None,
            "supported_ops": sorted(call.supported_ops),
            "supported_types": sorted(call.supported_types),
            "inference_input_type": call.inference_input_type,
            "inference_output_type": call.inference_output_type,
            "switches": {name: value for name, value in switches.items() if value is not None},
        }

    def described(self, inputs: Iterable[str]) -> str:
        """How it is called, for people: in the TF1 flow with the input stats that it uses."""
        if self.flow == "tf1":
            stats = ", ".join(
                f"{name}: mean {mean:g}, std {std:g}{'' if name in self.stats else ' (the default)'}"
                for name in inputs
                for mean, std in (self.stats.get(name, DEFAULT_STATS),)
            )
            return f"inference_type uint8, input stats of {stats}" if stats else "inference_type uint8"
        flags = self.flags or {"optimizations": True}
        words = ["optimizations" if flags.get("optimizations") else "no optimizations"]
        words += [f"dataset {self.data.source}"] if self.data is not None else []
        words += ["representative_dataset"] if flags.get("representative_dataset") else []
        words += [", ".join(flags[key]) for key in ("supported_ops", "supported_types") if flags.get(key)]
        words += [f"{end} {flags[end]}" for end in ENDS if flags.get(end)]
        return ", ".join(words)

    def checked(self) -> Converter:
        """Itself. Raises UserError where its interpreter has no such converter."""
        checked_interpreter(self.python, self.engine, self.flow)
        return self

    def checked_for(self, inputs: Mapping[str, object]) -> Converter:
        """Itself, checked. Raises UnknownName where it has stats of an input that is none."""
        for name in self.stats:
            if name not in inputs:
                raise UnknownName(f"there are stats for {name!r}; the inputs are {', '.join(inputs)}")
        return self.checked()


@dataclass(frozen=True)
class Proof:
    """What a conversion is to be compared on."""

    data: Data | None = None
    """None: seeded random inputs."""
    samples: int = DEFAULT_SAMPLES
    threshold: float | None = None
    """Largest error that passes, in steps of the model's output; None: the default of each output."""
    required: bool = True
    """Whether it is an error that values cannot be compared (no data, no shape to make random inputs for)."""


@dataclass(frozen=True)
class Conversion:
    """What a real converter made of a model."""

    report: Report = field(repr=False)
    """Of the graph that was converted: after the fix, where there was one."""
    patch: Patch | None
    result: ConversionResult = field(repr=False)
    contents: TFLiteModel | None = field(repr=False)
    """The produced model read back: its ops, inputs and outputs with their types; None on a failure."""
    prediction: Prediction | None = None
    """What was predicted for just this converter and version; None where that is not modelled."""
    verification: Verification | None = None
    unverified: str = ""
    """Why values could not be compared."""
    refused: str = ""
    """What TFLite's interpreter says where it does not run the model."""
    threshold: float | None = None
    called: str = ""
    """How the converter was called, for people."""
    mode: Mode | None = None
    """What its flags asked for."""

    @property
    def model(self) -> bytes | None:
        """The .tflite file; None where the converter failed."""
        return self.result.model

    @property
    def verdict(self) -> Verdict:
        """What came out: `quantized`, `float` or `abort`."""
        return "abort" if self.contents is None else self.contents.verdict(self.result.flow)

    @property
    def float_ops(self) -> tuple[tuple[str, str], ...]:
        """(op name, name of its first output tensor) of every float op."""
        return () if self.contents is None else self.contents.float_ops

    @property
    def message(self) -> str:
        """How the conversion ended, in one sentence."""
        if self.result.failure is not None:
            return f"the converter failed: {self.result.failure.message}"
        if self.verdict == "quantized":
            return "an all-integer model"
        floats = ", ".join(f"{op} {output}" for op, output in self.float_ops)
        return f"float ops: {floats}" if floats else "a float32 output"

    @property
    def within_threshold(self) -> bool:
        """Whether the error of the model's values is at most the threshold, where they were compared."""
        return self.verification is None or not self.verification.far_off(self.threshold)

    @property
    def proved(self) -> bool:
        """Whether the model is what was asked for (all integer, but for float flows), it runs, and its values fit."""
        asked = self.verdict == "quantized" or (
            self.verdict == "float" and self.mode in ("dynamic", "float16", "float")
        )
        return asked and self.within_threshold and not self.refused

    @property
    def surprise(self) -> str | None:
        """How the result differs from the prediction for just this converter: a bug of ours; else None."""
        predicted, failure = self.prediction, self.result.failure
        if predicted is None or predicted.verdict == "undetermined":
            return None
        predicted_text = f"{predicted.verdict} was predicted for {predicted.profile}"
        if predicted.verdict != self.verdict:
            return f"{predicted_text}, and the converter's answer is {self.verdict}"
        if failure is not None and (predicted.kind, predicted.array) != (failure.kind, failure.array):
            return f"{predicted_text} ({predicted.kind}, {predicted.array}), but for another reason"
        if Counter(op for op, _ in predicted.float_ops) != Counter(op for op, _ in self.float_ops):
            listed = ", ".join(f"{op} {output}" for op, output in predicted.float_ops) or "none"
            return f"{predicted_text}, but with other float ops: {listed}"
        return None

    def save(self, destination: str | Path) -> Path:
        """Write the model atomically. Raises UserError where there is none, or it cannot be written."""
        if self.model is None:
            raise UserError(f"there is no model to write: {self.message}")
        write_file(Path(destination), [self.model])
        return Path(destination)


def convert_linted(
    model: Model,
    report: Report,
    patch: Patch | None,
    converter: Converter,
    proof: Proof | None = None,
    watch: Watch | None = None,
) -> Conversion:
    """Convert a linted model with a real converter, the patched graph where there is a patch.

    `report` is that of the graph to convert. With a `proof` the values of the original graph, the patched
    graph and the produced model are compared. Raises UserError where no conversion can be tried, or nothing
    compared; a converter that fails is a result.
    """
    before = patch.before.outputs if patch is not None else report.outputs
    with tempfile.TemporaryDirectory(prefix="minmax-lint-") as name:
        folder = Path(name)
        graph = runnable(model, report.inputs, before, patch, folder / "fixed")
        found = _converted(report, patch, graph, converter, watch, try_model=proof is None)
        if proof is None or found.result.model is None:
            return found
        original, fixed = (graph, before), None
        if patch is not None and not patch.empty:
            original = runnable(model, report.inputs, before, None, folder, at_inference=True), before
            fixed = graph, report.outputs
        parties = Parties(
            original,
            fixed,
            found.result.model,
            report.inputs,
            model.output_keys(before),
            proof.data,
            proof.samples,
            proof.threshold,
        )
        return _verified(found, parties, converter, proof, watch)


def _converted(
    report: Report,
    patch: Patch | None,
    graph: bytes | SavedModel,
    converter: Converter,
    watch: Watch | None,
    *,
    try_model: bool,
) -> Conversion:
    """What the real converter makes of the graph, not verified yet."""
    result = convert_graph(
        graph,
        report.inputs,
        report.outputs,
        engine=converter.engine,
        flow=converter.flow,
        stats=converter.checked_for(report.inputs).stats,
        python=converter.python,
        time_limit=converter.time_limit,
        watch=watch,
        flags=converter.flags,
        try_model=try_model,
        data=None if converter.data is None else converter.data.request(),
    )
    return Conversion(
        report,
        patch,
        result,
        None if result.model is None else read_model(result.model),
        _prediction(report, result, converter),
        called=converter.described(report.inputs),
        mode=converter.mode,
        refused=f"TFLite's interpreter does not run the model: {result.refused}" if result.refused else "",
    )


def _verified(
    found: Conversion, parties: Parties, converter: Converter, proof: Proof, watch: Watch | None
) -> Conversion:
    """The conversion with its proof, or with the reason why there is none."""
    try:
        verification = verify(parties, python=converter.python, time_limit=converter.time_limit, watch=watch)
    except ModelRefused as error:
        return replace(found, refused=str(error), threshold=proof.threshold)
    except UserError as error:
        if proof.required:
            raise
        return replace(found, unverified=str(error))
    return replace(found, verification=verification, threshold=proof.threshold)


def _prediction(report: Report, result: ConversionResult, converter: Converter) -> Prediction | None:
    """The prediction for just the converter that ran."""
    version = tuple(int(part) for part in (result.tensorflow or "0.0").split(".")[:2])
    profile = modelled(result.engine, converter.suffix, (version[0], version[1]))
    return report.predictions.get(profile.name) if profile.version == version else None

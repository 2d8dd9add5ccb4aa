"""The core of `convert`: a linted model in, what the real converter made of it, with its proof, out."""

import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from minmax_lint.backends.calibration.run import Data
from minmax_lint.backends.conversion.child import Watch
from minmax_lint.backends.conversion.run import ConversionResult, SavedModel, convert_graph
from minmax_lint.backends.verification import ModelRefused, Parties, Verification, runnable, verify
from minmax_lint.backends.verification.run import DEFAULT_SAMPLES
from minmax_lint.converters.call import Mode
from minmax_lint.converters.finished import TFLiteModel
from minmax_lint.converters.prediction import Prediction, Verdict
from minmax_lint.errors import UserError
from minmax_lint.fixes.engine.patch import Patch
from minmax_lint.loaders.endpoints import Endpoints
from minmax_lint.loaders.model import Model
from minmax_lint.loaders.tflite.file import read_model
from minmax_lint.report.report import Report
from minmax_lint.workflows.choice import modelled_profile
from minmax_lint.workflows.converter import Converter
from minmax_lint.workflows.signatures import signatures_of
from minmax_lint.writers.atomic import write_file


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
        if predicted.float_ops and not predicted.ops:
            return None  # where lists of tensors stay TensorFlow's, the other ops are not predicted
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
        several = {} if isinstance(graph, SavedModel) else _together(model, report, before, converter)
        alone = "the values of several signatures are not compared: --signature names one"
        if several and proof is not None and proof.required:
            raise UserError(alone)
        found = _convert(report, patch, graph, several, converter, watch, try_model=proof is None)
        if proof is None or found.result.model is None:
            return found
        if several:
            return replace(found, unverified=alone)
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
        return _verify(found, parties, converter, proof, watch)


def _together(
    model: Model, report: Report, before: Sequence[str], converter: Converter
) -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    """The ends of the signatures that become one model, as a child takes them; none where there are not several.

    `before`: the outputs that the model itself has for those of the report.
    """
    names = signatures_of(model, Endpoints(report.inputs, tuple(before)))
    if len(names) < 2 or converter.api == "tf1":
        return {}
    now = dict(zip(before, report.outputs, strict=True))
    own = [model.signatures[name] for name in names]
    if {array for one in own for array in one.inputs.values()} != {*report.inputs} or {
        array for one in own for array in one.outputs.values()
    } != {*before}:
        return {}
    return {
        one.name: {
            "inputs": dict(one.inputs),
            "outputs": {key: now[array] for key, array in one.outputs.items()},
        }
        for one in own
    }


def _convert(
    report: Report,
    patch: Patch | None,
    graph: bytes | SavedModel,
    signatures: Mapping[str, Mapping[str, Mapping[str, str]]],
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
        api=converter.api,
        stats=converter.check_for(report.inputs).stats_of(report.inputs),
        python=converter.python,
        time_limit=converter.time_limit,
        watch=watch,
        flags=converter.flags,
        try_model=try_model and not signatures,
        signatures=signatures,
        data=None if converter.data is None else converter.data.request(),
    )
    return Conversion(
        report,
        patch,
        result,
        None if result.model is None else read_model(result.model),
        _prediction(report, result, converter),
        called=converter.describe(report.inputs),
        mode=converter.mode,
        refused=f"TFLite's interpreter does not run the model: {result.refused}" if result.refused else "",
    )


def _verify(
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
    profile = modelled_profile(result.engine, converter.suffix, (version[0], version[1]))
    return report.predictions.get(profile.name) if profile.version == version else None

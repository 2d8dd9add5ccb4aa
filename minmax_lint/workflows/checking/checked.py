"""`checked(converter)`: lint before `convert()`, repair if asked to, look at the model after."""

from __future__ import annotations

import sys
import tempfile
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from minmax_lint.backends.conversion import read_model
from minmax_lint.backends.conversion.failure import failure_of_exception
from minmax_lint.backends.verification import Comparison, ModelRefused, Verification
from minmax_lint.backends.verification.run import DEFAULT_SAMPLES
from minmax_lint.converters.finished import TFLiteModel
from minmax_lint.converters.profile import Profile
from minmax_lint.errors import UserError
from minmax_lint.escaping import printable
from minmax_lint.fixes.edit.options import FixOptions
from minmax_lint.fixes.engine.patch import Patch
from minmax_lint.report.report import Report
from minmax_lint.report.words import first_of_fused
from minmax_lint.rules.framework.finding import Finding
from minmax_lint.workflows.checking.comparing import compare_outputs
from minmax_lint.workflows.checking.expected import Expected
from minmax_lint.workflows.checking.settings import call_of, has_dataset, quantizing_setting
from minmax_lint.workflows.checking.sources import ConverterSource, source_of
from minmax_lint.workflows.choice import has_fake_quants
from minmax_lint.workflows.opened import Opened, calls_on

_OWN = ("_checked", "report", "patch", "contents", "verification", "unverified")
_SHOWN = 8


class CheckFailed(UserError):
    """A converter would not make, or did not make, an all-integer model; the message says why, one cause a line.

    `report` is the lint of its graph; `model` is the produced model where the converter made one, and
    `verification` how far its values are from the graph's, where these are too far off.
    """

    def __init__(
        self,
        message: str,
        report: Report | None,
        model: bytes | None = None,
        verification: Verification | None = None,
    ) -> None:
        super().__init__(message)
        self.lines = message.split("\n")
        self.report = report
        self.model = model
        self.verification = verification

    def __str__(self) -> str:
        return "\n".join(map(printable, self.lines))


@dataclass(frozen=True)
class _Checks:
    """What is to be done around the conversion."""

    converter: Any
    fix: bool
    allow_float: bool
    source: Any
    options: FixOptions = field(default_factory=FixOptions)
    verify: bool = True
    threshold: float | None = None
    samples: int = DEFAULT_SAMPLES


def checked(
    converter: Any,
    *,
    fix: bool = False,
    allow_float: bool = False,
    source: Any = None,
    unsafe: bool = False,
    ranges: Mapping[str, tuple[float, float]] | None = None,
    verify: bool = True,
    threshold: float | None = None,
    samples: int = DEFAULT_SAMPLES,
) -> CheckedConverter:
    """Wrap a tf.lite.TFLiteConverter, of TF1 or TF2: the only line that changes in a user's script.

    `converter = minmax_lint.checked(converter)` behaves as the converter itself; its settings are read and
    set through it. `convert()` lints the converter's own graph first; with `fix` it repairs the graph for the
    conversion (`unsafe`, `ranges`: as of `minmax_lint.fix`). Then the converter runs, and what it makes is the
    judge: a model with float ops raises CheckFailed with every cause that the lint knows (a warning with
    `allow_float`), unless its flags ask for integer weights alone (dynamic range, float16); an all-integer model is
    returned, also where the lint expected otherwise (a warning says so). Only a TOCO that is predicted to abort is not
    run, for it would end the process; `allow_float` runs it. Flags that do less than they look are warnings.

    Then (unless `verify` is false) the model runs on `samples` samples: of the representative dataset, else
    seeded random ones within the input ranges. A model that TFLite's interpreter does not run raises
    CheckFailed. Its values are compared with those of the graph: an output that is off by more than an eighth
    of its range (32 steps of 8 bits) is a warning. With `threshold`, one that is off by more than so many of
    its quantization steps raises CheckFailed, and so do values that cannot be compared; `threshold=math.inf`
    accepts any error.

    `source`: what a TF1 converter was made of, as `lint` takes it. `from_session` and TF1's
    `from_saved_model` keep only what the outputs are computed from; with the session (the default session
    counts by itself) or the SavedModel's path, FakeQuants behind the outputs are seen too. The first
    samples of a representative dataset are looked at before: one that is empty, holds NaN or does not fit the inputs
    raises CheckFailed; one that looks like raw pixels, or is constant, is a warning.
    """
    options = FixOptions(unsafe=unsafe, ranges=ranges or {})
    if threshold is not None and not verify:
        raise UserError("a threshold is for values that are compared: leave verify=False out")
    return CheckedConverter(_Checks(converter, fix, allow_float, source, options, verify, threshold, samples))


class CheckedConverter:
    """A converter with checks around `convert()`; everything else is the wrapped converter's.

    `report`, `patch`, `contents` (the model read back), `verification` (its values against the graph's) and
    `unverified` (why there is no verification) say what happened, after `convert()`.
    """

    report: Report | None
    patch: Patch | None
    contents: TFLiteModel | None
    verification: Verification | None
    unverified: str

    def __init__(self, checks: _Checks) -> None:
        self._checked = checks
        self._forget()

    def __getattr__(self, name: str) -> Any:
        if name in _OWN:
            raise AttributeError(name)
        return getattr(self._checked.converter, name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _OWN:
            object.__setattr__(self, name, value)
        else:
            setattr(self._checked.converter, name, value)

    def convert(self) -> bytes:
        """The bytes of the .tflite model. Raises CheckFailed, UserError."""
        self._forget()
        converter = self._checked.converter
        with tempfile.TemporaryDirectory(prefix="minmax-lint-") as folder:
            source = source_of(converter, Path(folder), self._checked.source)
            converter, profile, expected = self._lint(source)
            model = _convert(converter, self.report, expected)
            self.contents = read_model(model)
            if self.contents.verdict(profile.flow) == "float":
                self._complain(self.contents, model, expected, profile)
            elif expected is not None:
                warnings.warn(expected.wrong, stacklevel=2)
            if self._checked.verify:
                self._compare(source, self.contents, model)
        return model

    def _forget(self) -> None:
        """What an earlier conversion left."""
        self.report = self.patch = None
        self.contents = self.verification = None
        self.unverified = ""

    def _lint(self, source: ConverterSource) -> tuple[Any, Profile, Expected | None]:
        """The converter to run (the user's own, or one of a repaired graph), its profile, and the expected failure.

        Raises CheckFailed where the converter would end the process, UserError where it is set to make a float model.
        """
        checks = self._checked
        model, ends = source.opened
        tensorflow = sys.modules["tensorflow"].__version__
        (call,) = calls_on(model, ends, [source.complete(call_of(checks.converter, tensorflow))])
        opened = Opened(model, ends, call.origin, calls=(call,))
        profile = opened.choice.profiles[-1]
        self.report = opened.lint()
        for finding in self.report.findings:
            if finding.severity == "warning" and _is_of_call(finding):
                warnings.warn(f"{finding.code} {finding.message}. {finding.advice}", stacklevel=3)
        refused = any(_is_fatal(one, allow_float=checks.allow_float) for one in self.report.findings)
        if call.mode(has_fake_quants(model)) == "float" and not (refused or checks.allow_float):
            setting = quantizing_setting(checks.converter)
            raise UserError(f"this converter is set to make a float model; set {setting} before convert()")
        if _sound(self.report, profile):
            return checks.converter, profile, None
        if checks.fix and not has_dataset(checks.converter):
            self.patch = opened.fix(checks.options)
            self.report = self.patch.after
            if not self.patch.empty and _sound(self.report, profile):
                return source.replace_graph(self.patch), profile, None
        expected = Expected(self.report, profile, checks.fix, checks.options.unsafe, source.advice)
        if any(_is_fatal(one, allow_float=checks.allow_float) for one in self.report.findings):
            raise CheckFailed(expected.causes, self.report)
        if expected.ends_process and not checks.allow_float:
            raise CheckFailed(expected.causes, self.report)
        if self.patch is not None and not self.patch.empty:
            return source.replace_graph(self.patch), profile, expected
        return checks.converter, profile, expected

    def _complain(
        self, contents: TFLiteModel, model: bytes, expected: Expected | None, profile: Profile
    ) -> None:
        """The converter made a float model, which is no complaint where weights alone were to be quantized."""
        if profile.activations == "float":
            return
        floats = [f"{op} {first_of_fused(output)}" for op, output in contents.computing_float_ops]
        more = f" and {len(floats) - _SHOWN} more" if len(floats) > _SHOWN else ""
        named = f"ops stay float: {', '.join(floats[:_SHOWN])}{more}" if floats else "an output is float32"
        text = f"the converted model is not all integer; {named}"
        if not self._checked.allow_float:
            causes = f"{expected.causes}\n" if expected is not None else ""
            raise CheckFailed(causes + printable(text), self.report, model)
        warnings.warn(text, stacklevel=3)

    def _compare(self, source: ConverterSource, contents: TFLiteModel, model: bytes) -> None:
        """The values of the model against those of the graph; only a given threshold makes them an error."""
        threshold, samples = self._checked.threshold, self._checked.samples
        try:
            self.verification = compare_outputs(source, self.patch, model, contents, samples, threshold)
        except ModelRefused as error:
            raise CheckFailed(str(error), self.report, model) from error
        except UserError as error:
            self.unverified = str(error)
            if threshold is not None:
                raise CheckFailed(self.unverified, self.report, model) from error
            return
        far_off = self.verification.far_off(threshold)
        if far_off:
            text = _too_far_off(far_off[0], threshold, self.verification.first_error)
            if threshold is not None:
                raise CheckFailed(text, self.report, model, self.verification)
            warnings.warn(text, stacklevel=3)


def _too_far_off(worst: Comparison, threshold: float | None, first_error: str) -> str:
    limit = f"{worst.limit:g}, an eighth of its range" if threshold is None else f"{threshold:g}"
    agreement = ""
    if worst.agreement is not None:
        agreement = f"; the argmax is the same in {worst.agreement:.1%} of rows"
    begins = f"; the error begins at {first_error}" if first_error else ""
    return (
        f"the converted model's values are too far off: {worst.output} by {worst.max_error:.3g} output "
        f"steps (threshold {limit}), {worst.mean_error:.3g} on average{agreement}{begins}"
    )


def _is_fatal(finding: Finding, *, allow_float: bool) -> bool:
    """Whether it is of the call or its dataset, and no conversion is worth trying."""
    return _is_of_call(finding) and finding.severity == "error" and not allow_float


def _is_of_call(finding: Finding) -> bool:
    return finding.code.startswith("MM6")


def _sound(report: Report, profile: Profile) -> bool:
    """Whether the model will be what the call asks for."""
    asked = ("quantized", "undetermined", *(["float"] if profile.activations == "float" else []))
    return report.predictions[profile.name].verdict in asked and not report.count("error")


def _convert(converter: Any, report: Report | None, expected: Expected | None) -> bytes:
    try:
        model: bytes = converter.convert()
    except Exception as error:
        if type(error).__name__ != "ConverterError":
            raise
        failure = failure_of_exception("ConverterError", str(error))
        causes = f"{expected.causes}\n" if expected is not None else ""
        raise CheckFailed(f"{causes}the converter failed: {printable(failure.message)}", report) from error
    return model

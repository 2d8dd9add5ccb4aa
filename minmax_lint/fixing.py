"""The core of `fix`: a loaded model and its endpoints in, a patch whose result is linted again out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from minmax_lint.converters.profile import Profile
from minmax_lint.errors import UserError
from minmax_lint.fixes.options import FixOptions
from minmax_lint.fixes.patch import Patch
from minmax_lint.fixes.plan import planned
from minmax_lint.fixes.trial import Trial
from minmax_lint.graph.tensor import Shape
from minmax_lint.linting import report_on
from minmax_lint.loaders.model import Model
from minmax_lint.report import Report


def fix_model(
    model: Model,
    inputs: Mapping[str, Shape | None],
    outputs: tuple[str, ...],
    profiles: tuple[Profile, ...],
    options: FixOptions,
    *,
    path: str,
) -> Patch:
    """Fix a model: the repairs that bring the selected profiles nearest to a quantized model.

    A graph that every profile converts is not touched. Raises UserError where a repair is needed and none
    fits, and where the result does not lint as promised.
    """
    model.require_graph("fix")
    trial = Trial.start(model, inputs, outputs, profiles)
    fixed, refused = planned(trial, options)
    if refused and fixed.repair.edit.empty:
        raise UserError("; ".join(refused))
    before = report_on(trial.subject, model, inputs, outputs, path=path)
    after = report_on(fixed.subject, fixed.model, inputs, fixed.outputs, path=path)
    repair = replace(fixed.repair, reason=_reason(trial, fixed))
    _check(before, after, fixed)
    return Patch(model, repair, before, after)


def _reason(before: Trial, after: Trial) -> str:
    if after.repair.edit.empty:
        if after.quantized:
            return "Nothing is changed: every selected converter makes a quantized model of this graph."
        return "Nothing is changed: no safe repair brings a selected converter nearer to a quantized model."
    told = ", ".join(
        f"{profile.title} goes from {old.verdict} to {new.verdict}"
        for profile, old, new in zip(before.profiles, before.predictions, after.predictions, strict=True)
        if old.verdict != new.verdict
    )
    return f"{after.repair.strategy}: {told or 'fewer ops stay float'}."


def _check(before: Report, after: Report, fixed: Trial) -> None:
    """A fix keeps its word, or is none."""
    if fixed.repair.edit.empty:
        return
    had = {(f.code, f.array or f.node) for f in before.findings if f.severity == "error"}
    new = [f for f in after.findings if f.severity == "error" and (f.code, f.array or f.node) not in had]
    renamed = fixed.repair.edit.renamed
    new = [
        f for f in new if not any((f.code, old) in had for old, name in renamed.items() if name == f.array)
    ]
    if new:
        raise UserError(f"the fix would cause a new error and is not applied: {new[0].code} {new[0].message}")
    kept_word = set(fixed.repair.strategy.split("+"))
    for finding in after.findings:
        if finding.severity == "error" and finding.fix is not None and finding.fix.strategy in kept_word:
            raise UserError(f"the fix did not heal {finding.code} and is not applied: {finding.message}")

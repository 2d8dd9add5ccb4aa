"""The repair of a model, and the proof that its result lints as promised."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from minmax_lint.converters.profile import Profile
from minmax_lint.errors import UnknownName, UserError
from minmax_lint.fixes.edit.options import FixOptions
from minmax_lint.fixes.edit.repair import Repair
from minmax_lint.fixes.engine.patch import Patch
from minmax_lint.fixes.engine.plan import plan_repairs
from minmax_lint.fixes.engine.remaining import describe_rest
from minmax_lint.fixes.engine.trial import Trial
from minmax_lint.graph.names import did_you_mean, parse_edge
from minmax_lint.loaders.endpoints import Endpoints
from minmax_lint.loaders.model import Model
from minmax_lint.report.report import Report
from minmax_lint.rules.framework.rule import rule
from minmax_lint.workflows.lint import collection_paused, report_on


@collection_paused()
def fix_model(
    model: Model, ends: Endpoints, profiles: tuple[Profile, ...], options: FixOptions, path: str
) -> Patch:
    """Fix a model: the repairs that bring the selected profiles nearest to a quantized model.

    A graph that every profile converts is not touched, nor is one that no repair fits, or whose repair would not
    lint as promised: the patch is empty then, and its reason says why.
    """
    model.require_graph("fix")
    named = {"input": ends.inputs, "output": ends.outputs, "array of the given ranges": options.ranges}
    _check_names(model, named)
    trial = Trial(model, ends.inputs, tuple(ends.outputs), profiles)
    malformed = trial.subject.kept.misfit
    if malformed is not None:
        raise UserError(
            f"{path}: the inputs of node {malformed[0]!r} do not fit its op; save the graph again"
        )
    fixed, refused = plan_repairs(trial, options)
    before = _report(trial, path)
    after = before if fixed.repair.edit.empty else _report(fixed, path)
    broken = _broken_promise(before, after, fixed.repair)
    if broken:
        fixed, after, refused = trial, before, (*refused, broken)
    left = () if fixed.quantized else (*(f"{text}." for text in refused), *describe_rest(fixed, options))
    repair = replace(fixed.repair, reason=" ".join([*_reason(trial, fixed, options), *left]))
    return Patch(model, repair, before, after, left)


def _report(trial: Trial, path: str) -> Report:
    return report_on(trial.subject, trial.model, Endpoints(trial.inputs, trial.outputs), path)


def _check_names(model: Model, named: Mapping[str, Iterable[str]]) -> None:
    for kind, names in named.items():
        for name in names:
            if parse_edge(name).node not in model.graph:
                raise UnknownName(f"the graph has no {kind} {name!r}{did_you_mean(name, model.graph.names)}")


def _reason(before: Trial, after: Trial, options: FixOptions) -> list[str]:
    """What was chosen and what it brings, in sentences."""
    sentences = [
        f"{'+'.join(dict.fromkeys(after.repair.strategy.split('+')))}: {_what_changed(before, after)}."
    ]
    if after.repair.reason:
        sentences.append(after.repair.reason)
    if after.repair.edit.empty:
        what = "no repair" if options.unsafe else "no safe repair"
        sentences = [f"Nothing is changed: {what} brings a selected converter nearer to a quantized model."]
        if after.quantized:
            sentences = [
                "Nothing is changed: every selected converter makes a quantized model of this graph."
            ]
    return sentences


def _what_changed(before: Trial, after: Trial) -> str:
    pairs = tuple(zip(before.profiles, before.predictions, after.predictions, strict=True))
    changes = [
        f"{profile.title} goes from {old.verdict} to {new.verdict}"
        for profile, old, new in pairs
        if old.verdict != new.verdict
    ]
    changes += [
        f"TFLite's interpreter can run the model of {profile.title}"
        for profile, old, new in pairs
        if old.runs is False and new.runs
    ]
    return ", ".join(changes) or ("every verdict stays" if before.quantized else "fewer ops stay float")


def _broken_promise(before: Report, after: Report, repair: Repair) -> str:
    """What a fix would not keep of its word: what it claims to heal is gone, and no error is new.

    An error that only profiles have which failed before is not new: the graph had it, and something that is
    healed now stood in front of it.
    """
    if repair.edit.empty:
        return ""
    had = {(found.code, found.array or found.node) for found in before.findings if found.severity == "error"}
    for found in after.findings:
        place = found.array or found.node or ""
        names = {place, repair.name_before(place)}
        if found.severity != "error":
            continue
        fine = any(before.predictions[name].verdict == "quantized" for name in found.profiles)
        if fine and not any((found.code, name) in had for name in names):
            return f"A fix would cause a new error: {found.code} {found.message.rstrip('.')}"
        if any(claim.place in names and claim.strategy in rule(found.code).fixes for claim in repair.claims):
            return f"A fix would not heal {found.code}: {found.message.rstrip('.')}"
    return ""

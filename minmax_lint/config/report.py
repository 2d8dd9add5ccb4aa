"""Apply a configuration to a report: severities, fixable rules, ignores with reasons, the baseline."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from minmax_lint.config.baseline import Baseline
from minmax_lint.report.report import Report
from minmax_lint.rules.framework.finding import SEVERITIES, Finding, Severity, with_fingerprints
from minmax_lint.rules.framework.selection import Selection
from minmax_lint.rules.mm902 import UnusedIgnore

if TYPE_CHECKING:
    from minmax_lint.config.settings import Ignore


class Adjustment(NamedTuple):
    """What to apply. `severities`: rule code or prefix -> severity; the longest that fits counts."""

    severities: Mapping[str, str] = {}
    fixable: Selection = Selection()
    ignores: tuple[Ignore, ...] = ()
    baseline: Baseline | None = None
    selection: Selection = Selection()
    """Which findings about unused ignores are wanted."""


def adjust(report: Report, by: Adjustment) -> Report:
    """The report as the configuration wants it; what ignores and baseline take out is in `ignored`."""
    findings = [_with_settings(finding, by) for finding in report.findings]
    baseline = by.baseline.known(report.path) if by.baseline is not None else frozenset()

    def known(finding: Finding) -> bool:
        return bool(baseline) and finding.fingerprint in baseline

    left: list[Finding] = []
    ignored: list[Finding] = []
    left_out = Counter(report.left_out)
    for finding in findings:
        ignores = any(ignore.covers(finding) for ignore in by.ignores)
        if ignores or known(finding):
            left_out["ignores of the configuration" if ignores else "the baseline"] += 1
            ignored.append(finding)
        else:
            left.append(finding)
    # An ignore counts as used where --select or --ignore hides its finding, too.
    found = [*findings, *report.ignored]
    unused = [
        UnusedIgnore().unused(ignore.code, ignore.node, ignore.reason, ignore.origin)
        for ignore in by.ignores
        if not any(ignore.covers(one) for one in found)
    ]
    left += [one for one in with_fingerprints(unused) if by.selection.accepts(one) and not known(one)]
    left.sort(key=lambda finding: SEVERITIES.index(finding.severity))
    return replace(report, findings=tuple(left), ignored=(*report.ignored, *ignored), left_out=left_out)


def _with_settings(finding: Finding, by: Adjustment) -> Finding:
    severity = _severity(finding, by.severities)
    fix = finding.fix if by.fixable.accepts(finding) else None
    if (severity, fix) == (finding.severity, finding.fix):
        return finding
    return replace(finding, severity=severity, fix=fix)


def _severity(finding: Finding, severities: Mapping[str, str]) -> Severity:
    fitting = [code for code in severities if Selection((code,)).accepts(finding)]
    if not fitting:
        return finding.severity
    wanted = severities[max(fitting, key=lambda code: len(finding.code) if "-" in code else len(code))]
    return next(level for level in SEVERITIES if level == wanted)

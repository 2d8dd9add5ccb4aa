"""SARIF 2.1.0, for code scanning: every rule with its help, findings at nodes, own fingerprints."""

from pathlib import Path, PurePath
from typing import Any, TextIO
from urllib.parse import quote

from minmax_lint.escaping import json_text, sentence
from minmax_lint.report.report import Report
from minmax_lint.report.words import first_of_fused
from minmax_lint.reporters.lines import FIRST, file_of, line_of, place_of
from minmax_lint.reporters.run import Run
from minmax_lint.rules.framework.finding import Finding, Severity, Step
from minmax_lint.rules.framework.rule import Rule, rules
from minmax_lint.version import __version__

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
LEVELS: dict[Severity, str] = {"error": "error", "warning": "warning", "info": "note"}
FINGERPRINT = "minmaxLint/v1"
"""Name of our fingerprint. GitHub would make one from source lines, which a binary graph has not."""


def render(run: Run, out: TextIO) -> None:
    """Write one log with one run; accepted findings are in it, marked as suppressed."""
    out.write(json_text(log(run)))


def log(run: Run) -> dict[str, Any]:
    """The log as plain data."""
    known = rules()
    places = {rule.code: place for place, rule in enumerate(known)}
    results = [
        _result(report, finding, places, suppressed=suppressed)
        for report in run.reports
        for suppressed, findings in ((False, report.findings), (True, report.ignored))
        for finding in findings
    ]
    driver = {
        "name": "minmax-lint",
        "semanticVersion": __version__,
        "rules": [_rule(rule) for rule in known],
    }
    failures = [
        {
            "level": "error",
            "message": {"text": sentence(failed.message)},
            "locations": [_location(failed.path)],
        }
        for failed in run.unreadable
    ]
    invocation: dict[str, Any] = {"executionSuccessful": not failures}
    if failures:
        invocation["toolExecutionNotifications"] = failures
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": driver},
                "invocations": [invocation],
                "columnKind": "unicodeCodePoints",
                "results": results,
            }
        ],
    }


def _rule(rule: Rule) -> dict[str, Any]:
    text = rule.documentation()
    return {
        "id": rule.code,
        "name": "".join(word.capitalize() for word in rule.name.split("-")),
        "shortDescription": {"text": rule.summary()},
        "fullDescription": {"text": rule.section("What it does") or rule.summary()},
        "help": {"text": text, "markdown": text},
        "defaultConfiguration": {"level": LEVELS[rule.severity]},
        "properties": {
            "tags": ["quantization", "tensorflow", rule.name],
            "precision": "very-high",
            "problem.severity": "recommendation" if rule.severity == "info" else rule.severity,
        },
    }


def _result(report: Report, finding: Finding, places: dict[str, int], *, suppressed: bool) -> dict[str, Any]:
    location = _location(*place_of(report, finding))
    if finding.place:
        location["logicalLocations"] = [_logical(finding.place)]
    message = f"{finding.message}. {finding.advice}" if finding.advice else finding.message
    found: dict[str, Any] = {
        "ruleId": finding.code,
        "level": LEVELS[finding.severity],
        "message": {"text": sentence(message)},
        "locations": [location],
        "partialFingerprints": {FINGERPRINT: finding.fingerprint},
        "properties": {
            "profiles": list(finding.profiles),
            "outputs": list(finding.outputs),
            "consequences": list(finding.consequences),
            "fix": finding.fix.description if finding.fix else None,
        },
    }
    if finding.code in places:
        found["ruleIndex"] = places[finding.code]
    if finding.path:
        found["codeFlows"] = [
            {"threadFlows": [{"locations": [_flow(report, step) for step in finding.path]}]}
        ]
    if suppressed:
        found["suppressions"] = [{"kind": "external", "status": "accepted"}]
    return found


def _flow(report: Report, step: Step) -> dict[str, Any]:
    words = " ".join(part for part in (step.op, step.node, step.note) if part)
    at = _location(file_of(report.path), line_of(report, step.node))
    location = {**at, "message": {"text": sentence(words)}, "logicalLocations": [_logical(step.node)]}
    return {"location": location}


def _logical(name: str) -> dict[str, str]:
    return {"name": first_of_fused(name).rsplit("/", 1)[-1], "fullyQualifiedName": name, "kind": "element"}


def _location(path: str, line: int = FIRST) -> dict[str, Any]:
    # Code scanning shows physical locations only.
    return {"physicalLocation": {"artifactLocation": {"uri": _uri(path)}, "region": {"startLine": line}}}


def _uri(path: str) -> str:
    if path in ("-", "<memory>"):
        return "stdin" if path == "-" else "memory"
    return Path(path).as_uri() if Path(path).is_absolute() else quote(PurePath(path).as_posix())

"""JUnit XML: one test suite a model, one test case a selected rule that applies, so that passes are seen as well."""

from typing import TextIO
from xml.etree import ElementTree

from minmax_lint.escaping import name, xml_text
from minmax_lint.report.report import Report
from minmax_lint.report.words import first_of_fused
from minmax_lint.reporters.run import Run, Unreadable
from minmax_lint.rules.framework.finding import Finding
from minmax_lint.rules.framework.rule import rules
from minmax_lint.rules.framework.subject import About


def render(run: Run, out: TextIO) -> None:
    """Write the document. Findings of severity info do not fail their case; they are in its output."""
    root = ElementTree.Element("testsuites", name="minmax-lint")
    for report in run.reports:
        root.append(_suite(run, report))
    for failed in run.unreadable:
        root.append(_failure(failed))
    for count in ("tests", "failures", "errors"):
        root.set(count, str(sum(int(suite.get(count, "0")) for suite in root)))
    ElementTree.indent(root)
    out.write('<?xml version="1.0" encoding="utf-8"?>\n')
    out.write(ElementTree.tostring(root, encoding="unicode") + "\n")


def _suite(run: Run, report: Report) -> ElementTree.Element:
    suite = ElementTree.Element("testsuite", name=xml_text(report.path))
    about: About = "finished" if report.format == "tflite" else "graph"
    applying = [rule for rule in rules() if about in rule.about and rule.needs in (None, *report.given)]
    asked = [rule for rule in applying if run.selected is None or rule.code in run.selected]
    names = {rule.code: rule.name for rule in asked}
    names.update({finding.code: finding.name for finding in report.findings})
    failures = 0
    for code in sorted(names):
        case = ElementTree.SubElement(
            suite, "testcase", classname=xml_text(report.path), name=f"{code} {names[code]}"
        )
        found = [finding for finding in report.findings if finding.code == code]
        failing = [finding for finding in found if finding.severity != "info"]
        notes = [finding for finding in found if finding.severity == "info"]
        failures += bool(failing)
        if failing:
            message = failing[0].message if len(failing) == 1 else f"{len(failing)} findings"
            failure = ElementTree.SubElement(
                case, "failure", type=failing[0].severity, message=xml_text(message)
            )
            failure.text = "\n".join(map(_line, failing))
        if notes:
            ElementTree.SubElement(case, "system-out").text = "\n".join(map(_line, notes))
    suite.set("tests", str(len(names)))
    suite.set("failures", str(failures))
    suite.set("errors", "0")
    return suite


def _failure(failed: Unreadable) -> ElementTree.Element:
    suite = ElementTree.Element("testsuite", name=xml_text(failed.path), tests="1", failures="0", errors="1")
    case = ElementTree.SubElement(suite, "testcase", classname=xml_text(failed.path), name="read")
    ElementTree.SubElement(case, "error", message=xml_text(failed.message))
    return suite


def _line(finding: Finding) -> str:
    where = f" [{name(first_of_fused(finding.place))}]" if finding.place else ""
    line = xml_text(f"{finding.severity}: {finding.message}{where}")
    return f"{line}\n  {xml_text(finding.remedy)}" if finding.remedy else line

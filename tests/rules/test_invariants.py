"""What holds for the findings of every graph: no converter's failure untold, no alarm where all is well."""

import json
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

import minmax_lint
from minmax_lint.report.report import Report
from minmax_lint.rules.framework.rule import rules
from tests.corpus_maker.program import build
from tests.corpus_maker.random_programs import random_program
from tests.rules.linted import lint, lint_example

CORPUS = Path(__file__).parents[2] / "fixtures" / "corpus"
SEEDS = range(120)
NOT_CONVERTERS = ("MM30", "MM6", "MM901")
"""Rules about what no converter sees in the graph: names asked for, ranges of a checkpoint, calls and samples."""
GRAPH_RULES = [rule for rule in rules() if "graph" in rule.about]


@cache
def corpus_reports() -> tuple[Report, ...]:
    """Every other graph of fixtures/corpus, under the profiles that real converters were asked as."""
    with (CORPUS / "cases.jsonl").open() as lines:
        cases = [json.loads(line) for line in lines]
    return tuple(
        minmax_lint.lint(CORPUS / case["graph"], case["inputs"], case["outputs"], list(case["expected"]))
        for case in cases[::2]
    )


@cache
def random_report(seed: int) -> Report:
    made = build(random_program(seed))
    inputs = {name: tuple(shape) for name, shape in made.inputs.items()}
    return lint(made.graph, inputs, made.outputs)


@pytest.fixture(scope="module")
def reports() -> list[Report]:
    """Random graphs, graphs that converters saw, and the examples of all rules under their own profiles."""
    examples = [example for rule in GRAPH_RULES for example in rule.examples()]
    return [
        *map(random_report, SEEDS),
        *corpus_reports(),
        *(lint_example(example) for example in examples if example.finished is None),
    ]


def test_every_failing_profile_has_an_error_that_names_it(reports: list[Report]) -> None:
    untold = [
        (name, found.verdict, found.message)
        for report in reports
        for name, found in report.predictions.items()
        if found.verdict in ("abort", "float")
        and not any(f.severity == "error" and name in f.profiles for f in report.findings)
    ]
    assert untold == []


def test_a_verdict_that_is_not_certain_has_a_warning_that_names_it(reports: list[Report]) -> None:
    untold = [
        (name, found.message)
        for report in reports
        for name, found in report.predictions.items()
        if found.verdict == "undetermined" and not any(name in f.profiles for f in report.findings)
    ]
    assert untold == []


def test_what_every_profile_quantizes_has_no_error(reports: list[Report]) -> None:
    alarms = [
        (finding.code, finding.message)
        for report in reports
        if all(found.verdict == "quantized" for found in report.predictions.values())
        for finding in report.findings
        if finding.severity == "error" and not finding.code.startswith(NOT_CONVERTERS)
    ]
    assert alarms == []


def test_an_error_breaks_the_profiles_that_it_names(reports: list[Report]) -> None:
    innocent = [
        (finding.code, name)
        for report in reports
        for finding in report.findings
        if finding.severity == "error" and not finding.code.startswith(NOT_CONVERTERS)
        for name in finding.profiles
        if report.predictions[name].verdict == "quantized"
    ]
    assert innocent == []


def test_no_root_is_reported_twice_by_one_rule(reports: list[Report]) -> None:
    for report in reports:
        reported = Counter(
            (finding.code, finding.array or finding.node, finding.severity) for finding in report.findings
        )
        assert [place for place, count in reported.items() if count > 1] == []


def test_names_in_findings_exist_in_the_graph(reports: list[Report]) -> None:
    for report in reports:
        for finding in report.findings:
            if finding.code.startswith(NOT_CONVERTERS):
                continue
            assert finding.node is None or finding.node in report.source, finding
            assert all(step.node in report.source for step in finding.path), finding


@pytest.mark.parametrize("code", ["MM101", "MM102", "MM110", "MM114", "MM210", "MM401"])
def test_the_random_graphs_meet_the_common_rules(code: str) -> None:
    assert any(finding.code == code for seed in SEEDS for finding in random_report(seed).findings)

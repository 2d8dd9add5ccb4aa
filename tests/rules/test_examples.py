"""Every rule finds its failing example, and is silent on its passing one."""

import pytest

from minmax_lint.rules.framework.rule import Rule, rules
from tests.rules.linted import found, lint_example

ELSEWHERE = {"MM902"}
"""Rules about something that is no graph; they have tests of their own."""

EACH_RULE = pytest.mark.parametrize(
    "rule", [rule for rule in rules() if rule.code not in ELSEWHERE], ids=lambda rule: rule.code
)


@EACH_RULE
def test_the_failing_example_is_found(rule: Rule) -> None:
    report = lint_example(rule.examples().failing)
    assert found(report, rule.code), report.findings
    assert rule.needs in (None, *report.given)


@EACH_RULE
def test_the_passing_example_is_not_found(rule: Rule) -> None:
    assert not found(lint_example(rule.examples().passing), rule.code)

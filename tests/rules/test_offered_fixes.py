"""What a finding offers heals it."""

from pathlib import Path

import pytest

from minmax_lint.api import fix, lint
from minmax_lint.fixes.bounds.elementwise import BINARY, UNARY
from minmax_lint.fixes.edit.options import FixOptions
from minmax_lint.fixes.repairs.replace import RULES
from minmax_lint.loaders.model import Model
from minmax_lint.rules.framework.replaceable import REPLACED
from minmax_lint.rules.framework.rule import Rule, rules
from minmax_lint.rules.mm401 import APPROXIMATED, APPROXIMATED_OF_TWO
from minmax_lint.workflows.opened import open_model
from tests.rules.linted import found, lint_example

OFFERING = [
    rule
    for rule in rules()
    if rule.fixes and any(f.fix for f in found(lint_example(rule.examples().failing), rule.code))
]


@pytest.mark.parametrize("rule", OFFERING, ids=lambda rule: rule.code)
def test_the_repair_that_the_failing_example_is_offered_heals_it(rule: Rule) -> None:
    example = rule.examples().failing
    (finding,) = found(lint_example(example), rule.code)
    assert finding.fix is not None
    assert finding.fix.strategy in rule.fixes
    unsafe = finding.fix.applicability == "unsafe"
    options = FixOptions(unsafe=unsafe, default_range=(-4.0, 4.0) if unsafe else None)
    model = Model(None, "graphdef", example.graph)
    opened = open_model(model, example.inputs, example.outputs, converters=example.profiles)
    patch = opened.fix(options)
    assert not found(patch.after, rule.code)
    assert patch.safe is not unsafe


def test_most_rules_with_a_repair_offer_it_for_their_example() -> None:
    offering = {rule.code for rule in OFFERING}
    assert offering >= {
        "MM101",
        "MM102",
        "MM103",
        "MM104",
        "MM110",
        "MM112",
        "MM113",
        "MM114",
        "MM130",
        "MM201",
        "MM401",
    }


def test_every_op_that_is_offered_to_be_written_out_can_be() -> None:
    assert set(REPLACED) == set(RULES)


def test_every_function_that_is_offered_to_be_approximated_can_be() -> None:
    assert (set(UNARY), set(BINARY)) == (APPROXIMATED, APPROXIMATED_OF_TWO)


def test_a_training_graph_is_offered_all_that_fix_does() -> None:
    founding = Path(__file__).parents[2] / "fixtures" / "founding"
    report = lint(founding / "training", script=founding / "train.py")
    assert (report.outputs, report.inferred_how) == (
        ("output",),
        f"inputs and outputs from {founding / 'train.py'}:36",
    )
    assert [(one.code, one.fix and one.fix.applicability) for one in report.findings] == [
        ("MM101", "safe"),
        ("MM130", "safe"),
    ]
    assert not fix(founding / "training", outputs=["output"]).after.findings

"""The form of rules: one file each, documentation in fixed sections, codes and names that users can rely on."""

import re
from pathlib import Path

import pytest

import minmax_lint.fixes.repairs
import minmax_lint.rules
from minmax_lint.converters.releases import LAST_MLIR, dotted
from minmax_lint.reporters.terminal.rule_list import GROUPS
from minmax_lint.rules.framework.finding import SEVERITIES
from minmax_lint.rules.framework.rule import SECTIONS, Rule, rules

FOLDER = Path(minmax_lint.rules.__file__).parent
EACH_RULE = pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.code)
REPAIRS = {path.stem for path in Path(minmax_lint.fixes.repairs.__file__).parent.glob("*.py")}


def test_every_file_of_a_rule_holds_the_rule_of_its_name() -> None:
    files = sorted(path.stem.upper() for path in FOLDER.glob("mm[0-9]*.py"))
    assert [rule.code for rule in rules()] == files


def test_codes_and_names_are_unique_and_codes_sorted() -> None:
    codes = [rule.code for rule in rules()]
    assert codes == sorted(set(codes))
    assert len({rule.name for rule in rules()}) == len(codes)


@EACH_RULE
def test_code_and_name_have_their_form(rule: Rule) -> None:
    assert re.fullmatch(r"MM[1-9]\d\d", rule.code)
    assert rule.code[:3] in GROUPS, (
        "a new hundred is a new family: name it in reporters/terminal/rule_list.py"
    )
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", rule.name)
    assert rule.severity in SEVERITIES
    assert set(rule.fixes) <= REPAIRS


@EACH_RULE
def test_the_documentation_has_its_sections_in_order(rule: Rule) -> None:
    headings = re.findall(r"^## (.+)$", rule.documentation(), re.MULTILINE)
    assert tuple(headings) == SECTIONS
    assert all(rule.section(title) for title in SECTIONS)


@EACH_RULE
def test_the_summary_is_one_short_sentence(rule: Rule) -> None:
    assert rule.summary().endswith(".")
    assert len(rule.summary()) <= 105
    assert rule.documentation().splitlines()[1] == ""


@EACH_RULE
def test_the_file_says_which_rule_it_holds(rule: Rule) -> None:
    text = (FOLDER / f"{rule.code.lower()}.py").read_text()
    assert text.startswith(f'"""{rule.code}: {rule.name}."""\n')


@EACH_RULE
def test_no_documentation_goes_stale_with_the_next_tensorflow(rule: Rule) -> None:
    assert f"to {dotted(LAST_MLIR)}" not in rule.documentation(), "say `from TF 2.12 on`"

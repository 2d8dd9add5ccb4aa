"""JUnit XML."""

import io
from dataclasses import replace
from xml.etree import ElementTree

from minmax_lint.reporters import Run, Unreadable
from minmax_lint.reporters.formats import junit
from minmax_lint.rules.framework.rule import rules
from tests.reporters.reports import CLEAN, MIXED, MM101, MM110, report


def tree(run: Run) -> ElementTree.Element:
    out = io.StringIO()
    junit.render(run, out)
    return ElementTree.fromstring(out.getvalue())


def test_each_model_is_a_suite_and_each_rule_a_case():
    (suite,) = tree(CLEAN)
    assert [case.get("name") for case in suite] == [
        f"{rule.code} {rule.name}" for rule in rules() if "graph" in rule.about and rule.needs is None
    ]
    assert (suite.get("failures"), suite.get("errors")) == ("0", "0")


def test_rules_about_finished_models_are_cases_of_those_alone():
    of_graph, of_model = (
        {case.get("name", "")[:5] for case in next(iter(tree(Run((replace(report(), format=form),)))))}
        for form in ("graphdef", "tflite")
    )
    assert {"MM501", "MM502"} <= of_model - of_graph
    assert "MM101" in of_graph - of_model


def test_rules_about_a_call_are_cases_where_there_is_one():
    (suite,) = tree(Run((replace(report(), given=frozenset({"call"})),)))
    codes = {case.get("name", "")[:5] for case in suite}
    assert "MM601" in codes
    assert not codes & {"MM301", "MM404", "MM620"}


def test_rules_that_were_not_asked_for_are_no_cases():
    (suite,) = tree(replace(CLEAN, selected=frozenset({"MM902"})))
    assert [case.get("name") for case in suite] == ["MM902 unused-ignore"]


def test_findings_fail_their_rules_case_and_are_counted():
    root = tree(MIXED)
    failing = {case.get("name") for case in root.iter("testcase") if case.find("failure") is not None}
    assert failing == {"MM101 output-fakequant-outside", "MM110 activation-without-range"}
    assert root.get("failures") == "2"
    assert [suite.get("failures") for suite in root] == ["2", "0"]


def test_an_info_does_not_fail():
    root = tree(Run((report(replace(MM110, severity="info")),)))
    assert root.get("failures") == "0"
    assert "has no range" in "".join(out.text for out in root.iter("system-out"))


def test_characters_that_xml_cannot_hold_are_written_out():
    root = tree(Run((report(replace(MM101, message="a\x00b\x1b<&>")),)))
    assert next(root.iter("failure")).get("message") == r"a\x00b\x1b<&>"


def test_a_model_that_cannot_be_read_is_an_error():
    root = tree(Run((), (Unreadable("x.pb", "not there"),)))
    assert (root.get("errors"), next(root.iter("error")).get("message")) == ("1", "not there")

"""SARIF: valid by the official schema (2.1.0 rtm.5), and with what code scanning needs."""

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from minmax_lint.reporters import Run, Unreadable
from minmax_lint.reporters.formats import sarif
from minmax_lint.rules.framework.rule import rules
from tests.reporters.reports import BROKEN, CLEAN, MIXED, MM101, MM110, report

SCHEMA = Path(__file__).parents[2] / "fixtures/sarif/sarif-2.1.0-rtm.5.json"
FAILED = Run((), (Unreadable("gone.pb", "gone.pb is not there"),))
SUPPRESSED = Run((replace(report(MM101), ignored=report(MM110).findings),))


def log(run: Run) -> dict:
    out = io.StringIO()
    sarif.render(run, out)
    return json.loads(out.getvalue())


def results(run: Run) -> list[dict]:
    return log(run)["runs"][0]["results"]


@pytest.mark.parametrize("run", [BROKEN, CLEAN, MIXED, FAILED, SUPPRESSED], ids=lambda run: "")
def test_it_is_valid(run):
    jsonschema = pytest.importorskip("jsonschema")
    jsonschema.validate(log(run), json.loads(SCHEMA.read_text()))


def test_every_rule_is_listed_whether_hit_or_not():
    listed = log(CLEAN)["runs"][0]["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in listed] == [rule.code for rule in rules()]
    assert all(rule["help"]["markdown"] and rule["defaultConfiguration"]["level"] for rule in listed)


def test_the_index_of_a_rule_is_its_place():
    driver = log(BROKEN)["runs"][0]["tool"]["driver"]
    for result in results(BROKEN):
        if "ruleIndex" in result:
            assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]


def test_a_finding_is_at_its_node_and_has_our_fingerprint():
    (result,) = results(BROKEN)
    (location,) = result["locations"]
    assert result["level"] == "error"
    assert location["logicalLocations"][0]["fullyQualifiedName"] == MM101.node
    assert location["physicalLocation"]["artifactLocation"]["uri"] == "eval.pb"
    assert result["partialFingerprints"] == {"minmaxLint/v1": BROKEN.reports[0].findings[0].fingerprint}
    steps = result["codeFlows"][0]["threadFlows"][0]["locations"]
    assert [step["location"]["logicalLocations"][0]["fullyQualifiedName"] for step in steps] == [
        step.node for step in MM101.path
    ]


def test_accepted_findings_stay_in_the_file_as_suppressed():
    first, second = results(SUPPRESSED)
    assert "suppressions" not in first
    assert second["suppressions"] == [{"kind": "external", "status": "accepted"}]


def test_a_model_that_could_not_be_read_fails_the_invocation():
    (invocation,) = log(FAILED)["runs"][0]["invocations"]
    assert invocation["executionSuccessful"] is False
    assert "gone.pb" in invocation["toolExecutionNotifications"][0]["message"]["text"]
    assert log(BROKEN)["runs"][0]["invocations"] == [{"executionSuccessful": True}]


@pytest.mark.parametrize(
    ("path", "uri"),
    [("a b/c#1.pb", "a%20b/c%231.pb"), ("/tmp/x.pb", "file:///tmp/x.pb"), ("-", "stdin")],
)
def test_paths_become_uris(path, uri):
    (result,) = results(Run((report(MM101, path=path),)))
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == uri

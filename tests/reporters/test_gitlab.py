"""GitLab code quality."""

import io
import json

from minmax_lint.reporters import Run, Unreadable
from minmax_lint.reporters.formats import gitlab
from tests.reporters.reports import CLEAN, MIXED, MM101, report


def entries(run: Run) -> list[dict]:
    out = io.StringIO()
    gitlab.render(run, out)
    return json.loads(out.getvalue())


def test_every_finding_has_the_fields_that_gitlab_asks_for():
    found = entries(MIXED)
    assert [(one["check_name"], one["severity"]) for one in found] == [
        ("output-fakequant-outside", "major"),
        ("activation-without-range", "minor"),
    ]
    for one in found:
        assert set(one) == {"description", "check_name", "fingerprint", "severity", "location"}
        assert one["location"] == {"path": "eval.pb", "lines": {"begin": 1}}


def test_the_same_finding_of_two_models_has_two_fingerprints():
    one, other = entries(Run((report(MM101), report(MM101, path="other.pb"))))
    assert one["fingerprint"] != other["fingerprint"]


def test_a_clean_run_is_an_empty_list():
    assert entries(CLEAN) == []


def test_a_model_that_cannot_be_read_blocks():
    assert entries(Run((), (Unreadable("x.pb", "not there"),)))[0]["severity"] == "blocker"

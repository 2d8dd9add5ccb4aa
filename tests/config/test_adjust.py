"""What a configuration does to a report."""

import pytest

from minmax_lint.config import Adjustment, adjust
from minmax_lint.config.baseline import Baseline, read_baseline
from minmax_lint.config.settings import Ignore
from minmax_lint.errors import UserError
from minmax_lint.rules.framework.selection import Selection
from tests.reporters.reports import MM101, MM110, report


def codes(found):
    return [(one.code, one.severity) for one in found]


def ignoring(code: str, node: str | None = None) -> Adjustment:
    return Adjustment(ignores=(Ignore(code, "known", node, "minmax-lint.toml, models[0], ignore[0]"),))


def test_without_settings_nothing_changes():
    before = report(MM101, MM110)
    assert adjust(before, Adjustment()) == before


@pytest.mark.parametrize(
    ("severities", "wanted"),
    [
        ({"MM1": "info"}, ["info", "info"]),
        ({"MM1": "info", "MM101": "warning"}, ["warning", "info"]),
        ({"output-fakequant-outside": "info", "MM": "warning"}, ["warning", "info"]),
    ],
)
def test_the_most_specific_severity_counts_and_the_order_follows(severities, wanted):
    found = adjust(report(MM101, MM110), Adjustment(severities=severities)).findings
    assert [one.severity for one in found] == wanted


def test_findings_of_other_rules_than_the_fixable_lose_their_fix():
    assert adjust(report(MM101), Adjustment(fixable=Selection(("MM110",)))).findings[0].fix is None
    assert adjust(report(MM101), Adjustment(fixable=Selection(("MM101",)))).findings[0].fix is not None


@pytest.mark.parametrize("node", [None, "act_quant/*", "output"])
def test_an_ignore_takes_its_findings_out_and_keeps_them_as_ignored(node):
    found = adjust(report(MM101, MM110), ignoring("MM101", node))
    assert codes(found.findings) == [("MM110", "warning")]
    assert codes(found.ignored) == [("MM101", "error")]


def test_an_unused_ignore_is_a_finding_that_repeats_its_reason():
    found = adjust(report(MM101), ignoring("MM101", "elsewhere/*")).findings
    assert codes(found) == [("MM101", "error"), ("MM902", "warning")]
    assert "elsewhere/*" in found[1].message
    assert "ignore[0]" in found[1].message
    assert "known" in found[1].advice
    assert found[1].fingerprint


def test_an_ignore_of_a_finding_that_select_hides_is_used():
    before = report()
    hidden = report(MM101).findings
    object.__setattr__(before, "ignored", hidden)
    assert adjust(before, ignoring("MM101")).findings == ()


def test_a_baseline_hides_what_it_knows_and_only_that(tmp_path):
    file = tmp_path / "baseline.json"
    Baseline({}, tmp_path).updated([report(MM101)]).save(file)
    found = adjust(report(MM101, MM110), Adjustment(baseline=read_baseline(file)))
    assert codes(found.findings) == [("MM110", "warning")]
    assert codes(found.ignored) == [("MM101", "error")]


def test_a_baseline_is_of_one_model(tmp_path):
    known = Baseline({}, tmp_path).updated([report(MM101)])
    other = adjust(report(MM101, path="other.pb"), Adjustment(baseline=known))
    assert codes(other.findings) == [("MM101", "error")]


def test_updating_replaces_a_models_entries_and_leaves_other_models():
    known = Baseline({}).updated([report(MM101), report(MM110, path="other.pb")])
    later = known.updated([report()])
    assert list(later.models) == ["other.pb"]


def test_updating_keeps_what_the_baseline_itself_hides():
    known = Baseline({}).updated([report(MM101)])
    hidden = adjust(report(MM101), Adjustment(baseline=known))
    assert known.updated([hidden]) == known


def test_pruning_drops_the_healed_and_adds_nothing():
    known = Baseline({}).updated([report(MM101)])
    pruned = known.pruned([report(MM110)])
    assert len(pruned) == 0
    assert len(known.pruned([report(MM101, MM110)])) == 1


def test_the_file_does_not_depend_on_the_order_of_findings():
    one = Baseline({}).updated([report(MM101, MM110), report(MM110, path="b.pb")])
    two = Baseline({}).updated([report(MM110, path="b.pb"), report(MM110, MM101)])
    assert one.text() == two.text()


@pytest.mark.parametrize("content", ["", "[]", '{"version": 1}', '{"version": 9, "models": {}}'])
def test_what_is_no_baseline_is_said_so(tmp_path, content):
    file = tmp_path / "baseline.json"
    file.write_text(content)
    with pytest.raises(UserError, match="baseline"):
        read_baseline(file)


def test_a_missing_baseline_says_how_to_make_it(tmp_path):
    with pytest.raises(UserError, match="minmax-lint baseline create"):
        read_baseline(tmp_path / "none.json")

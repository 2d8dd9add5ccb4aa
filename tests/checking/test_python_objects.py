"""What Python shows of the package and its results, and names that stand alone where several are taken."""

from pathlib import Path

import pytest

import minmax_lint

GRAPH = Path(__file__).parents[2] / "fixtures" / "founding" / "eval-frozen.pb"
LONGEST = 3000


def test_completion_lists_the_whole_interface() -> None:
    assert set(dir(minmax_lint)) == set(minmax_lint.__all__)


def test_results_are_printed_in_a_few_lines() -> None:
    report = minmax_lint.lint(GRAPH)
    assert len(repr(report)) < LONGEST
    assert "MM101" in repr(report)
    patch = minmax_lint.fix(GRAPH)
    assert len(repr(patch)) < LONGEST
    assert "strategy='retarget'" in repr(patch)


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("inputs", "input"),
        ("outputs", "output"),
        ("converters", "toco"),
        ("select", "MM101"),
        ("ignore", "MM2"),
    ],
)
def test_one_name_needs_no_list(key: str, name: str) -> None:
    alone, listed = (minmax_lint.lint(GRAPH, **{key: names}) for names in (name, [name]))
    assert repr(alone) == repr(listed)
    assert [finding.code for finding in alone.findings] == ["MM101"]


def test_one_name_needs_no_list_in_an_assertion() -> None:
    assert not minmax_lint.assert_quantizable(GRAPH, converters="toco", ignore="MM101").findings

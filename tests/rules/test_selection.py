"""`--select` and `--ignore`: the more specific wins, of equals ignore."""

import pytest

from minmax_lint.errors import UnknownName
from minmax_lint.rules.framework.rule import rule, rules
from minmax_lint.rules.framework.selection import Selection


@pytest.mark.parametrize(
    ("select", "ignore", "wanted"),
    [
        ((), (), True),
        (("MM1",), (), True),
        (("MM9",), (), False),
        ((), ("MM1",), False),
        (("MM101",), ("MM1",), True),
        (("MM1",), ("MM101",), False),
        (("MM101",), ("MM101",), False),
        (("ALL",), ("MM1",), False),
        (("ALL",), ("MM9",), True),
        (("output-fakequant-outside",), ("mm1",), True),
        (("MM9", "MM101"), ("ALL",), True),
    ],
)
def test_selection_takes_the_most_specific_of_select_and_ignore(
    select: tuple[str, ...], ignore: tuple[str, ...], wanted: bool
) -> None:
    assert Selection(select, ignore).accepts(rule("MM101")) is wanted


def test_codes_are_those_of_the_rules_that_are_wanted() -> None:
    assert Selection(("MM902", "MM901")).codes() == {"MM901", "MM902"}
    assert Selection().codes() == {found.code for found in rules()}


@pytest.mark.parametrize("text", ["MM99999", "MM77", "no-such-rule", "X101"])
def test_what_fits_no_rule_is_an_error(text: str) -> None:
    with pytest.raises(UnknownName):
        Selection((text,))

"""How a report looks in a notebook."""

from dataclasses import replace
from xml.etree import ElementTree

import pytest

from tests.reporters.reports import BROKEN, CLEAN, MIXED, MM101, report


@pytest.mark.parametrize("run", [BROKEN, CLEAN, MIXED], ids=["broken", "clean", "mixed"])
def test_it_is_sound_markup_without_scripts(run):
    text = run.reports[0]._repr_html_()
    ElementTree.fromstring(text)
    assert "<script" not in text
    assert "http" not in text


def test_it_tells_verdicts_findings_and_fixes():
    root = ElementTree.fromstring(BROKEN.reports[0]._repr_html_())
    assert [cell.text for cell in root.iter("td")][:2] == ["TOCO (TF 2.15)", "aborts"]
    assert "Make the FakeQuant the output" in "".join(root.itertext())
    assert root.find(".//details").get("open") is not None


def test_names_do_not_become_markup():
    nasty = replace(MM101, message="<script>alert(1)</script>", node="<b>")
    assert "<script" not in report(nasty, path="<i>.pb")._repr_html_()

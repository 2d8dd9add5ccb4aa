"""Names that the converter joined of all ops that it fused, and advice that stands beside a fix."""

from dataclasses import replace

import pytest

from minmax_lint.reporters import Run
from minmax_lint.rules.framework.finding import insertion
from tests.reporters.reports import MM110, report
from tests.reporters.test_golden import rendered

FUSED = "net/relu/Relu;" + ";".join(f"net/batch_normalization_{i}/batchnorm/sub{i}" for i in range(12))
FINDING = replace(MM110, node=FUSED, array=FUSED, consequences=(FUSED.replace("relu", "second"),))
RUN = Run((report(FINDING),))


@pytest.mark.parametrize("form", ["full", "concise", "markdown", "github", "junit"])
def test_of_a_fused_name_reports_for_people_show_the_first(form: str) -> None:
    text = rendered(RUN, form)
    assert ("net/second/Relu" if form == "full" else "net/relu/Relu") in text
    assert "batchnorm/sub11" not in text
    if form == "full":
        assert max(map(len, text.splitlines())) <= 80


def test_sarif_calls_a_fused_op_by_its_own_name_and_keeps_the_whole() -> None:
    text = rendered(RUN, "sarif")
    assert '"name": "Relu"' in text
    assert f'"fullyQualifiedName": "{FUSED}"' in text
    assert '"name": "sub11"' not in text


@pytest.mark.parametrize("form", ["markdown", "github", "junit", "sarif"])
def test_the_advice_stands_beside_the_fix(form: str) -> None:
    finding = replace(MM110, advice="Go one step back.", fix=insertion("'output'"))
    text = rendered(Run((report(finding),)), form)
    assert "Go one step back." in text
    assert "Insert a FakeQuant" in text

"""What is compared with a converter."""

from __future__ import annotations

from contextlib import suppress

import pytest

from minmax_lint.graph.fakequant import FAKE_QUANTS
from tests.corpus_maker.pieces import NotApplicable
from tests.corpus_maker.random_programs import random_program
from tests.differential.__main__ import main
from tests.differential.comparison import built_for


@pytest.mark.parametrize(("profile", "trained"), [("mlir-2.21", True), ("mlir-2.21-int8", False)])
def test_ranges_that_are_calibrated_come_from_no_fake_quant(profile: str, *, trained: bool) -> None:
    ops = set[str]()
    for seed in range(20):
        with suppress(NotApplicable):
            ops |= {node.op for node in built_for(random_program(seed), profile).graph}
    assert "Relu" in ops
    assert bool(ops & FAKE_QUANTS) == trained


def test_an_environment_that_is_missing_is_named_with_what_makes_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tests.differential.__main__.interpreters", dict)
    with pytest.raises(SystemExit):
        main(["--profile", "mlir-2.19"])
    assert "python -m tests.versions environment 2.19" in capsys.readouterr().err

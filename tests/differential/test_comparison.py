"""What is compared with a converter."""

from contextlib import suppress
from typing import cast

import pytest

from minmax_lint.converters.releases import MEASURED
from minmax_lint.graph.build import Builder
from minmax_lint.graph.fakequant import FAKE_QUANTS
from tests.corpus_maker.pieces import NotApplicable
from tests.corpus_maker.program import Built
from tests.corpus_maker.random_programs import random_program
from tests.differential.__main__ import main
from tests.differential.comparison import built_for, predicted


@pytest.mark.parametrize(("profile", "trained"), [("mlir-2.21", True), ("mlir-2.21-int8", False)])
def test_ranges_that_are_calibrated_come_from_no_fake_quant(profile: str, *, trained: bool) -> None:
    ops = set[str]()
    for seed in range(20):
        with suppress(NotApplicable):
            ops |= {node.op for node in built_for(random_program(seed), profile).graph}
    assert "Relu" in ops
    assert bool(ops & FAKE_QUANTS) == trained


def test_a_release_that_is_not_measured_yet_is_compared_by_its_own_model(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A quotient is integer since TF 2.20."""
    b = Builder()
    x = b.fake_quant("x", b.placeholder("input", [1, 4]), 0.5, 1)
    b.fake_quant("out", b.add("RealDiv", "y", x, b.fake_quant("x2", b.add("Relu", "r", x), 0.5, 1)), -1, 1)
    built = Built(b.graph(), {"input": [1, 4]}, ["out"])
    assert predicted(built, "mlir-2.21").verdict == "quantized"
    monkeypatch.setitem(cast("dict[object, object]", MEASURED), ("mlir", ""), ((2, 15),))
    assert predicted(built, "mlir-2.21").verdict == "quantized"


def test_an_environment_that_is_missing_is_named_with_what_makes_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tests.differential.__main__.interpreters", dict)
    with pytest.raises(SystemExit):
        main(["--profile", "mlir-2.19"])
    assert "python -m tests.versions environment 2.19" in capsys.readouterr().err

"""`python -m tests.sweep` on a folder with a sound, a broken and a foreign file."""

import json
import os
import signal
import time
from pathlib import Path

import pytest

from minmax_lint.converters.prediction import Prediction
from minmax_lint.graph.build import Builder
from minmax_lint.writers.graphdef import encode
from tests.sweep.__main__ import main
from tests.sweep.limits import Ended, Limits, limited
from tests.sweep.ours import Looked, Run
from tests.sweep.result import Sweep, difference


def test_what_is_sound_is_looked_at_and_what_is_not_is_refused_with_the_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "models"
    (folder / "inside").mkdir(parents=True)
    b = Builder()
    b.add("Relu", "out", b.placeholder("input", [1, 4]))
    sound = encode(b.graph())
    (folder / "sound.pb").write_bytes(sound)
    (folder / "broken.pb").write_bytes(sound[: len(sound) // 2])
    (folder / "inside" / "foreign.pt").write_bytes(b"PK\x03\x04archive/data.pkl")
    assert main([str(folder), "--json", str(tmp_path / "found.json")]) == 0
    found = json.loads((tmp_path / "found.json").read_text())
    assert found["models"] == 3
    assert found["crashes"] == found["disagreements"] == []
    assert [one["model"] for one in found["refusals"]] == ["models/broken.pb", "models/inside/foreign.pt"]
    assert "PyTorch" in found["refusals"][1]["reason"]
    assert "3 models, 0 crashes, 2 refusals, 0 disagreements" in capsys.readouterr().out


def test_a_fault_of_ours_is_a_crash_and_no_refusal() -> None:
    message = "Traceback\nKeyError: 'x'\nerror: this is a bug in minmax-lint 1.0; please report it"
    sweep = Sweep({"a.pb": Looked((Run("check", 2, 0.1, message),))}, {"b.pb": "no end after 60 s"})
    assert list(sweep.crashes) == [("b.pb", "no end after 60 s"), ("a.pb", "check: KeyError: 'x'")]
    assert list(sweep.refusals) == []


def test_a_disagreement_names_the_float_ops_that_differ() -> None:
    real = {"verdict": "float", "float_ops": [["ADD", "a"], ["MUL", "b"]]}
    predicted = Prediction("mlir-2.21", "float", float_ops=(("ADD", "a"), ("SUB", "b")))
    looked = Looked(predictions={"mlir-2.21": predicted})
    sweep = Sweep({"a.pb": looked}, answers={("a.pb", "mlir-2.21"): real})
    assert sweep.tally["mlir-2.21"] == {"models": 1, "verdict": 1, "detail": 0, "undetermined": 0}
    assert difference(predicted, real) == "float ops: SUB predicted alone, MUL really alone"


def test_what_takes_too_long_or_dies_is_ended_and_the_others_go_on() -> None:
    found = dict(limited(Limits(0.3, 4096, jobs=2), _work, ["sleep", "die", "do", "do it"]))
    assert found["sleep"] == Ended("no end after 0.3 s")
    assert found["die"] == Ended("died with exit code -9")
    assert found["do"] == found["do it"] == "done"


def _work(what: str) -> str:
    if what == "sleep":
        time.sleep(30)
    if what == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    return "done"

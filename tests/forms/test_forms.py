"""A network gets one verdict and one list of float ops, whatever it is saved as, and both are the real converter's.

Float networks are quantized after training with real samples, networks of tfmot by their fake quants. The frozen
graphs are made by the loader's own modules in the child that builds the networks: as of a Keras object, a
concrete function, a `.keras` and an `.h5` file.
"""

import fcntl
import json
import os
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import minmax_lint
from minmax_lint.backends.conversion.failure import failure_of_exception
from minmax_lint.loaders.keras import child
from minmax_lint.loaders.tflite.file import read_model
from tests.forms import nets
from tests.interpreters import tf215, tf221

EXPORT = Path(__file__).with_name("export.py")
FORMS = {"saved model", "keras object", "concrete function", "keras", "h5", "pbtxt"}
PYTHONS = {"tf215": tf215, "tf221": tf221}
PROFILES = {
    ("float", "tf215"): "mlir-2.15-int8",
    ("float", "tf221"): "mlir-2.21-int8",
    ("trained", "tf221"): "mlir-2.21-v2",
}
NETS = [("float", name) for name in nets.FLOAT] + [("trained", name) for name in nets.TRAINED]
CASES = [(version, *net) for version in PYTHONS for net in NETS if (net[0], version) in PROFILES]
"""The networks of tfmot on TF 2.21 alone: the environment of TF 2.15 in CI has no tfmot."""
Outcome = tuple[str, Counter[str]]


def exported(version: str, folder: Path) -> Path:
    """The folder with every network: made once, whichever of pytest's processes comes first."""
    python = PYTHONS[version]()
    place = folder / version
    with (folder / f"{version}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not place.exists():
            subprocess.run(
                [python, EXPORT, place, Path(child.__file__).parent],
                check=True,
                capture_output=True,
                env={name: text for name, text in os.environ.items() if name != "PYTHONPATH"},
                timeout=300,
            )
    return place


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One that all of pytest's processes share."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


def real(net: Path) -> Outcome:
    """What the converter did."""
    if (net / "failure").exists():
        kind, _, message = (net / "failure").read_text().partition(": ")
        return "abort " + failure_of_exception(kind, message).kind, Counter()
    model = read_model(net / "model.tflite")
    return model.verdict("tf2"), Counter(op for op, _ in model.float_ops)


def predicted(profile: str, source: Path, **options: Any) -> Outcome:
    """What the profile says it does."""
    prediction = minmax_lint.lint(source, converters=[profile], **options).predictions[profile]
    verdict = f"abort {prediction.kind}" if prediction.verdict == "abort" else prediction.verdict
    return verdict, Counter(op for op, _ in prediction.float_ops)


def predicted_of_forms(net: Path, profile: str) -> dict[str, Outcome]:
    """Form -> what the profile says."""
    found = {"saved model": predicted(profile, net / "saved_model")}
    for form, saved in json.loads((net / "forms.json").read_text()).items():
        signature = {"inputs": saved["inputs"], "outputs": saved["outputs"]}
        found[form] = predicted(profile, net / saved["file"], **signature)
    return found


@pytest.mark.parametrize(("version", "kind", "name"), CASES)
def test_every_form_of_a_network_gets_the_converters_answer(
    version: str, kind: str, name: str, folder: Path
) -> None:
    net = exported(version, folder) / f"{kind}-{name}"
    assert (net / "forms.json").exists(), (net / "log").read_text()[-2000:]
    answers = predicted_of_forms(net, PROFILES[kind, version])
    assert answers.keys() == FORMS
    assert answers == dict.fromkeys(FORMS, real(net))

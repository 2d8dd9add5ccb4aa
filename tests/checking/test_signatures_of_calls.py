"""Calls of one script that convert different signatures of a SavedModel: each is judged by its own.

The expectations are the answers of TF 2.15.1 and 2.21.0, which a test below asks again.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

import minmax_lint
from minmax_lint.cli import main
from minmax_lint.config import load, targets
from minmax_lint.errors import UserError
from minmax_lint.report.report import Report
from tests.interpreters import tf215, tf221

MODELS = """
import tensorflow as tf
class Net(tf.Module):
    @tf.function(input_signature=[tf.TensorSpec([1, 4])])
    def one(self, x):
        return {"y": tf.nn.relu(x)}
    @tf.function(input_signature=[tf.TensorSpec([1, 4])])
    def two(self, x):
        return {"z": tf.math.erf(x)}
net = Net()
tf.saved_model.save(net, "default", signatures={"serving_default": net.one, "two": net.two})
tf.saved_model.save(net, "pair", signatures={"one": net.one, "two": net.two})
"""
"""Erf has no builtin: what takes `two` in aborts."""
CALLS = {
    "default": {
        "": "abort",
        "'serving_default'": "float",
        "'two'": "abort",
        "'serving_default', 'two'": "abort",
    },
    "pair": {"": "abort", "'one'": "float", "'two'": "abort", "'two', 'one'": "abort"},
}
"""Model -> signature_keys -> what comes of the call."""
REAL = """
import sys, tensorflow as tf
for model, keys in {asked!r}:
    given = {{"signature_keys": eval(f"[{{keys}}]")}} if keys else {{}}
    converter = tf.lite.TFLiteConverter.from_saved_model(model, **given)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    try:
        converter.convert()
        print("float")
    except Exception:
        print("abort")
"""
HEAD = "import tensorflow as tf\n"
OPTIMIZED = "c.optimizations = [tf.lite.Optimize.DEFAULT]\nc.convert()\n"


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("signatures")
    subprocess.run([tf221(), "-c", MODELS], cwd=folder, capture_output=True, check=True)
    return folder


def made(model: str, keys: str) -> str:
    named = f", signature_keys=[{keys}]" if keys else ""
    return f"c = tf.lite.TFLiteConverter.from_saved_model('{model}'{named})\n{OPTIMIZED}"


def judged(models: Path, script: str, model: str) -> tuple[Report, ...]:
    (models / "export.py").write_text(HEAD + script)
    found = minmax_lint.lint(models / model, script=models / "export.py")
    return found, *found.others


def verdicts(reports: tuple[Report, ...]) -> list[str]:
    return [one.verdict for report in reports for one in report.predictions.values()]


@pytest.mark.parametrize(
    ("model", "keys"), [(model, keys) for model, calls in CALLS.items() for keys in calls]
)
def test_a_call_is_judged_by_the_signatures_that_it_converts(model: str, keys: str, models: Path) -> None:
    assert verdicts(judged(models, made(model, keys), model)) == [CALLS[model][keys]]


@pytest.mark.parametrize("model", CALLS)
def test_each_call_of_a_script_is_judged_by_its_own(model: str, models: Path) -> None:
    script = "".join(made(model, keys) for keys in CALLS[model])
    reports = judged(models, script, model)
    outputs = [len(one.outputs) for one in reports]
    assert [*zip(verdicts(reports), outputs, strict=True)] == [("abort", 2), ("float", 1), ("abort", 1)]
    assert [report.chosen.count("converts with") for report in reports] == [2, 1, 1]


@pytest.mark.parametrize("model", CALLS)
def test_a_function_that_is_given_the_signatures_is_read_once_for_each(model: str, models: Path) -> None:
    keys = [one for one in CALLS[model] if one and "," not in one]
    body = f"c = tf.lite.TFLiteConverter.from_saved_model('{model}', signature_keys=keys)\n{OPTIMIZED}"
    function = "def convert(keys):\n" + "".join(f"    {line}\n" for line in body.splitlines())
    script = function + "".join(f"convert([{one}])\n" for one in keys)
    assert verdicts(judged(models, script, model)) == [CALLS[model][one] for one in keys]


@pytest.mark.parametrize("tensorflow", [tf215, tf221])
def test_the_real_converters_answer_so(tensorflow, models: Path) -> None:  # type: ignore[no-untyped-def]
    asked = [(model, keys) for model, calls in CALLS.items() for keys in calls]
    code = REAL.format(asked=asked)
    done = subprocess.run([tensorflow(), "-c", code], cwd=models, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [CALLS[model][keys] for model, keys in asked]


def test_the_command_line_reports_on_each(
    models: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(models)
    (models / "export.py").write_text(HEAD + made("pair", "'one'") + made("pair", "'two'"))
    main(["check", "pair", "--script", "export.py", "--output-format", "json"])
    reports = json.loads(capsys.readouterr().out)["reports"]
    assert [(one["path"], [*one["inputs"]]) for one in reports] == [("pair", ["one_x"]), ("pair", ["two_x"])]
    main(["check", "pair", "--script", "export.py", "--signature", "two", "--output-format", "json"])
    (report,) = json.loads(capsys.readouterr().out)["reports"]
    assert [one["verdict"] for one in report["predictions"].values()] == ["abort"]
    assert "export.py:5" in report["chosen"]
    assert "export.py:2" not in report["chosen"]


@pytest.mark.parametrize("model", CALLS)
def test_a_conversion_asks_which_signature_is_meant(model: str, models: Path) -> None:
    keys = [one for one in CALLS[model] if one and "," not in one]
    (models / "export.py").write_text(HEAD + "".join(made(model, one) for one in keys))
    with pytest.raises(UserError, match=r"lines 2, 5\): say which with --signature NAME"):
        minmax_lint.convert(models / model, script=models / "export.py")


def test_the_configuration_names_signatures_and_a_model_once_for_each(models: Path) -> None:
    (models / "minmax-lint.toml").write_text(
        '[convert]\nflow = "tf2"\nsignature-keys = ["one", "two"]\nallow-custom-ops = true\n'
        '[[models]]\npath = "pair"\nsignature = "one"\n[[models]]\npath = "pair"\nsignature = "two"\n'
        '[[models]]\npath = "pair"\n'
    )
    config = load(models)
    (call,) = config.calls
    assert (call.signatures, call.custom_ops) == (("one", "two"), True)
    assert [one.signature for one in targets(config)] == ["one", "two"]


UNKNOWN = {
    "from_saved_model('pair', signature_keys=['on'])": "ValueError: Invalid signature key 'on' found.",
    "from_saved_model('pair', ['one', 'three'])": "ValueError: Invalid signature key 'three' found.",
    "from_saved_model('pair', signature_keys='one')": "ValueError: Invalid signature key 'o' found.",
    "from_concrete_functions([tf.saved_model.load('pair').signatures['on']])": "KeyError: 'on'",
    "compat.v1.lite.TFLiteConverter.from_saved_model('pair')": "ValueError: No 'serving_default' in the SavedModel's",
    "compat.v1.lite.TFLiteConverter.from_saved_model('pair', signature_key='on')": "ValueError: No 'on' in the",
}
"""How a converter is made -> how the message begins with which that ends."""
MADE = """
import sys, tensorflow as tf
for made in {made!r}:
    try:
        eval(made)
        print("made")
    except Exception as error:
        print(f"{{type(error).__name__}}: {{error}}")
"""


def maker(text: str) -> str:
    return f"tf.{text}" if text.startswith("compat") else f"tf.lite.TFLiteConverter.{text}"


@pytest.mark.parametrize("text", UNKNOWN)
def test_a_signature_that_the_model_lacks_is_an_error(text: str, models: Path) -> None:
    (report,) = judged(models, f"c = {maker(text)}\n{OPTIMIZED}", "pair")
    (found,) = (one for one in report.findings if one.code == "MM613")
    assert found.severity == "error"
    assert UNKNOWN[text] in found.message
    assert verdicts((report,)) == ["abort"]
    assert all(one.message.startswith(UNKNOWN[text]) for one in report.predictions.values())
    with pytest.raises(UserError, match=r"export\.py:2: there is no signature"):
        minmax_lint.convert(models / "pair", script=models / "export.py")


@pytest.mark.parametrize("tensorflow", [tf215, tf221])
def test_the_real_converters_refuse_these_in_the_same_words(tensorflow, models: Path) -> None:  # type: ignore[no-untyped-def]
    code = MADE.format(made=[maker(text) for text in UNKNOWN])
    done = subprocess.run([tensorflow(), "-c", code], cwd=models, capture_output=True, text=True, check=True)
    said = done.stdout.splitlines()
    assert [line[: len(begins)] for line, begins in zip(said, UNKNOWN.values(), strict=True)] == [
        *UNKNOWN.values()
    ]


@pytest.mark.parametrize(
    ("key", "advice"),
    [
        ("on", "The model has 'one', 'two'; did you mean one?"),
        ("encode", "The model has 'one', 'two'."),
        ("'one'", "Name the signature in a list: signature_keys=['one']."),
    ],
)
def test_the_signatures_of_the_model_are_named_instead(key: str, advice: str, models: Path) -> None:
    given = key if key.startswith("'") else f"[{key!r}]"
    made = maker(f"from_saved_model('pair', signature_keys={given})")
    (report,) = judged(models, f"c = {made}\n{OPTIMIZED}", "pair")
    assert [one.advice for one in report.findings if one.code == "MM613"] == [advice]


def test_a_comparison_refuses_a_signature_of_the_configuration(
    models: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "minmax-lint.toml").write_text('[convert]\noptimizations = true\nsignature-keys = ["on"]\n')
    assert main(["compare", str(models / "pair")]) == 2
    assert (
        "there is no signature 'on'; the model has 'one', 'two'; did you mean one?" in capsys.readouterr().err
    )


def test_the_page_shows_a_signature_that_the_model_lacks_as_the_terminal_does(
    models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = models / "unknown.py"
    made = maker("from_saved_model('pair', signature_keys=['on'])")
    script.write_text(f"import tensorflow as tf\nc = {made}\n{OPTIMIZED}c.convert()\n")
    assert main(["check", str(models / "pair"), "--script", str(script), "--output-format", "html"]) == 1
    assert "MM613" in capsys.readouterr().out

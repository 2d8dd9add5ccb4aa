"""`check --script FILE.py` without a graph: the model is the one that the script converts."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from minmax_lint.cli import main
from minmax_lint.graph.build import Builder
from minmax_lint.writers.graphdef import encode
from tests.cli.founding import FOUNDING

Captured = pytest.CaptureFixture[str]
SETTINGS = "converter.optimizations = [tf.lite.Optimize.DEFAULT]\nconverter.convert()\n"


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    shutil.copytree(FOUNDING.parent / "keras" / "qat-saved_model", "export")


@pytest.mark.parametrize(
    "made",
    [
        "converter = tf.lite.TFLiteConverter.from_saved_model('export')",
        "converter = tf.lite.TFLiteConverter.from_saved_model(saved_model_dir='export')",
        "EXPORT = 'export'\nconverter = tf.lite.TFLiteConverter.from_saved_model(str(EXPORT))",
        "model = tf.keras.models.load_model('export')\nconverter = tf.lite.TFLiteConverter.from_keras_model(model)",
        "model.save('export')\nconverter = tf.lite.TFLiteConverter.from_keras_model(model)",
        "converter = tf.lite.TFLiteConverter.from_keras_model(model)\nmodel.export(filepath='export')",
        "tf.saved_model.save(model, 'export')\nconverter = tf.lite.TFLiteConverter.from_concrete_functions(fs, model)",
        "model.save('missing.h5')\nmodel.save(os.path.join('.', 'export'))\n"
        "converter = tf.lite.TFLiteConverter.from_keras_model(model)",
        "for model in models:\n    model.export(f'ex{PORT}')\nPORT = 'port'\n"
        "converter = tf.lite.TFLiteConverter.from_keras_model(model)",
        "parser.add_argument('--model-dir', default='export')\nargs = parser.parse_args()\n"
        "converter = tf.lite.TFLiteConverter.from_saved_model(args.model_dir)",
        "folder = pathlib.Path('.') / 'export'\nconverter = tf.lite.TFLiteConverter.from_saved_model(str(folder))",
    ],
)
def test_the_model_that_it_converts_is_judged(made: str, capsys: Captured) -> None:
    Path("convert.py").write_text(f"import tensorflow as tf\n{made}\n{SETTINGS}")
    assert main(["check", "--script", "convert.py"]) == 0
    assert "━━ export ━━" in capsys.readouterr().out


@pytest.mark.parametrize("path", ["../export", "/etc/passwd", "missing"])
def test_no_other_place_is_read(path: str, capsys: Captured) -> None:
    shutil.copytree("export", "../export")
    made = f"converter = tf.lite.TFLiteConverter.from_saved_model({path!r})"
    Path("convert.py").write_text(f"import tensorflow as tf\n{made}\n{SETTINGS}")
    assert main(["check", "--script", "convert.py"]) == 2
    assert "is not in this folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (
            "converter = tf.lite.TFLiteConverter.from_saved_model(config.path)",
            "whose path cannot be read in the script: name it",
        ),
        (
            "model = load_model(model)\nconverter = tf.lite.TFLiteConverter.from_keras_model(model)",
            "in memory: save it",
        ),
        (
            "model.save('m.keras')\nconverter = tf.lite.TFLiteConverter.from_keras_model(model)",
            "run the script first",
        ),
        (
            "model.save('export')\nmodel = build()\nconverter = tf.lite.TFLiteConverter.from_keras_model(model)",
            "in memory: save it",
        ),
        (
            "other.save('export')\nconverter = tf.lite.TFLiteConverter.from_keras_model(model)",
            "in memory: save it",
        ),
    ],
)
def test_a_model_that_is_not_there_is_asked_for(made: str, said: str, capsys: Captured) -> None:
    Path("convert.py").write_text(f"import tensorflow as tf\n{made}\n{SETTINGS}")
    assert main(["check", "--script", "convert.py"]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert "--script convert.py`" in error


def test_each_model_of_a_script_is_judged_for_its_own_calls(capsys: Captured) -> None:
    shutil.copytree("export", "second")
    text = "import tensorflow as tf\n"
    for name in ("export", "second"):
        text += f"converter = tf.lite.TFLiteConverter.from_saved_model('{name}')\n{SETTINGS}"
    text += (
        "model = build()\nmodel.save('third')\nconverter = tf.lite.TFLiteConverter.from_keras_model(model)\n"
    )
    Path("convert.py").write_text(text)
    assert main(["check", "--script", "convert.py"]) == 0
    first, _, second = capsys.readouterr().out.partition("━━ second ━━")
    assert ["convert.py:2" in first, "convert.py:5" in first, "convert.py:10" in first] == [
        True,
        False,
        False,
    ]
    assert ["convert.py:2" in second, "convert.py:5" in second] == [False, True]
    assert main(["check", "second", "--script", "convert.py", "--output-format", "concise"]) == 0


def test_a_call_that_quantizes_nothing_is_called_so(capsys: Captured) -> None:
    made = "converter = tf.lite.TFLiteConverter.from_saved_model('export')\nconverter.convert()\n"
    Path("convert.py").write_text(f"import tensorflow as tf\n{made}")
    assert main(["check", "--script", "convert.py", "--ignore", "MM203,MM601"]) == 0
    found = " ".join(capsys.readouterr().out.split())
    assert "MLIR (TF 2.21, float model) stays float" in found
    assert "not quantized by MLIR (TF 2.21, float model): the call sets no optimizations" in found


@pytest.mark.parametrize("last", [4, 30])
def test_names_that_stand_for_each_other_many_times_end(last: int, capsys: Captured) -> None:
    names = "".join(f"a{n} = os.path.join({', '.join([f'a{n + 1}'] * 6)})\n" for n in range(last))
    made = f"{names}a{last} = 'x'\n" + "model.save(a0)\n" * 100
    made += "converter = tf.lite.TFLiteConverter.from_keras_model(model)\n"
    Path("convert.py").write_text(f"import tensorflow as tf\n{made}{SETTINGS}")
    assert main(["check", "--script", "convert.py"]) == 2
    assert ("in memory: save it" if last > 4 else "run the script first") in capsys.readouterr().err


def test_calls_at_one_place_have_lines_that_fit_and_share_what_is_said_of_them(capsys: Captured) -> None:
    b = Builder()
    b.add("Erf", "y", b.placeholder("x", [1, 8, 8, 3]))
    Path("net.pb").write_bytes(encode(b.graph()))
    Path("convert.py").write_text("""import numpy as np, tensorflow as tf
def data():
    yield [np.random.randint(0, 256, [1, 8, 8, 3]).astype("float32")]
for ops in [[tf.lite.OpsSet.TFLITE_BUILTINS], [tf.lite.OpsSet.TFLITE_BUILTINS, tf.lite.OpsSet.SELECT_TF_OPS]]:
    converter = tf.lite.TFLiteConverter.from_saved_model(folder)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = data
    converter.target_spec.supported_ops = ops
    converter.convert()
""")
    assert main(["check", "net.pb", "-o", "y", "--script", "convert.py"]) == 1
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= 80
    assert "convert.py:5 with SELECT_TF_OPS" in out
    assert out.count("MM624 warning") == 1

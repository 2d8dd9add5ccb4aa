"""The patch of a conversion script: what findings about its calls change in it, and that nothing else does."""

from __future__ import annotations

import ast
import re
from difflib import ndiff
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minmax_lint.graph.build import Builder
from minmax_lint.loaders.script.conversion_script import converter_calls
from minmax_lint.workflows.opened import Opened, open_model
from minmax_lint.workflows.script import ScriptPatch, patch_script
from minmax_lint.writers.graphdef import encode

HEAD = "import tensorflow as tf\n\n"
TF2 = "converter = tf.lite.TFLiteConverter.from_saved_model('m')\n"
TF1 = "converter = tf.compat.v1.lite.TFLiteConverter.from_frozen_graph('g.pb', ['input'], ['output'])\n"
TFLITE = "open('m.tflite', 'wb').write(converter.convert())\n"
DEFAULT = "converter.optimizations = [tf.lite.Optimize.DEFAULT]\n"
DATA = "converter.representative_dataset = data\n"
INT8_ONLY = "converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]\n"
SIXTEEN = (
    "ops = tf.lite.OpsSet\nconverter.target_spec.supported_ops = "
    "[tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8]\n"
)
SKELETON = (
    "def representative_dataset():\n"
    "    for sample in samples:  # some hundred real inputs, as the model gets them in use\n"
    "        yield [sample]\n"
    "converter.representative_dataset = representative_dataset\n"
)

YIELDING = (
    "import numpy as np\n\ndef data():\n    for _ in range(9):\n        yield {}\n"
    + TF2
    + DEFAULT
    + "converter.representative_dataset = data\n"
)
FLOAT, TRAINED = "float", "trained"
CASES = {
    "optimizations": (FLOAT, "MM606", TF2 + DATA, TF2 + DEFAULT + DATA),
    "empty-optimizations": (
        FLOAT,
        "MM606",
        TF2 + "converter.optimizations = []  # none\n" + DATA,
        TF2 + "converter.optimizations = [tf.lite.Optimize.DEFAULT]  # none\n" + DATA,
    ),
    "dataset": (FLOAT, "MM602", TF2 + DEFAULT, TF2 + SKELETON + DEFAULT),
    "dataset-type": (
        FLOAT,
        "MM622",
        YIELDING.format("[np.random.rand(1, 4) / 2]"),
        YIELDING.format("[(np.random.rand(1, 4) / 2).astype('float32')]"),
    ),
    "dataset-type-by-name": (
        FLOAT,
        "MM622",
        YIELDING.format("{'input': np.zeros([1, 4])}"),
        YIELDING.format("{'input': np.zeros([1, 4]).astype('float32')}"),
    ),
    "dataset-of-arrays": (
        FLOAT,
        "MM623",
        YIELDING.format("np.random.rand(1, 4).astype(np.float32)"),
        YIELDING.format("[np.random.rand(1, 4).astype(np.float32)]"),
    ),
    "no-dataset": (
        FLOAT,
        "MM602",
        TF2 + DEFAULT + "converter.representative_dataset = None\n",
        TF2
        + SKELETON.rpartition("converter.")[0]
        + DEFAULT
        + "converter.representative_dataset = representative_dataset\n",
    ),
    "dataset-for-integer-kernels": (
        FLOAT,
        "MM603",
        TF2 + DEFAULT + INT8_ONLY,
        TF2 + SKELETON + DEFAULT + INT8_ONLY,
    ),
    "integer-kernels-of-a-trained-graph": (TRAINED, "MM603", TF2 + DEFAULT + INT8_ONLY, TF2 + DEFAULT),
    "integer-ends-alone": (
        FLOAT,
        "MM604",
        TF2 + "converter.inference_input_type = tf.int8\n",
        TF2 + DEFAULT + SKELETON + "converter.inference_input_type = tf.int8\n",
    ),
    "int16-ends": (
        FLOAT,
        "MM604",
        TF2
        + DEFAULT
        + DATA
        + "converter.inference_input_type = converter.inference_output_type = tf.int16\n",
        TF2 + DEFAULT + DATA + "converter.inference_input_type = converter.inference_output_type = tf.int8\n",
    ),
    "one-int16-end": (
        FLOAT,
        "MM604",
        TF2 + DEFAULT + DATA + "converter.inference_output_type=tf.int16\n",
        TF2 + DEFAULT + DATA + "converter.inference_output_type=tf.int8\n",
    ),
    "int8-ends-of-16x8": (
        FLOAT,
        "MM604",
        TF2 + DEFAULT + DATA + SIXTEEN + "converter.inference_input_type = tf.int8\n",
        TF2 + DEFAULT + DATA + SIXTEEN + "converter.inference_input_type = tf.int16\n",
    ),
    "ends-of-float16": (
        FLOAT,
        "MM604",
        TF2 + DEFAULT + "converter.target_spec.supported_types = [tf.float16]\n"
        "converter.inference_input_type = converter.inference_output_type = tf.int8\n",
        TF2 + DEFAULT + "converter.target_spec.supported_types = [tf.float16]\n",
    ),
    "types-beside-integer-kernels": (
        FLOAT,
        "MM605",
        TF2 + DEFAULT + DATA + INT8_ONLY + "converter.target_spec.supported_types = [tf.float16]\n",
        TF2 + DEFAULT + DATA + INT8_ONLY,
    ),
    "types-without-optimizations": (
        FLOAT,
        "MM605",
        TF2 + "converter.target_spec.supported_types = [tf.float16]\n",
        TF2 + DEFAULT + "converter.target_spec.supported_types = [tf.float16]\n",
    ),
    "inference-type": (
        FLOAT,
        "MM607",
        TF2 + DEFAULT + DATA + "converter.inference_type = tf.int8\n",
        TF2 + DEFAULT + DATA,
    ),
    "inference-type-beside-ends": (
        FLOAT,
        "MM607",
        TF2 + DEFAULT + DATA + "converter.inference_type = converter.inference_input_type = tf.int8\n",
        TF2 + DEFAULT + DATA + "converter.inference_input_type = tf.int8\n",
    ),
    "inference-type-alone-in-a-branch": (
        FLOAT,
        "MM607",
        TF2 + DEFAULT + DATA + "if quantize:\n    converter.inference_type = tf.float32\n",
        TF2 + DEFAULT + DATA + "if quantize:\n    pass\n",
    ),
    "old-name-of-optimizations": (
        FLOAT,
        "MM607",
        TF2 + DATA + "converter.post_training_quantize = True\n",
        TF2 + DEFAULT + DATA,
    ),
    "ops-on-the-converter": (
        FLOAT,
        "MM607",
        TF2 + DEFAULT + DATA + "converter.supported_ops = {tf.lite.OpsSet.TFLITE_BUILTINS_INT8}\n",
        TF2
        + "converter.target_spec.supported_ops = {tf.lite.OpsSet.TFLITE_BUILTINS_INT8}\n"
        + DEFAULT
        + DATA,
    ),
    "stats": (
        TRAINED,
        "MM607",
        TF2 + DEFAULT + "converter.quantized_input_stats = {'input': (128, 64)}\n",
        TF2 + DEFAULT,
    ),
    "trained-optimizations": (TRAINED, "MM601", TF2, TF2 + DEFAULT),
    "trained-in-tf1": (
        TRAINED,
        "MM601",
        TF1,
        TF1
        + "converter.inference_type = tf.uint8\nconverter.quantized_input_stats = {'input': (127.5, 127.5)}\n",
    ),
    "by-setattr": (
        FLOAT,
        "MM606",
        TF2 + "setattr(converter, 'optimizations', None)\n" + DATA,
        TF2 + "setattr(converter, 'optimizations', [tf.lite.Optimize.DEFAULT])\n" + DATA,
    ),
    "another-name": (
        FLOAT,
        "MM606",
        f"class A:\n\tdef f(self):\n\t\tself.{TF2}\t\tself.{DATA}",
        f"class A:\n\tdef f(self):\n\t\tself.{TF2}\t\tself.{DEFAULT}\t\tself.{DATA}",
    ),
    "over-several-lines": (
        FLOAT,
        "MM606",
        "converter = (tf.lite.TFLiteConverter\n   .from_saved_model('ä'))  # made\n" + DATA,
        "converter = (tf.lite.TFLiteConverter\n   .from_saved_model('ä'))  # made\n" + DEFAULT + DATA,
    ),
}
"""Name -> the kind of graph, a finding, the script's lines before and after."""
UNSAFE = {
    "ends-that-inference-type-asked-for": (
        TF2 + DEFAULT + DATA + "converter.inference_type = tf.uint8\n",
        TF2
        + "converter.inference_input_type = tf.uint8\nconverter.inference_output_type = tf.uint8\n"
        + DEFAULT
        + DATA,
    ),
    "float-ends": (
        TF2 + DEFAULT + DATA,
        TF2
        + "converter.inference_input_type = tf.int8\nconverter.inference_output_type = tf.int8\n"
        + DEFAULT
        + DATA,
    ),
    "float-ends-of-16x8": (
        TF2 + DEFAULT + DATA + SIXTEEN + "converter.inference_input_type = tf.int16\n",
        TF2
        + "converter.inference_output_type = tf.int16\n"
        + DEFAULT
        + DATA
        + SIXTEEN
        + "converter.inference_input_type = tf.int16\n",
    ),
}
UNCHANGED = {
    "right": TF2 + DEFAULT + DATA,
    "a-converter-without-a-name": "m = tf.lite.TFLiteConverter.from_saved_model('m').convert()\n",
    "two-statements-in-a-line": TF2.strip() + "; " + DATA,
    "a-choice": TF2
    + DATA
    + "if quantize:\n    converter.optimizations = []\nelse:\n    converter.optimizations = None\n",
    "one-attribute-of-two-converters": TF2
    + "other = tf.lite.TFLiteConverter.from_keras_model(m)\n"
    + "both = converter if one else other\n"
    + "both.optimizations = []\nboth.representative_dataset = data\n",
}
"""Scripts in which nothing can be changed without guessing."""


def opened(kind: str, script: Path) -> Opened:
    b = Builder()
    x = b.placeholder("input", [1, 4])
    if kind == FLOAT:
        b.add("Relu6", "output", x)
    else:
        b.fake_quant("output", b.add("Relu6", "Relu6", b.fake_quant("quant", x, -1.0, 1.0)), 0.0, 6.0)
    return open_model(encode(b.graph()), ["input"], ["output"], calls=converter_calls(script))


def patched(kind: str, text: str, folder: Path, *, unsafe: bool = False) -> ScriptPatch:
    script = folder / "export.py"
    script.write_bytes(text.encode())
    return patch_script(opened(kind, script), script, unsafe=unsafe)


@pytest.mark.parametrize("name", CASES)
def test_the_patched_script_has_the_finding_no_more_and_nothing_else_is_changed(
    name: str, tmp_path: Path
) -> None:
    kind, code, before, after = CASES[name]
    patch = patched(kind, HEAD + before + TFLITE, tmp_path)
    assert patch.after == HEAD + after + TFLITE
    assert code in {one.code for one in patch.healed}
    patch.save(tmp_path / "after.py")
    ast.parse(patch.after)
    again = opened(kind, tmp_path / "after.py").lint()
    assert code not in {one.code for one in again.findings}
    assert patch_script(opened(kind, tmp_path / "after.py"), tmp_path / "after.py").empty


@pytest.mark.parametrize("name", UNSAFE)
def test_other_ends_are_for_unsafe_fixes(name: str, tmp_path: Path) -> None:
    before, after = UNSAFE[name]
    kept = patched(FLOAT, HEAD + before, tmp_path).after
    assert {*kept.splitlines()} <= {*(HEAD + before).splitlines()}
    assert patched(FLOAT, HEAD + before, tmp_path, unsafe=True).after == HEAD + after


@pytest.mark.parametrize("name", UNCHANGED)
def test_what_would_be_guessed_is_left_to_the_user(name: str, tmp_path: Path) -> None:
    assert patched(FLOAT, HEAD + UNCHANGED[name] + "\n", tmp_path).empty


@pytest.mark.parametrize("modules", ["from tensorflow import lite", "import tensorflow.lite as lite"])
def test_the_script_s_own_names_of_modules_are_used(modules: str, tmp_path: Path) -> None:
    made = TF2.replace("tf.lite", "lite")
    patch = patched(FLOAT, f"{modules}\n{made}{DATA}", tmp_path)
    assert patch.after == f"{modules}\n{made}{DEFAULT.replace('tf.lite', 'lite')}{DATA}"


def test_names_of_the_script_are_not_taken(tmp_path: Path) -> None:
    taken = "samples = representative_dataset = None\n"
    patch = patched(FLOAT, HEAD + taken + TF2 + DEFAULT, tmp_path)
    assert "def representative_dataset_2():\n    for sample in samples_2:" in patch.after


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("end", ["", "newline"])
def test_line_breaks_stay_what_they_are(newline: str, end: str, tmp_path: Path) -> None:
    text = (HEAD + "# é\n" + DATA.replace("converter.", "c.") + TF2.strip()).replace(
        "c.representative", "x.y"
    )
    text = (text + ("\n" if end else "")).replace("\n", newline)
    made = text + (newline if not end else "") + DATA.strip()
    before = made.replace(DATA.strip(), "") + DATA.strip()
    patch = patched(FLOAT, before, tmp_path)
    assert patch.after == before.replace(
        TF2.strip() + newline, TF2.strip() + newline + DEFAULT.strip() + newline
    )


def test_what_is_added_behind_the_last_line_begins_with_a_line_break(tmp_path: Path) -> None:
    patch = patched(TRAINED, HEAD + TF2.strip(), tmp_path)
    assert patch.after == HEAD + TF2 + DEFAULT.strip()
    assert patch.diff().count("\\ No newline at end of file") == 2


@pytest.mark.parametrize(
    "head", [b"\xef\xbb\xbf# \xc3\xa9\n", b"# -*- coding: latin-1 -*-\n# \xe9\n"], ids=["mark", "latin-1"]
)
def test_the_encoding_stays(head: bytes, tmp_path: Path) -> None:
    script = tmp_path / "export.py"
    script.write_bytes(head + (HEAD + TF2 + DATA).encode())
    patch_script(opened(FLOAT, script), script).save(script)
    assert script.read_bytes() == head + (HEAD + TF2 + DEFAULT + DATA).encode()


def test_two_converters_are_changed_each_by_itself(tmp_path: Path) -> None:
    second, data = TF2.replace("converter", "other"), DATA.replace("converter", "other")
    patch = patched(FLOAT, HEAD + TF2 + DATA + second + data, tmp_path)
    assert patch.after == HEAD + TF2 + DEFAULT + DATA + second + DEFAULT.replace("converter", "other") + data


SETTINGS = [
    DEFAULT,
    DATA,
    INT8_ONLY,
    SIXTEEN,
    "converter.optimizations = []\n",
    "converter.inference_type = tf.uint8\n",
    "converter.inference_type = converter.inference_input_type = tf.int8\n",
    "converter.inference_input_type = tf.int16\n",
    "converter.inference_input_type = converter.inference_output_type = tf.int8\n",
    "converter.target_spec.supported_types = [tf.float16]\n",
    "converter.target_spec.supported_types = [tf.int8]\n",
    "converter.post_training_quantize = True\n",
    "converter.quantized_input_stats = {'input': (0, 1)}\n",
    "converter.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]\n",
]
OTHER = [
    "# ä remark\n",
    "\n",
    "print('converter.optimizations = []')\n",
    "if debug: pass  # converter\n",
    'text = """\n"""\n',
]


@pytest.mark.slow
@settings(max_examples=60)
@given(
    st.lists(st.sampled_from(SETTINGS), unique=True, max_size=5),
    st.lists(st.sampled_from(OTHER), max_size=4),
    st.randoms(use_true_random=False),
    st.sampled_from([FLOAT, TRAINED]),
    st.booleans(),
)
def test_whatever_is_set_other_lines_stay_and_a_second_patch_is_empty(
    lines: list[str], others: list[str], random: Random, kind: str, unsafe: bool
) -> None:
    body = lines + others
    random.shuffle(body)
    before = HEAD + TF2 + "".join(body) + TFLITE
    with TemporaryDirectory() as folder:
        patch = patched(kind, before, Path(folder), unsafe=unsafe)
        ast.parse(patch.after)
        assert patched(kind, patch.after, Path(folder), unsafe=unsafe).empty
    removed = [line[2:] for line in ndiff(before.splitlines(), patch.after.splitlines()) if line[0] == "-"]
    assert all(re.match(r"converter\.[\w.]+ = ", line) and "TFLiteConverter" not in line for line in removed)


def test_the_advice_names_the_line_and_the_exact_replacement(tmp_path: Path) -> None:
    script = tmp_path / "export.py"
    script.write_text(HEAD + TF2 + DEFAULT + DATA + "converter.inference_input_type = tf.int16\n")
    findings = {one.code: one.advice for one in opened(FLOAT, script).lint().findings}
    assert findings["MM604"].endswith(f"In {script}, line 6: converter.inference_input_type = tf.int8.")
    script.write_text(HEAD + TF2 + DATA)
    findings = {one.code: one.advice for one in opened(FLOAT, script).lint().findings}
    assert findings["MM606"].endswith(
        f"In {script}, after line 3: converter.optimizations = [tf.lite.Optimize.DEFAULT]."
    )


def test_one_cause_is_reported_once(tmp_path: Path) -> None:
    """Integer ends and a dataset without optimizations: the converter refuses the call, so ignores no dataset."""
    script = tmp_path / "export.py"
    script.write_text(HEAD + TF2 + DATA + "converter.inference_input_type = tf.int8\n")
    findings = opened(FLOAT, script).lint().findings
    assert [one.code for one in findings if "optimizations" in one.advice] == ["MM604"]

"""Functions that are called several times, loops, classes and dictionaries that say how a script converts."""

from __future__ import annotations

from pathlib import Path

import pytest

from minmax_lint.converters.call import BUILTINS, BUILTINS_16X8, BUILTINS_INT8, SELECT_TF, ConverterCall
from minmax_lint.converters.dataset import SampleArray
from minmax_lint.loaders.script import flags
from minmax_lint.loaders.script.conversion_script import converter_calls
from minmax_lint.loaders.script.values import Values

HEAD = f"""import numpy as np
import tensorflow as tf
DEFAULT = [tf.lite.Optimize.DEFAULT]
INT8 = tf.lite.OpsSet.{BUILTINS_INT8}
INT16 = tf.lite.OpsSet.{BUILTINS_16X8}
def data():
    yield [np.zeros((1, 4), np.float32)]
"""
MAKE = "c = tf.lite.TFLiteConverter.from_saved_model('m')\n"


def calls_of(text: str, folder: Path) -> tuple[ConverterCall, ...]:
    script = folder / "export.py"
    script.write_text(HEAD + text)
    return converter_calls(script)


def modes(calls: tuple[ConverterCall, ...]) -> list[str]:
    """Line and mode of each, with the type of its inputs where one is set, and what else it may be."""
    return [
        " or ".join(dict.fromkeys(one.mode(False) for one in (call, *call.alternatives)))
        + f" {call.origin.rpartition(':')[2]} {call.inference_input_type}".rstrip()
        for call in calls
    ]


FUNCTION = f"""
def export(path, ops=(), kind=tf.float32, dataset=None, int8=False):
    {MAKE}    if int8 or dataset is not None:
        c.optimizations = DEFAULT
        c.representative_dataset = dataset
        c.target_spec.supported_ops = ops
    c.inference_input_type = kind
    return c.convert()
"""
RETURNS = f"""
def export(way):
    {MAKE}    if way == 'float':
        return c.convert()
    c.optimizations = DEFAULT
    if way == 'half':
        c.target_spec.supported_types = [tf.float16]
        return c.convert()
    c.representative_dataset = data
    return c.convert()
"""
SEVERAL = {
    "a function with other arguments": (
        FUNCTION + "export('m', [INT8], tf.int8, data)\nexport('m', [INT16], dataset=data)\nexport('m')\n",
        ["int8 17 int8", "16x8 18 float32", "float 19 float32"],
    ),
    "a function that always gets the same": (
        FUNCTION + "export('a', [INT8], tf.int8, data)\nexport('b', [INT8], tf.int8, data)\n",
        ["int8 10 int8"],
    ),
    "a function that another one calls": (
        FUNCTION + "def both(kind):\n    export('m', [INT8], kind, data)\nboth(tf.int8)\nboth(tf.uint8)\n",
        ["int8 18 int8", "int8 18 uint8"],
    ),
    "a branch that returns": (
        RETURNS + "for way in ('float', 'half', 'full'):\n    export(way)\n",
        ["float 12", "float16 16", "int8 18"],
    ),
    "a loop over constants": (
        f"for way in ('float', 'half', 'full'):\n    {MAKE}    if way != 'float':\n"
        "        c.optimizations = DEFAULT\n    if way == 'half':\n"
        "        c.target_spec.supported_types = [tf.float16]\n    if way == 'full':\n"
        "        c.representative_dataset = data\n    c.convert()\n",
        ["float16 9", "int8 9"],
    ),
    "a loop over pairs": (
        f"for name, kind in [('a', tf.int8), ('b', tf.uint8)]:\n    {MAKE}    c.optimizations = DEFAULT\n"
        "    c.representative_dataset = data\n    c.inference_input_type = kind\n    c.convert()\n",
        ["int8 9 int8", "int8 9 uint8"],
    ),
    "a loop over numbered pairs": (
        "NAMES, KINDS = ['a', 'b'], [tf.int8, tf.uint8]\n"
        f"for place, (name, kind) in enumerate(zip(NAMES, KINDS)):\n    {MAKE}    c.optimizations = DEFAULT\n"
        "    c.representative_dataset = data\n    c.inference_input_type = kind\n    c.convert()\n",
        ["int8 10 int8", "int8 10 uint8"],
    ),
    "a loop over a dictionary": (
        f"for name, more in {{'dynamic': None, 'int8': data}}.items():\n    {MAKE}"
        "    c.optimizations = DEFAULT\n    c.representative_dataset = more\n    c.convert()\n",
        ["dynamic 9", "int8 9"],
    ),
    "more rounds than are read one by one": (
        f"for way in ({', '.join(map(repr, 'abcdefghi'))}):\n    {MAKE}    if way == 'a':\n"
        "        c.optimizations = DEFAULT\n    c.convert()\n",
        ["dynamic or float 9"],
    ),
    "a function that sets up two converters": (
        "def set_up(one, kind):\n    one.optimizations = DEFAULT\n    one.representative_dataset = data\n"
        f"    one.inference_input_type = kind\n{MAKE}set_up(c, tf.int8)\nc.convert()\n"
        f"{MAKE}set_up(c, tf.uint8)\nc.convert()\n",
        ["int8 12 int8", "int8 15 uint8"],
    ),
    "a function named as the converter's method": (
        f"def convert(path, quantize=False):\n    {MAKE}    if quantize:\n        c.optimizations = DEFAULT\n"
        "    return c.convert()\nconvert('m', quantize=True)\n",
        ["dynamic 9"],
    ),
    "an object's own flag": (
        "class Export:\n    def __init__(self, path, quantize=False):\n        self.quantize = quantize\n"
        f"    def run(self):\n        {MAKE}        if self.quantize:\n"
        "            c.optimizations = DEFAULT\n        return c.convert()\nExport('m').run()\n",
        ["float 12"],
    ),
}


@pytest.mark.parametrize(("text", "wanted"), SEVERAL.values(), ids=SEVERAL.keys())
def test_a_converter_is_read_in_each_environment_in_which_it_is_made(
    text: str, wanted: list[str], tmp_path: Path
) -> None:
    assert modes(calls_of(text, tmp_path)) == wanted


@pytest.mark.parametrize(
    ("before", "value", "wanted"),
    [
        ("KINDS = {'int8': tf.int8, 'float': tf.float32}\nkind = 'int8'\n", "KINDS[kind]", "int8"),
        ("KINDS = {'int8': tf.int8}\n", "KINDS.get('int8')", "int8"),
        ("KINDS = {'int8': tf.int8}\n", "KINDS.get('none', tf.uint8)", "uint8"),
        ("KINDS = {**read(), 'int8': tf.int8}\n", "KINDS.get('none', tf.uint8)", "?"),
        ("KINDS = {'int8': tf.int8}\n", "KINDS[input()]", "?"),
        ("class Settings:\n    kind = tf.int8\n", "Settings.kind", "int8"),
        ("class Settings:\n    kind: tf.DType = tf.int8\nfound = Settings()\n", "found.kind", "int8"),
        (
            "class Settings:\n    kind: tf.DType = tf.int8\nfound = Settings(kind=tf.uint8)\n",
            "found.kind",
            "uint8",
        ),
        (
            "class Settings:\n    kind = tf.int8\nfound = Settings()\nfound.kind = tf.uint8\n",
            "found.kind",
            "?",
        ),
        ("", "read()", "?"),
    ],
)
def test_a_type_is_read_through_dictionaries_and_classes_or_is_computed(
    before: str, value: str, wanted: str, tmp_path: Path
) -> None:
    (call,) = calls_of(f"{before}{MAKE}c.inference_input_type = {value}\n", tmp_path)
    assert call.inference_input_type == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("ops = [INT16]\nops.append(tf.lite.OpsSet.SELECT_TF_OPS)\n", [{BUILTINS_16X8, SELECT_TF}]),
        ("ops = [INT16]\nops += [tf.lite.OpsSet.TFLITE_BUILTINS]\n", [{BUILTINS_16X8, BUILTINS}]),
        ("ops = []\nops.extend([INT8, INT16])\n", [{BUILTINS_INT8, BUILTINS_16X8}]),
        (
            "ops = [INT16]\nif fallback:\n    ops.append(tf.lite.OpsSet.TFLITE_BUILTINS)\n",
            [{BUILTINS_16X8, BUILTINS}, {BUILTINS_16X8}],
        ),
    ],
)
def test_a_list_that_grows_has_what_joins_it(text: str, wanted: list[set[str]], tmp_path: Path) -> None:
    (call,) = calls_of(f"{text}{MAKE}c.target_spec.supported_ops = ops\n", tmp_path)
    assert [set(one.supported_ops) for one in (call, *call.alternatives)] == wanted


@pytest.mark.parametrize(
    ("stats", "wanted"),
    [
        ("{names[0]: (128., 127.)}", {"a": (128.0, 127.0)}),
        ("{c.get_input_arrays()[-1]: (0, 1)}", {"b": (0.0, 1.0)}),
        ("{name: (0., 255.) for name in c.get_input_arrays()}", {"a": (0.0, 255.0), "b": (0.0, 255.0)}),
        ("{names[2]: (0, 1)}", {}),
    ],
)
def test_the_stats_of_the_converters_own_inputs_are_read(
    stats: str, wanted: dict[str, object], tmp_path: Path
) -> None:
    text = (
        "c = tf.compat.v1.lite.TFLiteConverter.from_frozen_graph('g.pb', ['a', 'b'], ['out'])\n"
        f"names = c.get_input_arrays()\nc.quantized_input_stats = {stats}\n"
    )
    (call,) = calls_of(text, tmp_path)
    assert call.input_stats == wanted


ZEROS = "np.zeros((1, 4), np.float32)"


@pytest.mark.parametrize(
    ("text", "dataset"),
    [
        (f"def make(n):\n    for _ in range(n):\n        yield [{ZEROS}]\n", "lambda: make(3)"),
        (f"def make():\n    yield dict(x={ZEROS})\n", "make"),
    ],
)
def test_the_samples_behind_a_lambda_and_in_a_dict_are_read(text: str, dataset: str, tmp_path: Path) -> None:
    (call,) = calls_of(f"{text}{MAKE}c.representative_dataset = {dataset}\n", tmp_path)
    assert call.dataset is not None
    (found,) = call.dataset.arrays
    assert isinstance(found, SampleArray)
    assert (found.dtype, found.shape) == ("float32", (1, 4))


@pytest.mark.parametrize("functions", [6, 30])
def test_functions_that_convert_in_loops_and_call_each_other_are_read_with_bounded_work(
    functions: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    applied = 0
    apply = flags._with_flag

    def count(call: ConverterCall, setting: flags.Setting, values: Values) -> ConverterCall:
        nonlocal applied
        applied += 1
        return apply(call, setting, values)

    monkeypatch.setattr(flags, "_with_flag", count)
    lines = ["import tensorflow as tf"]
    for number in range(functions):
        lines += [f"def f{number}(c, a=1):", "    for x in [1, 2, 3, 4, 5, 6, 7, 8]:"]
        lines += [f"        c.optimizations = [tf.lite.Optimize.DEFAULT] if x > {number % 8} else []"]
        lines += [f"        f{other}(c, x)" for other in range(max(0, number - 4), number)]
        lines += ["    return c.convert()"]
    lines += ["for m in ['p', 'q', 'r', 's', 't', 'u', 'v', 'w']:"]
    lines += ["    conv = tf.lite.TFLiteConverter.from_saved_model(m)"]
    lines += [f"    f{number}(conv, m)" for number in range(functions)]
    script = tmp_path / "export.py"
    script.write_text("\n".join(lines))
    assert converter_calls(script)
    assert applied < 100_000

"""Flags that a script gives by names, in functions and by adding to what is there."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from textwrap import dedent

import pytest

from minmax_lint.cli import main
from minmax_lint.converters.call import BUILTINS, BUILTINS_16X8, BUILTINS_INT8, ConverterCall, Mode
from minmax_lint.errors import UserError
from minmax_lint.loaders.script.conversion_script import converter_calls

INT16 = f"tf.lite.OpsSet.{BUILTINS_16X8}"
MADE = "converter = tf.lite.TFLiteConverter.from_saved_model('m')\n"
DEFAULT = "converter.optimizations = [tf.lite.Optimize.DEFAULT]\n"
TF2 = ConverterCall("", "tf2", every_signature=True, maker="saved_model")
SIXTEEN = frozenset({BUILTINS_16X8})


def only_call(tmp_path: Path, text: str) -> ConverterCall:
    """The one call of a script, without where it stands."""
    script = tmp_path / "export.py"
    script.write_text(f"import tensorflow as tf\n{dedent(text)}")
    (call,) = converter_calls(script)
    return replace(call, origin="", dataset=None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"OPS = [{INT16}]\n{MADE}converter.target_spec.supported_ops = OPS\n", SIXTEEN),
        (f"{MADE}converter.target_spec.supported_ops = {{{INT16}}}\n", SIXTEEN),
        (f"{MADE}converter.target_spec.supported_ops = set([{INT16}])\n", SIXTEEN),
        (
            f"{MADE}converter.target_spec.supported_ops = {{{INT16}}} | {{tf.lite.OpsSet.{BUILTINS}}}\n",
            SIXTEEN | {BUILTINS},
        ),
        (
            f"BASE = [tf.lite.OpsSet.{BUILTINS}]\n{MADE}converter.target_spec.supported_ops = [*BASE, {INT16}]\n",
            SIXTEEN | {BUILTINS},
        ),
        (f"{MADE}converter.target_spec.supported_ops.add({INT16})\n", SIXTEEN | {BUILTINS}),
        (f"{MADE}converter.target_spec.supported_ops |= {{{INT16}}}\n", SIXTEEN | {BUILTINS}),
        (f"{MADE}spec = converter.target_spec\nspec.supported_ops = [{INT16}]\n", SIXTEEN),
        (f"{MADE}converter.target_spec = tf.lite.TargetSpec(supported_ops=[{INT16}])\n", SIXTEEN),
        (f"OPS = {{'16x8': [{INT16}]}}\n{MADE}converter.target_spec.supported_ops = OPS['16x8']\n", SIXTEEN),
        ("Maker = tf.lite.TFLiteConverter.from_saved_model\nconverter = Maker('m')\n", frozenset()),
        # What is not read counts as not set.
        (f"OPS = read()\n{MADE}converter.target_spec.supported_ops = OPS\n", frozenset()),
        (f"for ops in ALL:\n    pass\n{MADE}converter.target_spec.supported_ops = ops\n", frozenset()),
    ],
)
def test_sets_of_ops_are_read_however_they_are_written(
    text: str, expected: frozenset[str], tmp_path: Path
) -> None:
    assert only_call(tmp_path, text) == replace(TF2, supported_ops=expected)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("tf.int8", "int8"),
        ("tf.dtypes.int8", "int8"),
        ("tf.as_dtype('int8')", "int8"),
        ("np.dtype('int8')", "int8"),
        ("getattr(tf, 'int8')", "int8"),
        ("KIND", "uint8"),
        ("Config.kind", "uint8"),
        ("args.kind", "?"),
    ],
)
def test_types_are_read_however_they_are_written(value: str, kind: str, tmp_path: Path) -> None:
    text = f"KIND = tf.uint8\nConfig.kind = tf.uint8\n{MADE}converter.inference_input_type = {value}\n"
    assert only_call(tmp_path, text) == replace(TF2, inference_input_type=kind)


@pytest.mark.parametrize(
    ("text", "optimizations"),
    [
        ("converter.optimizations.add(tf.lite.Optimize.DEFAULT)", True),
        ("converter.optimizations.append(tf.lite.Optimize.DEFAULT)", True),
        ("converter.optimizations |= {tf.lite.Optimize.DEFAULT}", True),
        ("converter.optimizations = [tf.lite.Optimize.OPTIMIZE_FOR_SIZE]", True),
        ("converter.optimizations = read()", True),
        ("converter.optimizations = [tf.lite.Optimize.EXPERIMENTAL_SPARSITY]", False),
        ("converter.optimizations = ['DEFAULT']", False),
        ("converter.optimizations = []", False),
        ("converter.optimizations, x = [tf.lite.Optimize.DEFAULT], 1", True),
    ],
)
def test_what_quantizes_among_optimizations_is_known(text: str, optimizations: bool, tmp_path: Path) -> None:
    assert only_call(tmp_path, f"{MADE}{text}\n") == replace(TF2, optimizations=optimizations)


INT8 = f"tf.lite.OpsSet.{BUILTINS_INT8}"


@pytest.mark.parametrize(
    "text",
    [
        f"""
        def quantize(c, ops):
            c.optimizations = [tf.lite.Optimize.DEFAULT]
            c.target_spec.supported_ops = ops
        converter = tf.lite.TFLiteConverter.from_saved_model('m')
        quantize(converter, [{INT8}])
        """,
        f"""
        def inner(one):
            one.target_spec.supported_ops = [{INT8}]
        def outer(c):
            c.optimizations = [tf.lite.Optimize.DEFAULT]
            inner(c)
        converter = tf.lite.TFLiteConverter.from_saved_model('m')
        outer(converter)
        """,
        f"""
        class Export:
            ops = [{INT8}]
            def __init__(self):
                self.converter = tf.lite.TFLiteConverter.from_saved_model('m')
                self.ops = [{INT8}]
            def run(self):
                self.converter.optimizations = [tf.lite.Optimize.DEFAULT]
                self.converter.target_spec.supported_ops = self.ops
        """,
        f"""
        def export(path, quantize=False, integer=False, dataset=None):
            converter = tf.lite.TFLiteConverter.from_saved_model(path)
            if quantize:
                converter.optimizations = [tf.lite.Optimize.DEFAULT]
            if integer and quantize:
                converter.target_spec.supported_ops = [{INT8}]
            if dataset is not None:
                converter.representative_dataset = dataset
        export('m', quantize=True, integer=True)
        """,
        f"""
        WAY = 'int8'
        converter = tf.lite.TFLiteConverter.from_saved_model('m')
        if WAY != 'float':
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        if WAY in ('int8', 'full'):
            converter.target_spec.supported_ops = [{INT8}]
        elif WAY == 'float16':
            converter.target_spec.supported_types = [tf.float16]
        """,
    ],
)
def test_what_functions_and_constants_decide_is_no_branch(text: str, tmp_path: Path) -> None:
    expected = replace(TF2, optimizations=True, supported_ops=frozenset({BUILTINS_INT8}))
    assert only_call(tmp_path, text) == expected


def test_ways_that_exclude_each_other_are_not_put_together(tmp_path: Path) -> None:
    text = f"""
    for way in sys.argv[1:]:
        {MADE}
        if way != 'float':
            {DEFAULT}
        if way == 'float16':
            converter.target_spec.supported_types = [tf.float16]
        elif way == 'int8':
            converter.representative_dataset = data
    """
    call = only_call(tmp_path, text)
    modes: list[Mode] = [one.mode(False) for one in (call, *call.alternatives)]
    assert call.mode(False) == "int8"  # the way that quantizes most
    assert sorted(modes) == ["dynamic", "float", "float16", "int8"]


def cell(source: str | list[str], kind: str = "code") -> dict[str, object]:
    """A cell of a notebook."""
    return {"cell_type": kind, "source": source}


def notebook(tmp_path: Path, *cells: dict[str, object]) -> Path:
    """A notebook with these cells."""
    path = tmp_path / "export.ipynb"
    path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4}))
    return path


def test_a_notebooks_magics_without_a_sign_and_cells_that_are_no_python_are_left_out(tmp_path: Path) -> None:
    path = notebook(
        tmp_path,
        cell("pip install tensorflow==2.15\nimport tensorflow as tf\ncp = '\\d'\nls"),
        cell("model.fit("),
        cell(f"pip install numpy\n{MADE}{DEFAULT}"),
    )
    (call,) = converter_calls(path)
    assert (call.origin, call.optimizations) == (f"{path}:cell 3:2", True)


def test_the_cells_of_a_notebook_are_one_script(tmp_path: Path) -> None:
    path = notebook(
        tmp_path,
        cell("# Export", "markdown"),
        cell(["!pip install \\\n", "  tensorflow\n", "%cd work\n", "import tensorflow as tf\n", "tf.lite?"]),
        cell("%%bash\nfor one in *; do echo $one; done"),
        cell(f"%%time\n{MADE}if ready:\n    !ls\n    {DEFAULT}"),
    )
    (call,) = converter_calls(path)
    assert call.origin == f"{path}:cell 3:2"
    assert call.branched == "optimizations (cell 3, line 5)"
    assert call.optimizations
    assert call.site is None


@pytest.mark.parametrize(
    "magic", ["files = !ls {x}", "took = %timeit -o f(x)", "a, b['c'] = !echo \\\n  two", "a.b = !ls"]
)
def test_what_a_magic_gives_a_name_is_not_known(magic: str, tmp_path: Path) -> None:
    path = notebook(tmp_path, cell(f"import tensorflow as tf\n{magic}\n{MADE}if x != y:\n    {DEFAULT}"))
    (call,) = converter_calls(path)
    assert (call.optimizations, call.branched != "") == (True, True)


def test_a_notebook_of_format_3_has_its_cells_in_worksheets(tmp_path: Path) -> None:
    code = {"cell_type": "code", "input": ["import tensorflow as tf\n", MADE, DEFAULT]}
    path = tmp_path / "export.ipynb"
    path.write_text(json.dumps({"worksheets": [{"cells": [code]}], "nbformat": 3}))
    (call,) = converter_calls(path)
    assert (call.origin, call.optimizations) == (f"{path}:cell 1:2", True)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"cells": [{"cell_type": "code", "source": "x = ("}]}', "makes no TFLiteConverter"),
        (
            '{"cells": [{"cell_type": "code", "source": "TFLiteConverter("}]}',
            "is no Python script (cell 1, line 1)",
        ),
        ('{"cells": []}', "makes no TFLiteConverter"),
        ('{"cells": [1, {"cell_type": "code"}]}', "makes no TFLiteConverter"),
        ('{"cells": 1}', "makes no TFLiteConverter"),
        ("{" * 100_000, "is no Python script"),
    ],
)
def test_what_is_no_converting_notebook_is_refused(content: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "export.ipynb"
    path.write_text(content)
    with pytest.raises(UserError, match=re.escape(message)):
        converter_calls(path)


@pytest.mark.slow
def test_a_notebook_is_read_and_not_changed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = notebook(
        tmp_path, cell(f"import tensorflow as tf\n{MADE}converter.representative_dataset = data\n")
    )
    model = str(Path(__file__).parents[2] / "fixtures" / "keras" / "plain.keras")
    check = ["check", model, "--script", str(path), "--select", "MM606", "--output-format", "concise"]
    assert main(check) == 1
    assert f"{path}:cell 1:2: MM606 error" in capsys.readouterr().out
    before = path.read_bytes()
    assert main(["fix", model, "--script", str(path), "--output", str(tmp_path / "new.py")]) == 2
    assert "is a notebook, which is read and not changed" in capsys.readouterr().err
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "text",
    [
        "x = x and x\nif x:\n    pass\n",
        "x = [*x]\nconverter.target_spec.supported_ops = x\n",
        "x = x[0]\nconverter.inference_input_type = x\n",
        "def f(c):\n    c.allow_custom_ops = True\n    f(c)\nf(converter)\n",
        "converter.target_spec.supported_ops = " + " + ".join(["OPS"] * 900) + "\n",
        "".join(f"if way == {one}:\n    converter.allow_custom_ops = True\n" for one in range(40)),
        "".join(f"if way == {one}:\n    x = [x, x, {one}]\n" for one in range(60))
        + "converter.target_spec.supported_ops = x\nif x:\n    pass\n",
        "".join(f"x{one + 1} = x{one}\nif way:\n    x{one + 1} = [x{one}, x{one}]\n" for one in range(60))
        + "converter.target_spec.supported_ops = x60\n",
        "def f(x):\n    return g(x) or f(x)\ndef g(x):\n    return f(x) if x else g(x)\nc = f(converter)\n",
    ],
)
def test_names_that_stand_for_themselves_and_deep_expressions_end(text: str, tmp_path: Path) -> None:
    assert only_call(tmp_path, f"{MADE}{DEFAULT}{text}").optimizations


@pytest.mark.parametrize("test", ["5 in 'abc'", "[] in {1: 2}", "1 not in 2", "{} == []", "{[]: 1} == 2"])
def test_a_comparison_that_python_refuses_is_one_that_cannot_be_known(test: str, tmp_path: Path) -> None:
    text = f"{MADE}if {test}:\n    {DEFAULT}"
    assert only_call(tmp_path, text).flow == "tf2"

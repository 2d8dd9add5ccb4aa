"""How the converter is called, read from scripts and from the configuration, against the graph."""

from __future__ import annotations

from pathlib import Path

import pytest

from minmax_lint.cli import main
from minmax_lint.converters.call import ConverterCall
from minmax_lint.errors import UserError
from minmax_lint.loaders.script.conversion_script import converter_calls

FIXTURES = Path(__file__).parents[2] / "fixtures"
QUANTIZED = [str(FIXTURES / "tflite" / "gap-filled.pb"), "-o", "third/act_quant"]
FLOAT = [str(FIXTURES / "keras" / "plain.keras")]

TF1 = "converter = tf.compat.v1.lite.TFLiteConverter.from_frozen_graph('g.pb', ['input'], ['output'])\n"
TF2 = "converter = tf.lite.TFLiteConverter.from_saved_model('m')\n"
DEFAULT = "converter.optimizations = [tf.lite.Optimize.DEFAULT]\n"
STATS = "converter.quantized_input_stats = {'input': (128, 64)}\n"


def calls(tmp_path, text):
    script = tmp_path / "export.py"
    script.write_text(f"import tensorflow as tf\n{text}")
    return converter_calls(script)


@pytest.mark.parametrize(
    ("text", "flags"),
    [
        (TF1, {"flow": "tf1"}),
        (TF2, {"flow": "tf2"}),
        ("c = tf.compat.v1.lite.TFLiteConverter.from_saved_model('m')\n", {"flow": "tf1"}),
        (
            "import tensorflow.compat.v1 as tf\nc = tf.lite.TFLiteConverter.from_saved_model('m')",
            {"flow": "tf1"},
        ),
        (TF1 + "converter.inference_type = tf.uint8\n", {"inference_type": "uint8"}),
        (TF1 + "converter.inference_type = tf.lite.constants.QUANTIZED_UINT8\n", {"inference_type": "uint8"}),
        (TF1 + "converter.inference_type = tf.lite.constants.FLOAT\n", {"inference_type": "float32"}),
        (TF1 + "converter.inference_type = chosen\n", {"inference_type": "?"}),
        (TF1 + STATS, {"input_stats": {"input": (128.0, 64.0)}}),
        (TF1 + "converter.quantized_input_stats = {name: (0, 1) for name in names}\n", {"input_stats": {}}),
        (TF2 + DEFAULT, {"optimizations": True}),
        (TF2 + "converter.optimizations = []\n", {"optimizations": False}),
        (TF2 + "converter.representative_dataset = data\n", {"representative_dataset": True}),
        (TF2 + "converter.representative_dataset = None\n", {"representative_dataset": False}),
        (
            TF2 + "converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]\n",
            {"integer_ops_only": True},
        ),
        (f"def main():\n  if True:\n    {TF2}    {DEFAULT}", {"optimizations": True}),
        (f"def make():\n  {TF2}  return converter\nconverter = make()\n{DEFAULT}", {"optimizations": True}),
        (f"(converter := {TF2.partition('= ')[2].strip()})\n{DEFAULT}", {"optimizations": True}),
        (TF2 + "setattr(converter, 'inference_input_type', tf.uint8)\n", {"inference_input_type": "uint8"}),
        (f"class A:\n  def f(self):\n    self.{TF2}    self.{DEFAULT}", {"optimizations": True}),
        (
            "a: object = tf.lite.TFLiteConverter.from_keras_model(m)\na.inference_input_type = tf.int8",
            {"inference_input_type": "int8"},
        ),
    ],
)
def test_flags_are_read_from_a_script(text, flags, tmp_path):
    (call,) = calls(tmp_path, text)
    assert {name: getattr(call, name) for name in flags} == flags


SESSION = "c = tf.lite.TFLiteConverter.from_session(s, [x], [y])\n"
MADE = "x = tf.placeholder(tf.float32, [None, 2], 'input')\ny = tf.nn.relu6(x, name='output')\n"


@pytest.mark.parametrize(
    ("text", "inputs", "outputs"),
    [
        (TF1, {"input": None}, ("output",)),
        (TF2, {}, ()),
        (
            "A, B = 'in', ['a', 'b:1']\nc = tf.lite.TFLiteConverter.from_frozen_graph('g.pb', input_arrays=[A], "
            "output_arrays=B, input_shapes={'in': [1, 2]})\n",
            {"in": (1, 2)},
            ("a", "b:1"),
        ),
        (MADE + SESSION, {"input": None}, ("output",)),
        (
            f"def net():\n  {MADE.replace(chr(10), chr(10) + '  ')}return x, y\nx, y = net()\n{SESSION}",
            {"input": None},
            ("output",),
        ),
        (
            f"{MADE}both = (x, y)\nx, y = both[0], tf.identity(both[1], 'named')\n{SESSION}",
            {"input": None},
            ("named",),
        ),
        (
            "g = tf.get_default_graph()\nx = g.get_operation_by_name('split').outputs[1]\n"
            f"y = g.get_tensor_by_name('logits:0')\n{SESSION}",
            {"split:1": None},
            ("logits",),
        ),
        (f"x, y = model.inputs, tf.nn.relu(z)\n{SESSION}", {}, ()),
        (f"x = x\ny = y[0]\n{SESSION}", {}, ()),
        (
            f"from tensorflow.graph_util import convert_variables_to_constants as cvc\n{MADE}"
            "cvc(s, g, [y.op.name])\nc = tf.lite.TFLiteConverter.from_frozen_graph(path, *arrays)\n",
            {},
            ("output",),
        ),
        (
            "freeze_graph.freeze_graph(output_node_names='a,b')\n"
            "c = tf.lite.TFLiteConverter.from_frozen_graph(path, ins, outs)\n",
            {},
            ("a", "b"),
        ),
    ],
)
def test_inputs_and_outputs_are_read_from_a_script(text, inputs, outputs, tmp_path):
    (call,) = calls(tmp_path, text)
    assert (call.inputs, call.outputs) == (inputs, outputs)


def test_each_converter_of_a_script_has_its_own_flags_and_line(tmp_path):
    first, second = calls(tmp_path, TF2 + DEFAULT + TF1)
    assert (first.optimizations, second.optimizations) == (True, False)
    assert [call.origin.rpartition(":")[2] for call in (first, second)] == ["2", "4"]


def test_flags_hold_for_each_converter_that_a_variable_may_be(tmp_path):
    made = [f"tf.lite.TFLiteConverter.from_saved_model('{name}')" for name in "ab"]
    found = calls(tmp_path, f"converter = {made[0]} if first else {made[1]}\n{DEFAULT}")
    assert [call.optimizations for call in found] == [True, True]


DATASET = "converter.representative_dataset = data\n"


@pytest.mark.parametrize(
    ("text", "optimizations"),
    [
        (TF2 + DEFAULT + "if len(sys.argv) > 2: converter.optimizations = []\n", (True, False)),
        (TF2 + "if quantize:\n    " + DEFAULT, (True, False)),
        (TF2 + "if quantize:\n    " + DEFAULT + "else: converter.optimizations = []\n", (True, False)),
        (TF2 + "if quantize:\n    " + DEFAULT + "else:\n    " + DEFAULT, (True,)),
        (TF2 + "converter.optimizations = [tf.lite.Optimize.DEFAULT] if quantize else []\n", (True, False)),
        (TF2 + "try: convert()\nexcept ValueError:\n    " + DEFAULT, (True, False)),
        (TF2 + "match way:\n  case 'int8':\n    " + DEFAULT + "  case _: pass\n", (True, False)),
        (TF2 + "for way in 'ab':\n    " + DEFAULT, (True,)),
        (TF2 + "with open('log'):\n    " + DEFAULT, (True,)),
        (TF2 + "if __name__ == '__main__':\n    " + DEFAULT, (True,)),
        ("if quantize:\n    " + TF2 + "    " + DEFAULT, (True,)),
    ],
)
def test_a_flag_that_is_set_in_a_branch_is_read_with_and_without_it(text, optimizations, tmp_path):
    (call,) = calls(tmp_path, text)
    assert tuple(one.optimizations for one in (call, *call.alternatives)) == optimizations
    assert bool(call.branched) == (len(optimizations) > 1)


def test_tests_that_read_the_same_are_one_condition(tmp_path):
    (call,) = calls(
        tmp_path,
        f"{TF2}if int8:\n    {DEFAULT}\nif int8:\n    {DATASET}\nif not int8: converter.optimizations = []\n",
    )
    found = [(one.optimizations, one.representative_dataset) for one in (call, *call.alternatives)]
    assert found == [(True, True), (False, False)]


@pytest.mark.parametrize(
    "text",
    [
        "if keras:\n    {0}else:\n    {1}",
        "{0}if keras:\n    {1}",
        "if keras:\n    {0}elif saved:\n    {1}",
    ],
)
def test_flags_hold_for_the_converters_of_every_branch(text, tmp_path):
    found = calls(tmp_path, text.format(TF2, TF2.replace("'m'", "'n'")) + DEFAULT)
    assert [call.optimizations for call in found] == [True, True]


def test_flags_in_the_branch_of_a_converter_are_its_own(tmp_path):
    text = f"if keras:\n    {TF2}    {DEFAULT}else:\n    {TF2}    converter.optimizations = []\n"
    assert [(one.optimizations, one.branched) for one in calls(tmp_path, text)] == [(True, ""), (False, "")]


def test_what_a_branch_of_the_script_decides_is_an_uncertain_warning(tmp_path, capsys):
    script = tmp_path / "export.py"
    script.write_text(
        f"import tensorflow as tf\n{TF2}{DEFAULT}{DATASET}if len(sys.argv) > 2:\n    converter.optimizations = []\n"
    )
    assert (
        main(["check", *FLOAT, "--script", str(script), "--select", "MM606", "--output-format", "concise"])
        == 0
    )
    out = capsys.readouterr().out
    assert "MM606 warning" in out
    assert "uncertain: set in a branch of the script: optimizations (line 6)" in out
    script.write_text(f"import tensorflow as tf\n{TF2}{DATASET}if len(sys.argv) > 2:\n    print('x')\n")
    assert main(["check", *FLOAT, "--script", str(script), "--select", "MM606"]) == 1


def test_a_script_is_never_run(tmp_path):
    mark = tmp_path / "ran"
    calls(tmp_path, f"open({str(mark)!r}, 'w')\n{TF2}")
    assert not mark.exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [("x = (", "is no Python script"), ("print(1)", "makes no TFLiteConverter"), ("\0", "no Python")],
)
def test_what_is_no_converting_script_is_refused(text, message, tmp_path):
    with pytest.raises(UserError, match=message):
        calls(tmp_path, text)


def test_a_chain_of_conditionals_is_read_whole(tmp_path):
    text = "import tensorflow as tf\nc = tf.lite.TFLiteConverter.from_saved_model('m')\nx = "
    text += "c if a else " * 2000 + "c\nx.optimizations = [tf.lite.Optimize.DEFAULT]\n"
    (call,) = calls(tmp_path, text)
    assert call.optimizations


def test_what_python_warns_of_in_a_script_is_not_ours_to_say(tmp_path, recwarn):
    text = (
        "import tensorflow as tf\nc = tf.lite.TFLiteConverter.from_saved_model('m')\nif c is 'a\\d': pass\n"
    )
    calls(tmp_path, text)
    assert not recwarn.list


def test_a_missing_script_is_refused(tmp_path):
    with pytest.raises(UserError, match="cannot be read"):
        converter_calls(tmp_path / "gone.py")


@pytest.mark.parametrize(
    ("graph", "text", "expected"),
    [
        (QUANTIZED, TF1, ["MM601 the graph has FakeQuants, and inference_type is not set"]),
        (
            QUANTIZED,
            TF1 + "converter.inference_type = tf.uint8\n",
            ["MM601 ValueError: The `quantized_input_stats` flag must be defined"],
        ),
        (
            QUANTIZED,
            TF1 + "converter.inference_type = tf.uint8\nconverter.quantized_input_stats = {'x': (0, 1)}\n",
            ["MM601 ValueError: Quantization input stats are not available for input tensors 'input'."],
        ),
        (QUANTIZED, TF1 + "converter.inference_type = tf.uint8\n" + STATS, []),
        (
            QUANTIZED,
            TF1 + "converter.inference_input_type = tf.int8\n",
            ["MM601 ValueError: The `quantized_input_stats` flag must be defined"],
        ),
        (QUANTIZED, TF1 + "converter.inference_input_type = tf.int8\n" + STATS, []),
        (
            QUANTIZED,
            TF2 + DEFAULT + "converter.experimental_new_converter = False\n",
            ["MM611 experimental_new_converter is False on the TF2 converter"],
        ),
        (QUANTIZED, TF2, ["MM601 the graph has FakeQuants, and optimizations is not set"]),
        (QUANTIZED, TF2 + DEFAULT, ["MM609 inputs and outputs of the model stay float32"]),
        (
            QUANTIZED,
            TF2 + DEFAULT + "converter.inference_input_type = converter.inference_output_type = tf.int8\n",
            [],
        ),
        (
            QUANTIZED,
            TF2 + DEFAULT + "converter.representative_dataset = d\n",
            ["MM602 the graph has FakeQuants", "MM609 inputs and outputs"],
        ),
    ],
)
def test_a_script_is_compared_with_the_graph(graph, text, expected, tmp_path, capsys):
    script = tmp_path / "export.py"
    script.write_text(f"import tensorflow as tf\n{text}")
    main(["check", *graph, "--script", str(script), "--select", "MM6", "--output-format", "json"])
    import json

    (report,) = json.loads(capsys.readouterr().out)["reports"]
    found = [f"{f['code']} {f['message'].partition(': ')[2]}" for f in report["findings"]]
    assert len(found) == len(expected)
    assert all(one.startswith(wanted) for one, wanted in zip(found, expected, strict=True))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (ConverterCall("x", "tf2", optimizations=True), "only weights will be integer"),
        (ConverterCall("x", "tf2", inference_input_type="int8"), None),  # MM604: the call is refused
        (ConverterCall("x", "tf1", inference_type="uint8"), "asks for uint8"),
        (ConverterCall("x", "tf2", inference_type="uint8", representative_dataset=True), None),
        (ConverterCall("x", "tf1", inference_type="uint8", default_ranges=True), None),
    ],
)
def test_a_float_graph_needs_a_dataset_for_integers(call, message):

    from minmax_lint.graph.build import Builder
    from minmax_lint.rules.mm602 import ConverterModeMismatch
    from tests.rules.linted import found, lint_example

    b = Builder()
    y = b.add("Relu", "y", b.placeholder("x", [1, 4]))
    example = (
        ConverterModeMismatch()
        .examples()
        .passing._replace(graph=b.graph(), inputs={"x": (1, 4)}, outputs=(y,), calls=(call,))
    )
    findings = found(lint_example(example), "MM602")
    assert [message in finding.message for finding in findings] == ([True] if message else [])


@pytest.mark.parametrize(
    ("table", "codes"),
    [
        ('inference-type = "uint8"\nquantized-input-stats = { input = [128, 64] }', []),
        ('inference-type = "uint8"', ["MM601"]),
        ("quantized-input-stats = { other = [0, 1] }", ["MM601"]),
        ('flow = "tf2"\noptimizations = true\nrepresentative-dataset = true', ["MM602", "MM609"]),
        ("optimizations = true\nrepresentative-dataset = true", ["MM602"]),  # the flow of a TF1 graph
    ],
)
def test_the_configuration_says_how_the_converter_is_called(table, codes, tmp_path, monkeypatch, capsys):
    import json

    (tmp_path / "pyproject.toml").write_text(f"[tool.minmax-lint.convert]\n{table}\n")
    monkeypatch.chdir(tmp_path)
    main(["check", *QUANTIZED, "--select", "MM6", "--output-format", "json"])
    (report,) = json.loads(capsys.readouterr().out)["reports"]
    assert [finding["code"] for finding in report["findings"]] == codes
    assert all("tool.minmax-lint, convert" in finding["message"] for finding in report["findings"])


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('inference-type = "uint9"', "did you mean uint8"),
        ("optimizations = 1", "neither true nor false"),
        ("quantized-input-stats = []", "has no input stats"),
        ("quantized-input-stats = { input = [128, 0] }", "a std above 0"),
        ("quantized-input-stats = { input = [nan, 1] }", "a std above 0"),
        ("quantized-input-stats = { input = [true, 1] }", "are no numbers"),
        ("inferense-type = 1", "did you mean inference-type"),
    ],
)
def test_a_mistake_in_the_table_is_one_line(line, message, tmp_path, monkeypatch, capsys):
    (tmp_path / "minmax-lint.toml").write_text(f"[convert]\n{line}\n")
    monkeypatch.chdir(tmp_path)
    assert main(["check", *QUANTIZED]) == 2
    assert message in capsys.readouterr().err


def test_the_python_interface_reads_a_script_too(tmp_path):
    import minmax_lint

    script = tmp_path / "export.py"
    script.write_text(f"import tensorflow as tf\n{TF2}")
    report = minmax_lint.lint(QUANTIZED[0], outputs=[QUANTIZED[2]], script=script, select=["MM6"])
    assert [finding.code for finding in report.findings] == ["MM601"]


@pytest.mark.parametrize("real", [False, True])
def test_an_end_of_integers_is_not_dropped(real):
    """Measured on 2.21: indices stay int32, also where the op that reads them stays float."""
    from minmax_lint.graph.build import Builder
    from minmax_lint.graph.dtype import DType
    from minmax_lint.rules.framework.call_rule import example_call
    from minmax_lint.rules.mm610 import IntegerEndDropped
    from tests.rules.linted import found, lint_example

    b = Builder()
    x = b.placeholder("x", [1, 3], DType.FLOAT if real else DType.INT32)
    whole = b.add("Cast", "cast", x, SrcT=DType.FLOAT, DstT=DType.INT32) if real else x
    operands = b.const("table", [0.5] * 8, [4, 2]), whole, b.const("axis", 0, dtype=DType.INT32)
    types = {"Tparams": DType.FLOAT, "Tindices": DType.INT32, "Taxis": DType.INT32}
    rows = b.add("FloorMod", "rest", b.add("GatherV2", "rows", *operands, **types), b.const("two", 2.0))
    b.fake_quant("output", rows, 0, 2)
    call = example_call(optimizations=True, inference_input_type="int8", inference_output_type="int8")
    example = (
        IntegerEndDropped()
        .examples()
        .failing._replace(
            graph=b.graph(),
            inputs={"x": (1, 3)},
            outputs=("output",),
            profiles=("mlir-2.21-v2",),
            calls=(call,),
        )
    )
    assert len(found(lint_example(example), "MM610")) == real

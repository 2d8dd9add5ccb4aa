"""Which mode of the converter a call asks for, and which calls it refuses, against the real converters."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from minmax_lint.converters.call import (
    BUILTINS,
    BUILTINS_16X8,
    BUILTINS_INT8,
    SELECT_TF,
    ConverterCall,
    Maker,
    Mode,
)
from minmax_lint.converters.call_prediction import decide_by_calls, with_default_ranges
from minmax_lint.converters.call_refusals import refusal
from minmax_lint.converters.dataset import (
    NO_DICTIONARY,
    NOT_CALLABLE,
    Dataset,
    SampleArray,
    by_input,
    with_signatures,
)
from minmax_lint.converters.profile import profile
from minmax_lint.converters.releases import dotted
from minmax_lint.graph.build import Builder
from minmax_lint.graph.trace import trace
from minmax_lint.inference.inference import Inference
from minmax_lint.rules.framework.rule import Example
from tests.interpreters import tf215, tf221
from tests.rules.linted import lint_example

CALL = ConverterCall("export.py:1", "tf2")
TF1 = replace(CALL, flow="tf1")
PTQ = replace(CALL, optimizations=True, representative_dataset=True)
STATED = replace(TF1, input_stats={"x": (0.0, 1.0)})
SIXTEEN = replace(PTQ, supported_ops=frozenset({BUILTINS_16X8}))


@pytest.mark.parametrize(
    ("call", "mode", "trained"),
    [
        (CALL, "float", "float"),
        (replace(CALL, optimizations=True), "dynamic", "v2"),
        (PTQ, "int8", "int8"),
        (replace(PTQ, optimizations=False), "float", "float"),
        (replace(PTQ, supported_ops=frozenset({BUILTINS_INT8})), "int8", "int8"),
        (SIXTEEN, "16x8", "16x8"),
        (replace(PTQ, supported_ops=frozenset({BUILTINS_16X8, BUILTINS})), "16x8-fallback", "16x8-fallback"),
        (
            replace(CALL, optimizations=True, supported_types=frozenset({"float16"})),
            "float16",
            "v2",
        ),
        (replace(CALL, supported_types=frozenset({"float16"})), "float", "float"),
        (TF1, "float", "float"),
        (replace(TF1, inference_type="uint8"), "tf1", "tf1"),
        (replace(TF1, inference_type="?"), "tf1", "tf1"),
        (replace(TF1, inference_input_type="int8"), "tf1", "tf1"),
        (replace(TF1, inference_type="uint8", inference_input_type="float32"), "tf1", "v2"),
        (replace(TF1, optimizations=True), "dynamic", "float"),
        (replace(TF1, optimizations=True, inference_type="int8"), "dynamic", "v2"),
        (
            replace(TF1, optimizations=True, representative_dataset=True, inference_type="int8"),
            "int8",
            "int8",
        ),
        (
            replace(TF1, optimizations=True, supported_types=frozenset({"float16"}), inference_type="uint8"),
            "float16",
            "v2",
        ),
    ],
)
def test_the_flags_choose_the_mode(call: ConverterCall, mode: Mode, trained: Mode) -> None:
    assert (call.mode(False), call.mode(True)) == (mode, trained)


CASES: list[tuple[ConverterCall, bool]] = [
    (call, trained)
    for trained in (False, True)
    for call in (
        replace(CALL, optimizations=True, supported_ops=frozenset({BUILTINS_INT8})),
        replace(CALL, inference_input_type="int8"),
        replace(CALL, optimizations=True, inference_input_type="int16"),
        replace(CALL, optimizations=True, inference_output_type="int8"),
        replace(PTQ, inference_input_type="int16"),
        replace(PTQ, inference_output_type="int16"),
        replace(PTQ, inference_input_type="int8", inference_output_type="uint8"),
        replace(
            CALL, optimizations=True, supported_types=frozenset({"float16"}), inference_input_type="int8"
        ),
        replace(CALL, supported_types=frozenset({"float16"})),
        replace(CALL, supported_types=frozenset({"int8"})),
        replace(PTQ, supported_ops=frozenset({BUILTINS_INT8}), supported_types=frozenset({"float16"})),
        replace(PTQ, optimizations=False, supported_ops=frozenset({BUILTINS_INT8})),
    )
] + [
    (replace(SIXTEEN, inference_input_type="int8"), False),
    (SIXTEEN, False),
    (replace(SIXTEEN, supported_types=frozenset({"float16"}), inference_input_type="int8"), False),
    (replace(SIXTEEN, supported_types=frozenset({"int8"}), inference_input_type="int8"), False),
    (replace(PTQ, supported_types=frozenset({"float32"}), inference_input_type="int8"), False),
]
TF1_CASES: list[tuple[ConverterCall, bool]] = [
    (call, trained)
    for trained in (False, True)
    for call in (
        replace(TF1, inference_type="uint8"),
        replace(TF1, inference_input_type="int8"),
        replace(TF1, optimizations=True, inference_type="int8"),
        replace(TF1, optimizations=True, supported_ops=frozenset({BUILTINS_INT8})),
        replace(TF1, supported_ops=frozenset({BUILTINS_INT8})),
        replace(TF1, inference_type="uint8", input_stats={"x": (0.0, 1.0)}),
        replace(STATED, optimizations=True, inference_input_type="uint8"),
        replace(STATED, optimizations=True, inference_output_type="int8"),
        replace(STATED, optimizations=True, inference_type="int8", inference_input_type="uint8"),
        replace(STATED, optimizations=True, representative_dataset=True, inference_output_type="int16"),
        replace(TF1, inference_output_type="int8"),
    )
]
OPS_SETS: list[frozenset[str]] = [
    frozenset(ops)
    for ops in (
        (),
        (BUILTINS,),
        (BUILTINS_INT8,),
        (SELECT_TF,),
        (BUILTINS_INT8, BUILTINS),
        (BUILTINS_16X8,),
        (BUILTINS_16X8, BUILTINS),
        (BUILTINS_16X8, BUILTINS_INT8),
    )
]
TYPES: list[frozenset[str]] = [
    frozenset(types)
    for types in (
        (),
        ("int8",),
        ("float16",),
        ("int8", "float16"),
        ("float32",),
        ("bfloat16",),
        ("int16",),
        ("uint8",),
    )
]
GRID: list[tuple[ConverterCall, bool]] = [
    (
        replace(
            CALL,
            optimizations=optimizations,
            representative_dataset=dataset,
            supported_ops=ops,
            supported_types=types,
        ),
        trained,
    )
    for optimizations, dataset, ops, types, trained in product(
        (False, True), (False, True), OPS_SETS, TYPES, (False, True)
    )
]
"""Every way to set the flags that choose the mode."""

CHILD = """
import json, sys
import numpy as np
import tensorflow as tf
from tensorflow.lite.python.lite import QuantizationMode

args = tf.quantization.fake_quant_with_min_max_args
v1 = tf.compat.v1
signature = [tf.TensorSpec([1, 8])]
functions = {
    True: tf.function(lambda x: args(tf.nn.relu6(args(x, -1, 1)), 0, 6), input_signature=signature),
    False: tf.function(lambda x: tf.nn.relu(x) + 1.0, input_signature=signature),
}

def frozen(trained):
    with tf.Graph().as_default():
        x = v1.placeholder(tf.float32, [1, 8], name="x")
        tf.identity(functions[trained].python_function(x), "y")
        return v1.get_default_graph().as_graph_def()

graphs = {trained: frozen(trained) for trained in (False, True)}

def set_up(converter, flags):
    if flags["optimizations"]:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if flags["representative_dataset"]:
        converter.representative_dataset = lambda: iter([[np.ones((1, 8), np.float32)]])
    if flags["supported_ops"]:
        converter.target_spec.supported_ops = [getattr(tf.lite.OpsSet, one) for one in flags["supported_ops"]]
    if flags["supported_types"]:
        converter.target_spec.supported_types = [tf.as_dtype(one) for one in flags["supported_types"]]
    for name in ("inference_type", "inference_input_type", "inference_output_type"):
        if flags[name]:
            setattr(converter, name, tf.as_dtype(flags[name]))
    if flags["flow"] == "tf1" and flags["input_stats"]:
        converter.quantized_input_stats = flags["input_stats"]
    return converter

def mode_of(flags, trained):
    converter = set_up(tf.lite.TFLiteConverter.from_concrete_functions([concrete]), flags)
    try:
        mode = QuantizationMode(
            converter.optimizations, converter.target_spec, converter.representative_dataset, graphs[trained]
        )
    except (ValueError, AttributeError):
        return ""
    if mode.is_post_training_int16x8_only_quantization():
        return "16x8"
    if mode.is_post_training_int16x8_quantization_with_float_fallback():
        return "16x8-fallback"
    if mode.is_post_training_int8_quantization():
        return "int8"
    if mode.is_quantization_aware_training():
        return "v2"
    if mode.is_post_training_dynamic_range_quantization():
        return "dynamic"
    return "float16" if mode.is_post_training_float16_quantization() else "float"

def refused(converter):
    try:
        converter.convert()
        return ""
    except (ValueError, AttributeError) as error:
        return f"{type(error).__name__}: {error}".partition(" Expected type for tensor")[0]

concrete = functions[False].get_concrete_function()
cases, grid = json.load(sys.stdin)
real = []
for flags, trained in cases:
    if flags["flow"] == "tf1":
        with tf.Graph().as_default(), v1.Session() as session:
            tf.import_graph_def(graphs[trained], name="")
            x, y = (session.graph.get_tensor_by_name(name) for name in ("x:0", "y:0"))
            converter = v1.lite.TFLiteConverter(graphs[trained], [x], [y])
    else:
        converter = tf.lite.TFLiteConverter.from_concrete_functions([functions[trained].get_concrete_function()])
    real.append(refused(set_up(converter, flags)))
module = tf.Module()
module.function = functions[False]
tf.saved_model.save(module, "model", signatures=concrete)
tf.saved_model.save(module, "pair", signatures={"one": concrete, "two": concrete})
array = np.ones((1, 8), np.float32)
samples = {
    "tuple": lambda: iter([(array, array)]),
    "array": lambda: iter([array]),
    "called": iter([[array]]),
    "count": lambda: iter([[array, array]]),
    "key": lambda: iter([{"other": array}]),
    "type": lambda: iter([[np.ones((1, 8))]]),
    "no arrays": lambda: iter([[]]),
    "no names": lambda: iter([{}]),
    "pair of signatures": lambda: iter([{"x": array}]),
    "pair and no names": lambda: iter([{}]),
    "pair without that signature": lambda: iter([("three", {"x": array})]),
}
forms = {}
for form, dataset in samples.items():
    converter = tf.lite.TFLiteConverter.from_saved_model(
        "pair" if form.startswith("pair") else "model"
    )
    converter.optimizations, converter.representative_dataset = [tf.lite.Optimize.DEFAULT], dataset
    try:
        converter.convert()
    except Exception as error:
        forms[form] = f"{type(error).__name__}: {error}"
print(json.dumps([real, [mode_of(*one) for one in grid], forms]))
"""
FLAGS = (
    "flow",
    "inference_type",
    "input_stats",
    "optimizations",
    "representative_dataset",
    "supported_ops",
    "supported_types",
    "inference_input_type",
    "inference_output_type",
)


def flags(call: ConverterCall) -> dict[str, object]:
    found = {name: getattr(call, name) for name in FLAGS}
    return {name: sorted(one) if isinstance(one, frozenset) else one for name, one in found.items()}


ONE = SampleArray(dtype="float32", shape=(1, 8))
FORMS = {
    "tuple": Dataset("", (ONE, ONE), refused=NO_DICTIONARY),
    "array": Dataset("", (ONE,), listed=False),
    "called": Dataset("", refused=NOT_CALLABLE.replace("generator", "list_iterator")),
    "count": Dataset("", (ONE, ONE)),
    "key": by_input(Dataset("", (ONE._replace(key="other"),)), {"x": ()}),
    "type": Dataset("", (ONE._replace(dtype="float64"),)),
    "no arrays": Dataset("", blank="[]"),
    "no names": by_input(Dataset("", blank="{}"), {"x": ()}),
    "pair of signatures": with_signatures(Dataset("", (ONE._replace(key="x"),)), ["one", "two"]),
    "pair and no names": with_signatures(Dataset("", blank="{}"), ["one", "two"]),
    "pair without that signature": with_signatures(
        Dataset("", (ONE._replace(key="x"),), signature="three"), ["one", "two"]
    ),
}


def of_samples(dataset: Dataset) -> str:
    """What the converter is predicted to raise for these samples of a model with the input `x`."""
    b = Builder()
    output = b.add("Relu", "y", b.placeholder("x", [1, 8]))
    kept = trace(b.graph(), ["x"], [output])
    call = replace(PTQ, dataset=dataset)
    found = decide_by_calls(profile("mlir-2.21-int8"), [call], kept, Inference(kept, {}))
    assert found is not None
    return found.message.partition(", name: ")[0].partition(': "three"')[
        0
    ]  # 2.15 says the same without the key


@pytest.mark.parametrize(("python", "version"), [(tf215, (2, 15)), (tf221, (2, 21))])
def test_the_real_converter_refuses_the_same_calls_with_the_same_words_and_takes_them_for_the_same_mode(
    python, version, tmp_path: Path
) -> None:
    cases = [*CASES, *TF1_CASES]
    done = subprocess.run(
        [str(python()), "-c", CHILD],
        input=json.dumps([[(flags(call), trained) for call, trained in asked] for asked in (cases, GRID)]),
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    real, modes, forms = json.loads(done.stdout.splitlines()[-1])
    assert [refusal(replace(call, tensorflow=version), trained) for call, trained in cases] == real
    assert ["" if refusal(call, trained) else call.mode(trained) for call, trained in GRID] == modes
    refused = {form: of_samples(dataset) for form, dataset in FORMS.items()}
    assert {form: forms[form].startswith(text) for form, text in refused.items()} == dict.fromkeys(
        FORMS, True
    )


NO_FUNCS = "AttributeError: 'TFLiteSavedModelConverterV2' object has no attribute '_funcs'"
NOT_CALLED = "TypeError: 'NoneType' object is not callable"


@pytest.mark.parametrize(
    ("maker", "version", "refused"),
    [
        ("saved_model", (2, 16), ""),
        ("saved_model", (2, 18), NO_FUNCS),
        ("saved_model", (2, 21), NO_FUNCS),
        ("saved_model", None, NO_FUNCS),
        ("keras", (2, 15), ""),
        ("keras", (2, 16), NOT_CALLED),
        ("keras", (2, 21), NOT_CALLED),
        ("functions", (2, 15), ""),
        ("functions", (2, 18), "ConverterError: See console for info."),
        ("functions", (2, 21), ""),
    ],
)
def test_the_tf2_converter_that_is_asked_for_toco_ends_as_measured(
    maker: Maker, version: tuple[int, int] | None, refused: str
) -> None:
    call = replace(PTQ, experimental_new_converter=False, maker=maker, tensorflow=version)
    assert refusal(call, trained=False) == refused


@pytest.mark.parametrize(
    ("call", "version", "verdict", "message"),
    [
        (PTQ, (2, 15), "abort", "ValueError: Failed to parse the model"),
        (PTQ, (2, 18), "float", "every op stays one of TensorFlow's"),
        (PTQ, (2, 21), "abort", "RuntimeError: Select TensorFlow op(s)"),
        (replace(PTQ, unsigned=True), (2, 15), "float", "every op stays one of TensorFlow's"),
        (replace(PTQ, unsigned=True), (2, 21), "abort", "RuntimeError: Select TensorFlow op(s)"),
        (replace(PTQ, flow="tf1"), (2, 15), "float", "every op stays one of TensorFlow's"),
        (replace(PTQ, representative_dataset=False), (2, 15), "abort", "TypeError: 'NoneType'"),
        (replace(PTQ, representative_dataset=False), (2, 21), "float", "every op stays one of TensorFlow's"),
        (replace(CALL, representative_dataset=True), (2, 21), "float", "every op stays one of TensorFlow's"),
    ],
)
def test_ops_of_tensorflow_alone_make_a_float_model_or_none(
    call: ConverterCall, version: tuple[int, int], verdict: str, message: str
) -> None:
    b = Builder()
    output = b.add("Relu", "y", b.placeholder("x", [1, 8]))
    kept = trace(b.graph(), ["x"], [output])
    asked = replace(call, supported_ops=frozenset({SELECT_TF}), tensorflow=version)
    chosen = profile(f"mlir-{dotted(version)}-int8")
    found = decide_by_calls(chosen, [asked], kept, Inference(kept, {}))
    assert found is not None
    assert (found.verdict, message in found.message) == (verdict, True)


@pytest.mark.parametrize(
    ("defaults", "behind", "verdict"),
    [
        (True, True, "undetermined"),
        (True, False, "quantized"),  # every array has its range
        (False, True, "float"),
    ],
)
def test_default_ranges_leave_open_what_an_array_without_range_becomes(
    defaults: bool, behind: bool, verdict: str
) -> None:
    b = Builder()
    output = b.fake_quant("quant", b.add("Relu6", "act", b.placeholder("x", [1, 4])), 0.0, 6.0)
    if behind:
        output = b.add("Mul", "last", output, output)
    call = replace(TF1, inference_type="uint8", input_stats={"x": (0.0, 1.0)}, default_ranges=defaults)
    report = lint_example(Example(b.graph(), {"x": (1, 4)}, (output,), ("mlir-2.21",)))
    assert with_default_ranges(report.predictions["mlir-2.21"], (call,)).verdict == verdict

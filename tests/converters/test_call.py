"""Which mode of the converter a call asks for, and which calls it refuses, against the real converters."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from minmax_lint.converters.call import (
    BUILTINS,
    BUILTINS_16X8,
    BUILTINS_INT8,
    ConverterCall,
    Mode,
    refusal,
)
from tests.interpreters import tf215, tf221

CALL = ConverterCall("export.py:1", "tf2")
PTQ = replace(CALL, optimizations=True, representative_dataset=True)
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
        (replace(CALL, flow="tf1", inference_type="uint8"), "tf1", "tf1"),
        (replace(CALL, flow="tf1", optimizations=True), "dynamic", "v2"),
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
] + [(replace(SIXTEEN, inference_input_type="int8"), False), (SIXTEEN, False)]

CHILD = """
import json, sys
import numpy as np
import tensorflow as tf

args = tf.quantization.fake_quant_with_min_max_args
signature = [tf.TensorSpec([1, 8])]
functions = {
    True: tf.function(lambda x: args(tf.nn.relu6(args(x, -1, 1)), 0, 6), input_signature=signature),
    False: tf.function(lambda x: tf.nn.relu(x) + 1.0, input_signature=signature),
}
real = []
for flags, trained in json.load(sys.stdin):
    make = tf.lite.TFLiteConverter.from_concrete_functions
    converter = make([functions[trained].get_concrete_function()])
    if flags["optimizations"]:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if flags["representative_dataset"]:
        converter.representative_dataset = lambda: iter([[np.ones((1, 8), np.float32)]])
    if flags["supported_ops"]:
        converter.target_spec.supported_ops = [getattr(tf.lite.OpsSet, one) for one in flags["supported_ops"]]
    if flags["supported_types"]:
        converter.target_spec.supported_types = [tf.as_dtype(one) for one in flags["supported_types"]]
    for name in ("inference_input_type", "inference_output_type"):
        if flags[name]:
            setattr(converter, name, tf.as_dtype(flags[name]))
    try:
        converter.convert()
        real.append("")
    except ValueError as error:
        real.append(str(error))
print(json.dumps(real))
"""
FLAGS = (
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


@pytest.mark.parametrize(("python", "version"), [(tf215, (2, 15)), (tf221, (2, 21))])
def test_the_real_converter_refuses_the_same_calls_with_the_same_words(
    python, version, tmp_path: Path
) -> None:
    done = subprocess.run(
        [str(python()), "-c", CHILD],
        input=json.dumps([(flags(call), trained) for call, trained in CASES]),
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    real = json.loads(done.stdout.splitlines()[-1])
    predicted = [refusal(replace(call, tensorflow=version), trained) for call, trained in CASES]
    assert predicted == real

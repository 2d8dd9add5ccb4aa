"""The passes that run, against what the real converters dump while they convert."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from minmax_lint.converters.example import Net
from minmax_lint.converters.mlir.optimize.passes import AFTER_QUANTIZATION, BEFORE_QUANTIZATION, Pass
from minmax_lint.writers.graphdef import encode
from tests.interpreters import tensorflow

CONVERT = """
import sys
import tensorflow as tf
graph, output, folder = sys.argv[1:]
converter = tf.compat.v1.lite.TFLiteConverter.from_frozen_graph(graph, ["input"], [output])
converter.inference_type = converter.inference_input_type = tf.uint8
converter.quantized_input_stats = {"input": (128.0, 64.0)}
for prefix in ("mlir_dump", "ir_dump"):  # the older name and the newer one
    setattr(converter, prefix + "_dir", folder)
    setattr(converter, prefix + "_pass_regex", ".*")
    setattr(converter, prefix + "_func_regex", ".*")
converter.convert()
"""
NAMES = {one.name for one in BEFORE_QUANTIZATION}


def names(passes: tuple[Pass, ...], number: tuple[int, int]) -> list[str]:
    return [one.name for one in passes if one.holds(number)]


@pytest.mark.slow
@pytest.mark.parametrize("version", ["2.15", "2.18", "2.21"])
def test_the_passes_run_in_the_order_of_the_real_converter(version: str, tmp_path: Path) -> None:
    net = Net()
    output = net.fq(net.op("Relu", net.mat_mul(net.x(), net.weights())))
    graph = tmp_path / "graph.pb"
    graph.write_bytes(encode(net.graph()))
    folder = tmp_path / "dump"
    folder.mkdir()
    call = [str(tensorflow(version)), "-c", CONVERT, str(graph), output, str(folder)]
    subprocess.run(call, check=True, capture_output=True, timeout=300)
    dumped = sorted(path.name for path in folder.rglob("*_before.mlir"))
    ran = [name.split(".")[2].removesuffix("_before") for name in dumped]
    quantized = ran.index("PrepareQuantizePass")
    number = (2, int(version.partition(".")[2]))
    assert [name for name in ran[:quantized] if name in NAMES] == names(BEFORE_QUANTIZATION, number)
    assert [name for name in ran[quantized:] if name in NAMES] == names(AFTER_QUANTIZATION, number)

"""CPU time of whole processes, children included: what stays comparable on a machine that does other things too."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

TENSORFLOW = """
import sys
import tensorflow as tf
content = open(sys.argv[1], "rb").read()
if sys.argv[1].endswith(".meta"):
    meta = tf.compat.v1.MetaGraphDef()
    meta.ParseFromString(content)
    graph = meta.graph_def
else:
    graph = tf.compat.v1.GraphDef()
    graph.ParseFromString(content)
tf.compat.v1.graph_util.extract_sub_graph(graph, [sys.argv[2]])
"""
"""TensorFlow's own way to the kept subgraph of a file."""
CONVERT = """
import sys
import tensorflow as tf
converter = tf.compat.v1.lite.TFLiteConverter.from_frozen_graph(
    sys.argv[1], ["input"], [sys.argv[3]], {"input": [int(d) for d in sys.argv[2].split(",")]})
if sys.argv[4] == "quantized":
    converter.inference_type = tf.uint8
    converter.quantized_input_stats = {"input": (128.0, 64.0)}
converter.convert()
"""
"""A cold conversion."""


def cpu_seconds(arguments: Sequence[str], times: int = 3, accept: Sequence[int] = (0,)) -> float:
    """The median of CPU seconds of `times` runs of this Python with `arguments`; RuntimeError for another exit code."""
    return statistics.median(_once([sys.executable, *arguments], accept) for _ in range(times))


def check(path: Path, output: str, shape: str = "", times: int = 3) -> float:
    """CPU seconds of a cold `minmax-lint check`."""
    given = ["-i", f"input={shape}"] if shape else []
    arguments = ["-m", "minmax_lint", "check", str(path), *given, "-o", output, "--exit-zero"]
    return cpu_seconds(arguments, times)


def _once(command: Sequence[str], accept: Sequence[int]) -> float:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment |= {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1", "PYTHONWARNINGS": "ignore"}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in accept:
        raise RuntimeError(f"{command} ended with {done.returncode}: {done.stderr[-2000:]}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

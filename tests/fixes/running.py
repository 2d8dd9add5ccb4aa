"""Small graphs, fixed and run: what the tests of repairs share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest

import minmax_lint
from minmax_lint.fixes.engine.patch import Patch
from minmax_lint.graph.build import Builder
from minmax_lint.writers.graphdef import encode

TOCO, MLIR = "toco-2.15", "mlir-2.21"


def fixed(b: Builder, *outputs: str, **options: Any) -> Patch:
    """The patch of the graph that `b` builds."""
    return minmax_lint.fix(encode(b.graph()), outputs=list(outputs), **options)


def verdicts(patch: Patch) -> dict[str, tuple[str, str]]:
    """Profile -> its verdict before and after."""
    return {
        name: (patch.before.predictions[name].verdict, after.verdict)
        for name, after in patch.after.predictions.items()
    }


def run(graph: bytes, outputs: Sequence[str], feeds: Mapping[str, np.ndarray]) -> list[np.ndarray]:
    """What TensorFlow computes."""
    tf = pytest.importorskip("tensorflow")
    message = tf.compat.v1.GraphDef.FromString(graph)
    with tf.Graph().as_default() as imported:
        tf.import_graph_def(message, name="")
        with tf.compat.v1.Session(graph=imported) as session:
            names = [name if ":" in name else f"{name}:0" for name in outputs]
            result: list[np.ndarray] = session.run(
                names, {f"{name}:0": value for name, value in feeds.items()}
            )
            return result


def both(patch: Patch, feeds: Mapping[str, np.ndarray]) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """The outputs' values before and after, on the same input."""
    before = run(encode(patch.model.graph), patch.before.outputs, feeds)
    return before, run(encode(patch.graph), patch.outputs, feeds)


def image(*shape: int, seed: int = 0) -> np.ndarray:
    """A random input within the range of the input statistics."""
    return np.random.default_rng(seed).uniform(-1.9, 1.9, shape).astype("float32")

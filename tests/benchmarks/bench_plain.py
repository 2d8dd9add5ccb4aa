"""Plain graphs, no block like another: a cold check against TensorFlow's own way, in CPU seconds.

TensorFlow's way is `import tensorflow`, parse and `extract_sub_graph` of the same file.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.chains import Chain, write_chain
from tests.benchmarks.cpu import TENSORFLOW, check, cpu_seconds
from tests.benchmarks.figure import Figure
from tests.benchmarks.training import write_training


def measure() -> Iterator[Figure]:
    """Seconds of both and their ratio."""
    with tempfile.TemporaryDirectory() as folder:
        for nodes, goal in ((20_000, 0.35), (100_000, 1.0)):
            yield from _figures(
                f"{nodes:,} nodes", write_chain(Path(folder, "plain.pb"), nodes, distinct=True), goal
            )
        training = write_training(Path(folder, "training.meta"), 100_000, 5_000)
        yield from _figures("training, 5,000 of 100,000 nodes kept", training, 0.25)


def _figures(what: str, chain: Chain, goal: float) -> Iterator[Figure]:
    ours = check(chain.path, chain.output)
    theirs = cpu_seconds(["-c", TENSORFLOW, str(chain.path), chain.output])
    yield Figure(f"{what}: cold check", ours, "s")
    yield Figure(f"{what}: TensorFlow's way", theirs, "s")
    yield Figure(f"{what}: check / TensorFlow's way", ours / theirs, "", goal)

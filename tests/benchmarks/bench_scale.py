"""Large graphs: a cold check against TensorFlow's own way, and how time and memory grow.

TensorFlow's way is `import tensorflow`, parse and `extract_sub_graph` of the same file. Targets: at 100,000
nodes at most 1/4 of its time, at a million nodes at most 1/5 in under 1 GiB; twice the time for twice the
nodes; a graph with 200 MB of weights checked and patched in under 100 MB of own memory; a text graph of
10,000 nodes read in under 1 s.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from minmax_lint.loaders import load
from minmax_lint.writers.write import as_text
from tests.benchmarks.chains import Chain, write_chain
from tests.benchmarks.clock import best, best_child
from tests.benchmarks.figure import Figure
from tests.benchmarks.own_memory import Usage, usage_of

_TENSORFLOW = """
import sys
import tensorflow as tf
graph = tf.compat.v1.GraphDef()
with open(sys.argv[1], "rb") as file:
    graph.ParseFromString(file.read())
tf.compat.v1.graph_util.extract_sub_graph(graph, [sys.argv[2]])
"""
_MB = 10**6
_NODES = ((1_000, None), (10_000, None), (100_000, 1 / 4), (500_000, None), (1_000_000, 1 / 5))


def measure() -> Iterator[Figure]:
    """Ratios in one run, on generated chains of conv blocks."""
    with tempfile.TemporaryDirectory() as folder:
        yield from _nodes(Path(folder))
        yield from _weights(Path(folder))
        yield from _text(Path(folder))


def _nodes(folder: Path) -> Iterator[Figure]:
    seconds: dict[int, float] = {}
    for nodes, target in _NODES:
        chain = write_chain(folder / f"{nodes}.pb", nodes)
        ours, theirs = _check(chain), _tensorflow(chain)
        seconds[nodes] = ours.seconds
        yield Figure(f"{nodes:,} nodes: cold check", ours.seconds, "s")
        yield Figure(f"{nodes:,} nodes: own memory", ours.mib, "MiB", 1024)
        yield Figure(f"{nodes:,} nodes: TensorFlow's way", theirs, "s")
        yield Figure(f"{nodes:,} nodes: check / TensorFlow's way", ours.seconds / theirs, "", target)
    # Smaller graphs take hardly longer than the start of a process.
    yield Figure("1,000,000 / 500,000 nodes: time", seconds[1_000_000] / seconds[500_000], "", 2.4)


def _weights(folder: Path) -> Iterator[Figure]:
    for size, most in ((200 * _MB, 100.0), (1_900 * _MB, 400.0)):
        chain = write_chain(folder / "weights.pb", 1_000, size)
        ours = _check(chain)
        yield Figure(f"{size // _MB} MB of weights: cold check", ours.seconds, "s")
        yield Figure(f"{size // _MB} MB of weights: own memory of check", ours.mib, "MiB", most)
        yield Figure(
            f"{size // _MB} MB of weights: check / TensorFlow's way", ours.seconds / _tensorflow(chain), ""
        )
        if size == 200 * _MB:
            bare = chain.output.replace("act_quant/FakeQuantWithMinMaxVars", "Relu6")
            fixed = usage_of(["fix", str(chain.path), "-o", bare, "--output", str(folder / "fixed.pb")])
            yield Figure("200 MB of weights: fix", fixed.seconds, "s")
            yield Figure("200 MB of weights: own memory of fix", fixed.mib, "MiB", most)


def _text(folder: Path) -> Iterator[Figure]:
    chain = write_chain(folder / "10000.pb", 10_000)
    path = folder / "10000.pbtxt"
    path.write_bytes(b"".join(map(bytes, as_text(iter([chain.path.read_bytes()]), "GraphDef"))))
    yield Figure("10,000 nodes as text: load", best(lambda: load(path), times=3), "s", 1)


def _check(chain: Chain) -> Usage:
    arguments = ["check", str(chain.path), "-o", chain.output, "--exit-zero"]
    return min((usage_of(arguments) for _ in range(2)), key=lambda usage: usage.seconds)


def _tensorflow(chain: Chain) -> float:
    return best_child(["-c", _TENSORFLOW, str(chain.path), chain.output], times=2)

"""Awkward shapes, doubled from 8,000 to 16,000 and 32,000: CPU time and memory grow at most 2.3 times."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from minmax_lint.writers.graphdef import encode
from tests.benchmarks.cpu import cpu_seconds
from tests.benchmarks.figure import Figure
from tests.benchmarks.own_memory import usage_of
from tests.converters.test_calls_per_node import SHAPES, net

SIZES = (8_000, 16_000, 32_000)
MOST = 2.3


def measure() -> Iterator[Figure]:
    """Ratios of one size to the one before."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "shape.pb")
        for shape in SHAPES:
            seconds: list[float] = []
            memory: list[float] = []
            for size in SIZES:
                graph, _ = net(shape, size)
                path.write_bytes(encode(graph))
                seconds.append(cpu_seconds(["-m", "minmax_lint", "check", str(path), "--exit-zero"], 1))
                memory.append(usage_of(["check", str(path), "--exit-zero"]).mib)
                what = f"{shape.__name__} {size:,}"
                yield Figure(what, seconds[-1], "s")
                if len(seconds) > 1:
                    yield Figure(f"{what}: time", seconds[-1] / seconds[-2], "x", MOST)
                    yield Figure(f"{what}: memory", memory[-1] / memory[-2], "x", MOST)

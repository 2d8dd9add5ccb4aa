"""Linting a MobileNet-size frozen graph against really converting it (MLIR).

Targets: a cold `minmax-lint check` takes at most 1/12 of the time of a cold conversion, a warm lint at
most 0.03 of the CPU time of a warm conversion. A cold `minmax-lint compare` of all profiles takes at most 1 CPU second.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from minmax_lint import lint
from minmax_lint.backends.conversion import convert_graph
from minmax_lint.backends.conversion.run import DEFAULT_STATS
from minmax_lint.backends.conversion.worker import convert, import_tensorflow
from tests.benchmarks.clock import best, best_child, best_cpu
from tests.benchmarks.cpu import cpu_seconds
from tests.benchmarks.figure import Figure
from tests.benchmarks.mobilenet import INPUT, INPUT_SHAPE, OUTPUT, write


def measure() -> Iterator[Figure]:
    """Seconds of both, and their ratio: with a cold process and in a warm one."""
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder, "mobilenet.pb"))
        yield from _cold(path)
        yield from _warm(path)
        yield Figure("cold minmax-lint compare, all profiles", _compared(path), "CPU s", 1.0)


def _cold(path: Path) -> Iterator[Figure]:
    shape = ",".join(map(str, INPUT_SHAPE))
    check = ["-m", "minmax_lint", "check", str(path), "-i", f"{INPUT}={shape}", "-o", OUTPUT]
    linted = best_child(check)
    converted = best(lambda: convert_graph(path, {INPUT: INPUT_SHAPE}, [OUTPUT]), times=3)
    yield Figure("cold minmax-lint check", linted, "s")
    yield Figure("cold conversion", converted, "s")
    yield Figure("cold check / cold conversion", linted / converted, "", 1 / 12)


def _compared(path: Path) -> float:
    return cpu_seconds(["-m", "minmax_lint", "compare", str(path), "--output-format", "json"])


def _warm(path: Path) -> Iterator[Figure]:
    tensorflow = import_tensorflow()
    request = {
        "graph": str(path),
        "inputs": {INPUT: list(INPUT_SHAPE)},
        "outputs": [OUTPUT],
        "engine": "mlir",
        "flow": "tf1",
        "stats": {INPUT: list(DEFAULT_STATS)},
    }
    linted = best_cpu(lambda: lint(path, inputs={INPUT: INPUT_SHAPE}, outputs=[OUTPUT]))
    converted = best_cpu(lambda: convert(tensorflow, request), 3)
    yield Figure("warm lint", linted, "CPU s")
    yield Figure("warm conversion", converted, "CPU s")
    yield Figure("warm lint / warm conversion", linted / converted, "", 0.03)

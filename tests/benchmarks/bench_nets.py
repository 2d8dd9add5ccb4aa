"""Networks that people really have: a cold check against the cold conversion, in CPU seconds.

ResNet152 by tfmot's quantize_model, DenseNet201 in float, NASNetLarge and EfficientNetB7 with ranges, residual
blocks with a range for each channel; all frozen.
Own memory of a check: at most a tenth of the file and 60 MiB. Needs TensorFlow, tf_keras and tfmot; takes minutes.
"""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks import residual
from tests.benchmarks.cpu import CONVERT, check, cpu_seconds
from tests.benchmarks.figure import Figure
from tests.benchmarks.keras_nets import MAKERS
from tests.benchmarks.own_memory import usage_of

RESIDUAL = "residual"
GOALS = {
    "ResNet152": 0.012,
    "DenseNet201": 0.012,
    "NASNetLarge": 0.015,
    "EfficientNetB7": 0.015,
    RESIDUAL: 0.015,
}
FLOAT = frozenset({"DenseNet201"})
_MIB = 1 << 20


def measure() -> Iterator[Figure]:
    """Seconds of both, their ratio, and the memory of the check."""
    with tempfile.TemporaryDirectory() as folder:
        for name in (*MAKERS, RESIDUAL):
            path = Path(folder, f"{name}.pb")
            made = _residual(path) if name == RESIDUAL else _keras_net(name, path)
            yield from _figures(name, path, *made)


def _residual(path: Path) -> tuple[str, str]:
    residual.write(path)
    return ",".join(map(str, residual.INPUT_SHAPE)), residual.OUTPUT


def _keras_net(name: str, path: Path) -> tuple[str, str]:
    """Write the net; the shape of its input, and its output."""
    made = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.keras_nets", name, str(path)],
        capture_output=True,
        text=True,
        check=True,
    )
    *sizes, output = made.stdout.split()
    return ",".join(sizes), output


def _figures(name: str, path: Path, shape: str, output: str) -> Iterator[Figure]:
    ours = check(path, output, shape)
    theirs = cpu_seconds(
        ["-c", CONVERT, str(path), shape, output, "float" if name in FLOAT else "quantized"], 1
    )
    memory = usage_of(["check", str(path), "-i", f"input={shape}", "-o", output, "--exit-zero"]).mib
    yield Figure(f"{name}: cold check", ours, "s")
    yield Figure(f"{name}: cold conversion", theirs, "s")
    yield Figure(f"{name}: check / conversion", ours / theirs, "", GOALS[name])
    yield Figure(f"{name}: own memory", memory, "MiB", path.stat().st_size / _MIB / 10 + 60)
    path.unlink()

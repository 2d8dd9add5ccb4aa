"""Many cases of every kind in one process: `python -m tests.fuzz --engine fields --cases 100000`.

A case passes where only a UserError of one line comes out, within 10 CPU seconds and 1 GB.
"""

from __future__ import annotations

import hashlib
import io
import resource
import signal
import tempfile
import traceback
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from itertools import count
from pathlib import Path
from random import Random

from minmax_lint.cli.commands.fix import read_ranges
from minmax_lint.config.baseline import read_baseline
from minmax_lint.config.discovery import load_file
from minmax_lint.converters.profile import PROFILES
from minmax_lint.loaders import load
from minmax_lint.loaders.script.conversion_script import converter_calls
from minmax_lint.symptoms import explain_message
from minmax_lint.symptoms.recognition import explain_log
from tests.fuzz import checkpoints, mutators
from tests.fuzz.formats import FIXTURES, FORMATS, checkpoint_survives, keras_survives
from tests.fuzz.survival import LONGEST, lint_and_fix, one_line, survives_bytes

MOST_MEMORY = 1 << 30
"""Bytes."""
_SMALL = 60_000
"""Bytes of a seed at most: a case is to take a fraction of a second."""


@dataclass(frozen=True)
class Kind:
    """One kind of input: what the cases begin with, how they are changed, and what each must survive."""

    seeds: Callable[[], Sequence[bytes]]
    mutate: Callable[[Random, bytes], bytes]
    survives: Callable[[Random, bytes], None]
    share: int
    """Of 100 cases; a slow kind has a small one."""


@dataclass
class Tally:
    """What came out."""

    cases: Counter[str] = field(default_factory=Counter)
    failures: dict[str, str] = field(default_factory=dict)
    """Where it was raised -> the first case, as `kind:number`, and how often."""
    again: Counter[str] = field(default_factory=Counter)
    peak: int = 0
    """Bytes of the process."""

    def __str__(self) -> str:
        lines = [f"{sum(self.cases.values())} cases {dict(self.cases)}; peak {self.peak >> 20} MB"]
        lines += [f"{self.again[place]}x {place}: first {case}" for place, case in self.failures.items()]
        return "\n".join(lines)


def _graph_survives(random: Random, content: bytes) -> None:
    survives_bytes(content, random.sample(list(PROFILES.values()), 3))


def _file_survives(read: Callable[[Path], object], name: str, random: Random, content: bytes) -> None:
    with tempfile.TemporaryDirectory(prefix="minmax-lint-fuzz-") as folder, one_line():
        path = Path(folder, name)
        path.write_bytes(content)
        read(path)


def _folder_survives(random: Random, content: bytes) -> None:
    with tempfile.TemporaryDirectory(prefix="minmax-lint-fuzz-") as folder, one_line():
        checkpoints.unpacked(content, Path(folder))
        lint_and_fix(load(folder), tuple(random.sample(list(PROFILES.values()), 2)))


def _explain_survives(random: Random, content: bytes) -> None:
    pasted = content.decode("utf-8", "replace")
    with one_line():
        explain_message(pasted)
        explain_log(pasted)


def _files(*patterns: str) -> list[bytes]:
    found = [path for pattern in patterns for path in sorted(FIXTURES.glob(pattern)) if path.is_file()]
    return [path.read_bytes() for path in found if path.stat().st_size < _SMALL]


def _format(name: str) -> list[bytes]:
    return [one for one in FORMATS[name].inputs() if len(one) < _SMALL]


TOML = b"""
[tool.minmax-lint]
select = ["MM1"]
ignore = ["MM203"]
converters = ["mlir", "toco-2.15"]
fail-level = "warning"
severity = { MM101 = "info" }
baseline = "known.json"
[[tool.minmax-lint.models]]
path = "models/*.pb"
inputs = { x = [1, 8] }
outputs = ["y"]
ignore = [{ code = "MM105", node = "a", reason = "known" }]
"""
BASELINE = b"""
{"schema_version": 1, "models": {"a.pb": [{"code": "MM101", "fingerprint": "0a", "message": "x", "node": "n"}]}}
"""
RANGES = b'{"x": [0.0, 6.0], "a/b:1": [-1, 1]}'
SCRIPT = b"""
import tensorflow as tf
FLAGS = {"inference_type": tf.uint8}
def data():
    for _ in range(100):
        yield [x]
converter = tf.lite.TFLiteConverter.from_saved_model("sm", signature_keys=["a"])
converter.optimizations = [tf.lite.Optimize.DEFAULT] if quantize else []
converter.representative_dataset = data
converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
converter.quantized_input_stats = {"x": (128.0, 127)}
for name in ("inference_input_type", "inference_output_type"):
    setattr(converter, name, tf.int8)
open("m.tflite", "wb").write(converter.convert())
"""
_TOML_WORDS = (
    *"[ ] { } = [[ ]] \" ' , . # inf nan true 1979-05-27 path inputs models \u202e \x00".split(" "),
    "9" * 5000,
)
_SCRIPT_WORDS = (
    *"( ) [ ] { } : , . = == if else for in lambda * ** @ not - ~ tf None await yield match := \\ ' \" # \f \0".split(
        " "
    ),
    *("converter.", "x if y else ", "9" * 5000, "1e999", "\n    ", "\t", "(" * 150, "-" * 150),
)
_EXPLAIN_WORDS = (
    *"batch_norm. / : ; array op 'x' \" tf.Relu6 min max MinMax Quantiz does not have FakeQuant . - _ 0".split(
        " "
    ),
    *("aGVsbG8=", "{{node}}", "\x1b[31m"),
)


KINDS = {
    "graphdef": Kind(
        lambda: _files("founding/*.pb", "control_flow/*.pb", "disagreements/*/*.pb", "hostile/*.pb"),
        partial(mutators.protobuf, "GraphDef"),
        _graph_survives,
        6,
    ),
    "metagraph": Kind(
        lambda: _files("founding/*/*.meta", "checkpoints/*/*.meta"),
        partial(mutators.protobuf, "MetaGraphDef"),
        _graph_survives,
        2,
    ),
    "savedmodel": Kind(
        lambda: _files("founding/*/saved_model.pb", "keras/*/saved_model.pb", "recurrent/*/saved_model.pb"),
        partial(mutators.protobuf, "SavedModel"),
        _graph_survives,
        2,
    ),
    "table": Kind(
        lambda: _format("checkpoint"), mutators.table, lambda random, content: checkpoint_survives(content), 6
    ),
    "blocks": Kind(
        lambda: _format("checkpoint"),
        checkpoints.rebuilt_table,
        lambda random, content: checkpoint_survives(content),
        4,
    ),
    "objects": Kind(
        lambda: [checkpoints.packed(FIXTURES / "keras" / "qat-saved_model")],
        checkpoints.object_graphs,
        _folder_survives,
        2,
    ),
    "flatbuffer": Kind(lambda: _format("tflite"), mutators.flatbuffer, _graph_survives, 4),
    "archive": Kind(
        lambda: [_archive_without_weights(one) for one in _files("keras/*.keras")],
        mutators.archive,
        lambda random, content: keras_survives(content),
        16,
    ),
    "recipe": Kind(
        lambda: _format("keras-config"),
        mutators.document,
        lambda random, content: FORMATS["keras-config"].survives(content),
        16,
    ),
    "toml": Kind(
        lambda: [TOML],
        partial(mutators.text, _TOML_WORDS),
        partial(_file_survives, load_file, "pyproject.toml"),
        12,
    ),
    "baseline": Kind(
        lambda: [BASELINE], mutators.document, partial(_file_survives, read_baseline, "b.json"), 10
    ),
    "ranges": Kind(
        lambda: [RANGES],
        mutators.document,
        partial(_file_survives, lambda path: read_ranges(str(path)), "r.json"),
        6,
    ),
    "script": Kind(
        lambda: [SCRIPT],
        partial(mutators.text, _SCRIPT_WORDS),
        partial(_file_survives, converter_calls, "s.py"),
        9,
    ),
    "explain": Kind(
        lambda: _files("symptoms/*"), partial(mutators.text, _EXPLAIN_WORDS), _explain_survives, 5
    ),
}
"""HDF5 files are not among them: each starts a process (see `hdf5_cases`)."""


def _archive_without_weights(content: bytes) -> bytes:
    """The weights of an archive are HDF5, which another process reads."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(target, "w") as file:
        for name in source.namelist():
            if not name.endswith(".h5"):
                file.writestr(name, source.read(name))
    return target.getvalue()


@cache
def seeds(kind: str) -> Sequence[bytes]:
    """What the cases of a kind begin with."""
    return KINDS[kind].seeds()


def case(seed: int, kind: str, number: int) -> tuple[Random, bytes]:
    """The input of one case, and the random numbers that are left for what it must survive."""
    random = Random(f"{seed}:{kind}:{number}")
    return random, KINDS[kind].mutate(random, random.choice(seeds(kind)))


def run(
    cases: int,
    seed: int,
    *,
    keep: Callable[[str, bytes], None] | None = None,
    each: Callable[[Tally], None] | None = None,
) -> Tally:
    """Run so many cases, every kind by its share."""
    tally = Tally()
    order = [kind for kind, one in KINDS.items() for _ in range(one.share)]
    Random(seed).shuffle(order)
    for number in range(cases):
        kind = order[number % len(order)]
        _one(tally, seed, kind, number, keep)
        if each is not None and number % 500 == 499:
            each(tally)
    return tally


def _one(tally: Tally, seed: int, kind: str, number: int, keep: Callable[[str, bytes], None] | None) -> None:
    content = b""
    tally.cases[kind] += 1
    try:
        random, content = case(seed, kind, number)
        before = _peak()  # what making the input took is not the product's
        with limited():
            KINDS[kind].survives(random, content)
        if _peak() > MOST_MEMORY >= before:
            raise MemoryError(f"{_peak() >> 20} MB")
    except Exception as error:
        frames = [one for one in traceback.extract_tb(error.__traceback__) if "minmax_lint/" in one.filename]
        last = frames[-1] if frames else traceback.extract_tb(error.__traceback__)[-1]
        file = last.filename.rpartition("minmax_lint/")[2]
        place = f"{type(error).__name__} {file}:{last.lineno} {str(error)[:80]!r}"
        tally.again[place] += 1
        if tally.failures.setdefault(place, f"{kind}:{number}") == f"{kind}:{number}" and keep is not None:
            keep(f"{kind}-{number}-{hashlib.sha256(content).hexdigest()[:8]}", content)
    tally.peak = max(tally.peak, _peak())


class Hang(BaseException):
    """More CPU seconds than a case may take."""


@contextmanager
def limited(seconds: float = LONGEST) -> Iterator[None]:
    """Raise TimeoutError after so many CPU seconds. Nothing on the way takes it for an error of its own."""

    def late(*_: object) -> None:
        raise Hang

    before = signal.signal(signal.SIGPROF, late)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    except Hang as hang:
        raise TimeoutError(f"more than {seconds:g} CPU seconds").with_traceback(hang.__traceback__) from None
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10


def hdf5_cases(seed: int) -> Iterator[bytes]:
    """Changed .h5 files without end."""
    held = [path.read_bytes() for path in sorted(FIXTURES.glob("keras/*.h5"))]
    for number in count():
        random = Random(f"{seed}:hdf5:{number}")
        yield mutators.hdf5(random, random.choice(held))

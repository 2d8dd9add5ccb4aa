"""What atheris fuzzes: per format the files it begins with, and what each input must survive."""

import json
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from minmax_lint.loaders import load
from minmax_lint.loaders.checkpoint.bundle import Bundle
from minmax_lint.loaders.content import Kind, kind_of
from minmax_lint.loaders.keras.config import Recipe
from minmax_lint.loaders.keras.container import container, private_copy
from tests.fuzz import FOUNDING, HOSTILE
from tests.fuzz.survival import one_line, survives_bytes

FIXTURES = FOUNDING.parent


@dataclass(frozen=True)
class Format:
    """One format of input."""

    ending: str
    """Of the files in which inputs that failed are kept."""
    seeds: tuple[str, ...]
    """Patterns below `fixtures/`."""
    survives: Callable[[bytes], None]
    content: Callable[[Path], bytes] = Path.read_bytes
    """What is taken of such a file."""

    def inputs(self) -> Iterator[bytes]:
        """The inputs to begin with."""
        yield from map(self.content, (path for pattern in self.seeds for path in FIXTURES.glob(pattern)))
        yield from map(Path.read_bytes, HOSTILE.glob(f"*{self.ending}"))


def checkpoint_survives(index: bytes) -> None:
    """A checkpoint with this index, beside a sound graph and sound values."""
    prefix = _folder() / "model.ckpt"
    prefix.with_name("model.ckpt.index").write_bytes(index)
    with one_line():
        model = load(prefix)
        for name in model.graph.names:
            if model.variables is not None:
                model.variables.value(name)
        bundle = Bundle(prefix)
        for key in bundle.keys:
            bundle.tensor(key)
            bundle.text(key)


def keras_survives(content: bytes) -> None:
    """A `.keras` file as far as it is read without Keras."""
    path = _folder() / "model.keras"
    path.write_bytes(content)
    with one_line():
        held = container(path, Kind.KERAS, sys.executable)
        _read(Recipe(held.config, held.version))


def config_survives(content: bytes) -> None:
    """The description of a Keras model."""
    try:
        config = json.loads(content.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return
    _read(Recipe(config, "3.0.0"))


def _read(recipe: Recipe) -> None:
    assert isinstance(recipe.code(), tuple)
    assert isinstance(recipe.outside(), tuple)
    assert recipe.quantized in (True, False)


def _config(path: Path) -> bytes:
    with TemporaryDirectory(prefix="minmax-lint-fuzz-") as folder:
        held = private_copy(path, kind_of(path.read_bytes()), Path(folder), sys.executable)
    return json.dumps(held.config).encode()


@cache
def _folder() -> Path:
    folder = TemporaryDirectory(prefix="minmax-lint-fuzz-")
    _KEPT.append(folder)
    path = Path(folder.name)
    shutil.copytree(FOUNDING / "eval-checkpoint", path, dirs_exist_ok=True)
    return path


_KEPT: list[TemporaryDirectory[str]] = []

FORMATS = {
    "graphdef": Format(".pb", ("founding/*.pb", "control_flow/*.pb"), survives_bytes),
    "text": Format(".pbtxt", ("founding/*.pbtxt",), survives_bytes),
    "savedmodel": Format(".pb", ("founding/*/saved_model.pb", "founding/*/*.meta"), survives_bytes),
    "tflite": Format(".tflite", ("tflite/*.tflite",), survives_bytes),
    "checkpoint": Format(".index", ("founding/*/*.index", "checkpoints/*/*.index"), checkpoint_survives),
    "keras": Format(".keras", ("keras/*.keras",), keras_survives),
    "keras-config": Format(".json", ("keras/*.keras", "keras/*.h5"), config_survives, _config),
}

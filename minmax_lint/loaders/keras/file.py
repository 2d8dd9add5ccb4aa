"""Keras files (`.keras`, `.h5`): checked for code of their own, then turned into a graph by Keras in a child."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from minmax_lint.errors import TENSORFLOW_EXTRA, UnreadableModel
from minmax_lint.graph.layers import TRAINING_WRAPPERS
from minmax_lint.isolation import command, environment
from minmax_lint.loaders.checkpoint.variables import CheckpointVariables
from minmax_lint.loaders.content import Kind
from minmax_lint.loaders.keras.child import ANSWER, GRAPH, SAVED_MODEL
from minmax_lint.loaders.keras.config import Recipe
from minmax_lint.loaders.keras.container import WEIGHTS_ALONE, Container, private_copy
from minmax_lint.loaders.model import KerasFile, Model, Signature
from minmax_lint.loaders.parse import parse, whole_graph
from minmax_lint.loaders.savedmodel.directory import FILES, VARIABLES

TIME_LIMIT = 180.0
"""Seconds that Keras may take for a small model; importing TensorFlow is most of it."""
_SLOWEST = 5_000_000
"""Bytes of weights that it reads at least in a second."""
MEMORY = 8 << 30
"""Bytes that Keras may take for a small model. Threads of TensorFlow count with their stacks."""
_COPIES = 16
"""Times that the content of the file may lie in memory; archives of pruned weights are compressed."""

_CHILD = Path(__file__).with_name("child.py")
_EXTRA = "pip install 'minmax-lint[keras]'"
_KERAS_3 = "pip install 'tensorflow>=2.16'"
_MAKER = "name the Python that made it (--python)"
_NAMED = 3
_WEIGHTS = ".weights.h5"
"""How Keras 3 makes the name of a file of `save_weights` end."""


def keras_model(path: Path, kind: Kind, *, trust: bool, python: str | None = None) -> Model:
    """The model in a Keras file, as its inference function makes it.

    `python` is the interpreter whose TensorFlow and Keras load it (default: the running one).
    Raises UnreadableModel for a damaged file, and for one that would run code of its own unless `trust`.
    """
    if path.name.endswith(_WEIGHTS):
        raise UnreadableModel(WEIGHTS_ALONE)
    with tempfile.TemporaryDirectory(prefix="minmax-lint-") as name:
        folder = Path(name)
        held = private_copy(path, kind, folder, python or sys.executable)
        recipe = Recipe(held.config, held.version)
        if not trust:
            _refuse_untrusted(held, recipe)
        answer = _answer(held, recipe, folder, trust, python or sys.executable)
        if not answer:
            return replace(_read_exported(folder / SAVED_MODEL, kind), keras=_loads(recipe))
        content = (folder / GRAPH).read_bytes()
    shapes = {array: None if shape is None else tuple(shape) for array, shape in answer["shapes"].items()}
    signature = Signature(kind.value, answer["inputs"], answer["outputs"], shapes)
    return Model(None, kind.value, whole_graph(content), {signature.name: signature}, keras=_loads(recipe))


def _read_exported(folder: Path, kind: Kind) -> Model:
    """The model in the SavedModel that Keras made of one that assigns variables; nothing is read of it later."""
    path = folder / FILES[0]
    model = parse(path.read_bytes(), path, prefix=folder / VARIABLES)
    if isinstance(model.variables, CheckpointVariables):
        model.variables.bundle.load()
    return replace(model, path=None, format=kind.value)


def _loads(recipe: Recipe) -> KerasFile | None:
    legacy = recipe.legacy or recipe.quantized
    return KerasFile(legacy, recipe.quantized) if legacy or recipe.version else None


def _refuse_untrusted(held: Container, recipe: Recipe) -> None:
    """Raise UnreadableModel for what would run code of its own, or read other files."""
    code = tuple(filter(None, (held.code, *recipe.code())))
    if code:
        raise UnreadableModel(
            f"loading this Keras model would run code that is not Keras' own ({_few(code)}); give --trust if you "
            "trust it, or export the model as a SavedModel (`model.export(FOLDER)`)"
        )
    outside = tuple(filter(None, (held.outside, *recipe.outside())))
    if outside:
        raise UnreadableModel(
            f"loading this Keras model would read files outside it ({_few(outside)}); give --trust if you trust it, "
            "or export the model as a SavedModel (`model.export(FOLDER)`)"
        )


def _few(named: Sequence[str]) -> str:
    return ", ".join(named[:_NAMED]) + (f" and {len(named) - _NAMED} more" if len(named) > _NAMED else "")


def _request(held: Container, recipe: Recipe, trust: bool) -> dict[str, Any]:
    return {
        "path": str(held.path.resolve()),
        "archive": held.kind is Kind.KERAS,
        "legacy": recipe.legacy or recipe.quantized,
        "quantized": recipe.quantized,
        "trust": trust,
        "memory": MEMORY + _COPIES * held.path.stat().st_size,
    }


def _answer(held: Container, recipe: Recipe, folder: Path, trust: bool, python: str) -> dict[str, Any]:
    request = folder / "request.json"
    request.write_text(json.dumps(_request(held, recipe, trust)))
    limit = TIME_LIMIT + held.path.stat().st_size / _SLOWEST
    try:
        done = subprocess.run(
            command(python, _CHILD, str(request)),
            env=environment(python),
            cwd=None if trust else folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=limit,
            check=False,
        )
    except OSError as error:
        raise UnreadableModel(
            f"cannot start the interpreter {python}: {error.strerror}; name a Python that has TensorFlow (--python)"
        ) from None
    except subprocess.TimeoutExpired:
        raise UnreadableModel(
            f"Keras did not load the model within {limit:.0f} seconds: the machine is busy, or the file damaged; "
            "a SavedModel (`model.export(FOLDER)`) is read without Keras"
        ) from None
    try:
        answer: dict[str, Any] = json.loads((folder / ANSWER).read_text())
    except (OSError, ValueError):
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or ["no message"]
        raise UnreadableModel(f"Keras ended with code {done.returncode} at this model: {last[0]}") from None
    if "error" in answer:
        raise UnreadableModel(refusal_of(answer["error"], answer["message"], recipe))
    return answer


def refusal_of(error: str, message: str, recipe: Recipe) -> str:
    """What to do where Keras raised `error` with that message at a file."""
    if message == "No module named 'tensorflow'" and not (recipe.legacy or recipe.quantized):
        return f"a Keras file needs TensorFlow: {TENSORFLOW_EXTRA}, or name a Python that has it (--python)"
    made = f"made with Keras {recipe.version or 2}"
    if error in ("ModuleNotFoundError", "ImportError"):
        what = "made with quantize_model" if recipe.quantized else made
        extra = _EXTRA if recipe.quantized or recipe.legacy else _KERAS_3
        return f"this model is {what}, and that is not installed here ({message}); {extra}, or {_MAKER}"
    wrapper = next((one for one in TRAINING_WRAPPERS if one.layer in message), None)
    if wrapper is not None:
        kept = f"this model still has tfmot's {wrapper.layer} wrappers, which are for training"
        return f"{kept}: save {wrapper.strip}(model)"
    return f"Keras cannot load this model, {made} ({message}); {_MAKER}, or export it there (`model.export(FOLDER)`)"

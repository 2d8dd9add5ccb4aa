"""Keras files loaded by Keras itself, in a process of its own: `python -m` of this is that process.

The parent has read the recipe as data and decided what may run. The child writes the frozen graph and its
signature, or why there is none.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import AbstractContextManager, nullcontext
from importlib import import_module
from pathlib import Path
from typing import Any

GRAPH, ANSWER = "graph.pb", "answer.json"


def main(request: Path) -> None:
    """Do what the file `request` says; answer beside it."""
    asked = json.loads(request.read_text())
    if asked["trust"]:
        sys.path.insert(0, os.getcwd())
    try:
        answer = _answer(asked, request.parent)
    except Exception as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        answer = {"error": type(error).__name__, "message": lines[0] if lines else type(error).__name__}
    (request.parent / ANSWER).write_text(json.dumps(answer))


def _answer(asked: dict[str, Any], folder: Path) -> dict[str, Any]:
    from minmax_lint.loaders.objects import load_object

    os.environ.update({"TF_CPP_MIN_LOG_LEVEL": "3", "KERAS_BACKEND": "tensorflow"})
    if asked["legacy"]:
        os.environ["TF_USE_LEGACY_KERAS"] = "1"
    import_module("tensorflow")
    keras = import_module("tf_keras" if asked["legacy"] else "keras")
    options = {"safe_mode": not asked["trust"]}
    with _scope(asked["quantized"]):
        model = keras.models.load_model(asked["path"], compile=False, **options)
        loaded = load_object(model, None)
    serialized = loaded.graph.columns.serialized
    assert serialized is not None
    (folder / GRAPH).write_bytes(serialized.buffer[serialized.start : serialized.end])
    (signature,) = loaded.signatures.values()
    return {
        "inputs": dict(signature.inputs),
        "outputs": dict(signature.outputs),
        "shapes": {array: shape and list(shape) for array, shape in signature.input_shapes.items()},
    }


def _scope(quantized: bool) -> AbstractContextManager[Any]:
    """Tfmot's own objects, where the model has them."""
    if not quantized:
        return nullcontext()
    scope: AbstractContextManager[Any] = import_module(
        "tensorflow_model_optimization"
    ).quantization.keras.quantize_scope()
    return scope


if __name__ == "__main__":
    main(Path(sys.argv[1]))

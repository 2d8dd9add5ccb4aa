"""Keras files loaded by Keras itself, in a process of its own: `python child.py request.json`.

The parent has read the recipe as data and decided what may run. The child writes the frozen graph and its
signature, or why there is none. It may run in another interpreter than minmax_lint does, so it stands alone, like
the module it loads beside it: no import of minmax_lint, Python 3.7 to 3.13, any TensorFlow 2.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import contextmanager
from functools import partial
from importlib import import_module, util
from typing import Any, Dict, Iterator, Tuple

GRAPH, SAVED_MODEL, ANSWER = "graph.pb", "saved_model", "answer.json"
FREEZING = "frozen_function"
_TFMOT = "tensorflow_model_optimization"


def main(request: str) -> None:
    """Do what the file `request` says; answer beside it."""
    folder = os.path.dirname(request)
    with open(request) as file:
        asked = json.load(file)
    _limit_memory(asked["memory"])
    try:
        answer = _answer(asked, folder)
    except Exception as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        answer = {"error": type(error).__name__, "message": lines[0] if lines else type(error).__name__}
    with open(os.path.join(folder, ANSWER), "w") as file:
        json.dump(answer, file)


def _limit_memory(most: int) -> None:
    """A layer of a damaged file can have any number of units; such a model must not fill the machine."""
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    except (ImportError, ValueError, OSError):
        pass  # Windows has no such limits, and a stricter one may be set


def _answer(asked: Dict[str, Any], folder: str) -> Dict[str, Any]:
    os.environ.update({"TF_CPP_MIN_LOG_LEVEL": "3", "KERAS_BACKEND": "tensorflow"})
    if asked["legacy"] and util.find_spec("tf_keras"):
        os.environ["TF_USE_LEGACY_KERAS"] = "1"
    tensorflow = import_module("tensorflow")
    if asked["archive"] and _version(tensorflow) < (2, 12):
        raise ImportError("TensorFlow " + tensorflow.__version__ + " reads no .keras files")
    keras = _keras(tensorflow, asked["legacy"])
    # Older Keras has no safe mode; the parent has looked for code itself.
    safe = {"safe_mode": not asked["trust"]} if _version(keras) >= (2, 13) else {}
    freezing = _beside(FREEZING)
    if asked["trust"]:
        # The user's own classes; behind what is installed, and after TensorFlow: a file of the folder would go before a
        # package without __init__.py, such as `google`.
        sys.path.append(os.getcwd())
    with _scope(asked["quantized"]):
        model = keras.models.load_model(asked["path"], compile=False, **safe)
        call = freezing.called(tensorflow, model)
        if call is None:
            raise ValueError("the model is not built; call it once before it is saved")
        try:
            frozen = freezing.frozen_function(call[0].get_concrete_function(*call[1]))
        except ValueError as error:
            if not freezing.assigns_variables(error):
                raise
            _export(tensorflow, keras, model, call[1], os.path.join(folder, SAVED_MODEL))
            return {}
    with open(os.path.join(folder, GRAPH), "wb") as file:
        file.write(frozen.content)
    return {"inputs": frozen.inputs, "outputs": frozen.outputs, "shapes": frozen.shapes}


def _export(tensorflow: Any, keras: Any, model: Any, specs: Any, folder: str) -> None:
    """Save the model as from_keras_model does. Source: tensorflow/lite/python/lite.py."""
    if keras.__version__.startswith("2."):
        tensorflow.saved_model.save(model, folder)
        return
    archive = keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint(
        "serve", partial(model.__call__, training=False), [specs] if len(specs) > 1 else specs
    )
    archive.write_out(folder, verbose=False)


def _keras(tensorflow: Any, legacy: bool) -> Any:
    """The Keras that made the file: up to TF 2.15 TensorFlow's own is Keras 2, since then that is tf_keras."""
    if legacy:
        old = _version(tensorflow) < (2, 16) and not util.find_spec("tf_keras")
        return tensorflow.keras if old else import_module("tf_keras")
    keras = import_module("keras")
    if keras.__version__.startswith("2."):
        raise ImportError("there is Keras " + keras.__version__)
    return keras


def _version(module: Any) -> Tuple[int, ...]:
    return tuple(int(part) for part in str(getattr(module, "__version__", "2.0")).split(".")[:2])


def _beside(name: str) -> Any:
    """A module that lies beside this one, without the package around it."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), name + ".py")
    spec = util.spec_from_file_location("minmax_lint_" + name, path)
    assert spec is not None
    assert spec.loader is not None
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@contextmanager
def _scope(quantized: bool) -> Iterator[None]:
    """Tfmot's own objects, where the model has them."""
    if not quantized:
        yield
        return
    tfmot = import_module(_TFMOT)
    _mend_layers()
    with tfmot.quantization.keras.quantize_scope():
        yield


def _mend_layers() -> None:
    """Let the layers of tfmot be read from a .keras file, which tfmot 0.8 saves and cannot load.

    They build themselves when the model is put together; built once more by the recipe, they have their variables
    twice. And a model that quantize_model made saves kernel and bias of the layer inside in front of the variables
    that a loaded one has.
    """
    folder = _TFMOT + ".python.core.quantization.keras."
    layer = import_module(folder + "quantize_layer").QuantizeLayer
    wrapper = import_module(folder + "quantize_wrapper").QuantizeWrapper

    def load_own_variables(self: Any, store: Any) -> None:
        variables = self._trainable_weights + self._non_trainable_weights
        before = len(store.keys()) - len(variables)
        if before < 0:
            raise ValueError("layer %r lacks variables in the file" % self.name)
        for place, variable in enumerate(variables):
            variable.assign(store[str(before + place)])

    for one in (layer, wrapper):
        one.build_from_config = lambda self, config: None
    wrapper.load_own_variables = load_own_variables


if __name__ == "__main__":
    # The folder of this file must not lend its modules' names to TensorFlow's imports.
    sys.path[:] = [path for path in sys.path if path != os.path.dirname(os.path.abspath(__file__))]
    main(sys.argv[1])

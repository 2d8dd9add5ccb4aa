"""SavedModels that are written for a conversion: of several signatures of a frozen graph, and of other input shapes.

Runs in the child process (see minmax_lint/backends/conversion/worker.py).
"""

from __future__ import annotations

import os
from typing import Any, Mapping


def saved(tensorflow: Any, wrapped: Any, request: Mapping[str, Any], folder: str) -> dict[str, Any]:
    """Write the SavedModel to `folder`; its inputs {array: tensor}.

    `wrapped`: the graph as a function; `signatures` of the request: key -> {"inputs": {key: array}, "outputs": alike}.
    """
    module, functions = tensorflow.Module(), {}
    inputs: dict[str, Any] = {}
    for name, one in request["signatures"].items():
        keys = list(one["inputs"])
        fed = [_tensor(wrapped, one["inputs"][key]) for key in keys]
        pruned = wrapped.prune(fed, {key: _tensor(wrapped, array) for key, array in one["outputs"].items()})
        specs = {key: tensorflow.TensorSpec(each.shape, each.dtype, name=key) for key, each in zip(keys, fed)}
        functions[name] = _of_keys(tensorflow, pruned, keys).get_concrete_function(**specs)
        inputs.update(zip(one["inputs"].values(), fed))
    tensorflow.saved_model.save(module, folder, signatures=functions)
    return inputs


def with_shapes(tensorflow: Any, request: Mapping[str, Any]) -> str:
    """The folder of the SavedModel with the input shapes that are asked for: a function of them around its own."""
    loaded = tensorflow.saved_model.load(request["saved_model"])
    signature = loaded.signatures[request["signature"]]
    specs = {
        key: tensorflow.TensorSpec(request["shapes"].get(key, spec.shape), spec.dtype, name=key)
        for key, spec in signature.structured_input_signature[1].items()
    }
    module = tensorflow.Module()
    module.loaded = loaded  # keeps its variables
    # A signature is no Python function, which tf.function needs.
    module.serve = tensorflow.function(lambda **inputs: signature(**inputs))  # noqa: PLW0108
    function = module.serve.get_concrete_function(**specs)
    folder = os.path.join(os.path.dirname(request["model"]), "saved_model")
    tensorflow.saved_model.save(module, folder, signatures={request["signature"]: function})
    return folder


def _tensor(wrapped: Any, array: str) -> Any:
    return wrapped.graph.get_tensor_by_name(array if ":" in array else array + ":0")


def _of_keys(tensorflow: Any, pruned: Any, keys: list[str]) -> Any:
    """The function with a signature's keys as its arguments."""
    return tensorflow.function(lambda **given: pruned(*[given[key] for key in keys]))

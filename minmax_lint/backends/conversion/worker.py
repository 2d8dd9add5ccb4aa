"""Run one task that needs TensorFlow in a process of its own: `python worker.py request.json`.

Started by `minmax_lint.backends.conversion.child`, in whatever interpreter holds the TensorFlow to use, so this
file stands alone: no import of minmax_lint, Python 3.7 to 3.13, TensorFlow 1.15 to 2.21. The same goes for
the modules of other tasks, which may import each other and this one.

Request (JSON): `result` (path to write), `task` (a module of this package, such as "backends.calibration.observe",
whose `run(tensorflow, request, announce)` returns values for the result; a conversion where it is missing)
and what the task needs, with `with_tensorflow` false where that is not TensorFlow. A conversion needs
`graph` (frozen GraphDef, binary), `inputs` {name: shape or null}, `outputs` [name], `engine` "toco" | "mlir",
`flow` "tf1" | "tf2", `stats` {input: [mean, std]} and `model` (path to write); instead of `graph` it may have
`saved_model` (folder) and `signature` (its key), `signatures` are the ends of
several (signatures.py). `api` is the converter that is called ("tf1": tf.compat.v1's), `flow`
where it is missing; `flags` {attribute: value} default to its flow's; `try_model`: whether the interpreter runs it.
Result (JSON): `ok`, `tensorflow`, and on a failure `exception`, `message`, `misuse` (true where the request
cannot be served at all: it is the user's to change it), `refused` (what the interpreter says, empty where it runs).

Stages go to standard output, one a line (besides `version X` once and `batch DONE [TOTAL]`), what TensorFlow prints
to standard error. TOCO ends its process on most failures, with or without a line there: then no result is written.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import traceback
import types
from typing import Any, Callable, Mapping


class Misuse(Exception):
    """The request cannot be served: the interpreter's TensorFlow cannot do it, or the user's data do not fit."""


def main(request_path: str) -> int:
    """Serve one request and return the exit code: 0 converted, 1 failed with a result written."""
    with open(request_path) as file:
        request = json.load(file)
    announce = _separate_stages()
    result: dict[str, Any] = {"ok": False}
    try:
        tensorflow = None
        if request.get("with_tensorflow", True):
            announce("tensorflow")
            tensorflow = import_tensorflow()
            result["tensorflow"] = tensorflow.__version__
            announce("version " + tensorflow.__version__)
        if "task" in request:
            result.update(_task(request["task"]).run(tensorflow, request, announce))
        else:
            model = convert(tensorflow, request, announce)
            announce("write")
            with open(request["model"], "wb") as file:
                file.write(model)
        result["ok"] = True
        if request.get("try_model"):
            _write(request["result"], {**result, "refused": "it ends the process"})
            announce("run")
            result["refused"] = refused(tensorflow, request["model"])
    except Exception as error:
        traceback.print_exc()
        result.update(exception=type(error).__name__, message=str(error), misuse=isinstance(error, Misuse))
    _write(request["result"], result)
    return 0 if result["ok"] else 1


def _write(path: str, result: Mapping[str, Any]) -> None:
    with open(path, "w") as file:
        json.dump(result, file)


def refused(tensorflow: Any, model: str) -> str:
    """What TFLite's interpreter says where it does not run the model once, on random values; empty where it does.

    A model with whole numbers as inputs (sizes, indices) is only prepared: what they may be is not known.
    """
    import numpy

    random = numpy.random.RandomState(0)
    try:
        interpreter = tensorflow.lite.Interpreter(model_path=model)
        interpreter.allocate_tensors()
        inputs = interpreter.get_input_details()
        if not all(one["dtype"] in (numpy.float32, numpy.int8, numpy.uint8, numpy.int16) for one in inputs):
            return ""
        for one in inputs:
            real = one["dtype"] is numpy.float32
            low, high = (-1, 1) if real else (numpy.iinfo(one["dtype"]).min, numpy.iinfo(one["dtype"]).max)
            values = random.uniform(low, high, one["shape"])
            interpreter.set_tensor(one["index"], numpy.asarray(values, one["dtype"]))
        interpreter.invoke()
        return ""
    except (RuntimeError, ValueError) as error:
        return "" if "(DIV)" in str(error) else str(error)  # a divisor that is zero is the values' fault


def _task(name: str) -> Any:
    """The module `minmax_lint.<name>`, without the code of minmax_lint itself: that needs a newer Python."""
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    for package in ("", "backends", "backends.conversion", "backends.calibration", "backends.verification"):
        module = types.ModuleType("minmax_lint." + package if package else "minmax_lint")
        module.__path__ = [os.path.join(root, *package.split("."))]
        sys.modules[module.__name__] = module
    sys.modules["minmax_lint.backends.conversion.worker"] = sys.modules[__name__]
    task = importlib.import_module("minmax_lint." + name)
    for loaded in [one for one in sys.modules if one.partition(".")[0] == "minmax_lint"]:
        # The user's own code, which a task may run, can import the real one.
        del sys.modules[loaded]
    return task


def _separate_stages() -> Callable[[str], None]:
    """Keep standard output for stages: from here on whatever TensorFlow prints goes to standard error."""
    sys.stdout.flush()
    stages = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def announce(stage: str) -> None:
        stages.write(stage + "\n")
        stages.flush()

    return announce


def import_tensorflow() -> Any:
    """TensorFlow without GPU and without the log lines below an error."""
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        import tensorflow
    except ImportError as error:
        raise Misuse(f"{sys.executable} has no usable TensorFlow: {error}") from error
    if not hasattr(tensorflow, "__version__"):
        raise Misuse(f"{sys.executable} has no usable TensorFlow: the package is empty")
    return tensorflow


def convert(
    tensorflow: Any, request: dict[str, Any], announce: Callable[[str], None] = lambda stage: None
) -> bytes:
    """The bytes of the .tflite model for `request`."""
    converter, _ = made(tensorflow, request, announce)
    announce("convert")
    model: bytes = converter.convert()
    return model


def made(
    tensorflow: Any, request: Mapping[str, Any], announce: Callable[[str], None]
) -> tuple[Any, dict[str, Any]]:
    """The converter for `request`, and its inputs {array: tensor} in the TF2 flow."""
    version = tuple(int(part) for part in tensorflow.__version__.split(".")[:2])
    # TF 2.18 ends at the start of TOCO, and later ones ignore experimental_new_converter=False (converters/releases.py,
    # which this file cannot import).
    if request["engine"] == "toco" and version >= (2, 18):
        raise Misuse(
            f"TensorFlow {tensorflow.__version__} no longer has TOCO; "
            "name an interpreter with TensorFlow 2.17 or older (--python)"
        )
    api = request.get("api") or request["flow"]
    if api == "tf2" and version < (2, 0):
        raise Misuse(f"TensorFlow {tensorflow.__version__} has no TF2 flow")
    announce("import")
    make = _tf2_converter if api == "tf2" else _tf1_converter
    converter, inputs = make(tensorflow, request)
    _set_flags(tensorflow, converter, request.get("flags") or _FLAGS[api])
    _convert_in_this_process()
    return converter, inputs


_FLAGS: Mapping[str, Mapping[str, Any]] = {"tf1": {"inference_type": "uint8"}, "tf2": {"optimizations": True}}


def _set_flags(tensorflow: Any, converter: Any, flags: Mapping[str, Any]) -> None:
    """How the converter is called, by the names of its attributes."""
    lite = tensorflow.lite
    if flags.get("optimizations"):
        converter.optimizations = [lite.Optimize.DEFAULT]
    if flags.get("representative_dataset"):
        # Without optimizations the converter never asks it for a sample (QuantizationMode in lite.py).
        converter.representative_dataset = lambda: iter(())
    if flags.get("supported_ops"):
        converter.target_spec.supported_ops = [getattr(lite.OpsSet, one) for one in flags["supported_ops"]]
    if flags.get("supported_types"):
        converter.target_spec.supported_types = [tensorflow.as_dtype(one) for one in flags["supported_types"]]
    for name in ("inference_type", "inference_input_type", "inference_output_type"):
        if flags.get(name):
            setattr(converter, name, tensorflow.as_dtype(flags[name]))
    for name in flags.get("switches", {}):
        setattr(converter, name, flags["switches"][name])


def _tf1_converter(tensorflow: Any, request: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
    """from_frozen_graph, or from_saved_model, with quantized_input_stats; its inputs {array: tensor}."""
    lite = tensorflow.lite if tensorflow.__version__.startswith("1.") else tensorflow.compat.v1.lite
    inputs = [(_array(name), shape) for name, shape in request["inputs"].items()]
    if "saved_model" in request:
        converter = lite.TFLiteConverter.from_saved_model(
            request["saved_model"], signature_key=request["signature"]
        )
    else:
        converter = lite.TFLiteConverter.from_frozen_graph(
            request["graph"],
            [name for name, _ in inputs],
            [_array(name) for name in request["outputs"]],
            {name: shape for name, shape in inputs if shape is not None} or None,
        )
    converter.experimental_new_converter = request["engine"] == "mlir"
    converter.quantized_input_stats = {_array(name): tuple(pair) for name, pair in request["stats"].items()}
    return converter, {_array(tensor.name): tensor for tensor in converter._input_tensors or ()}


def _tf2_converter(tensorflow: Any, request: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
    """The SavedModel, or the frozen graph as a concrete function; its inputs {array: tensor}."""
    if "saved_model" in request:
        folder = request["saved_model"]
        if request.get("shapes"):
            folder = _task("backends.conversion.signatures").with_shapes(tensorflow, request)
        converter = tensorflow.lite.TFLiteConverter.from_saved_model(
            folder, signature_keys=[request["signature"]]
        )
        if "keys" not in request:
            return converter, {}
        signature = tensorflow.saved_model.load(folder).signatures[request["signature"]]
        named = signature.structured_input_signature[1]
        return converter, {array: named[key] for array, key in request["keys"].items()}
    with open(request["graph"], "rb") as file:
        graph_def = tensorflow.compat.v1.GraphDef.FromString(file.read())
    # import_graph_def does not take shapes: they have to be in the placeholders before the import.
    shapes = {_array(name): shape for name, shape in request["inputs"].items() if shape is not None}
    for node in graph_def.node:
        if node.op == "Placeholder" and node.name in shapes:
            node.attr["shape"].shape.CopyFrom(tensorflow.TensorShape(shapes[node.name]).as_proto())

    def whole_graph() -> None:
        tensorflow.compat.v1.import_graph_def(graph_def, name="")

    wrapped = tensorflow.compat.v1.wrap_function(whole_graph, [])
    if request.get("signatures"):
        folder = os.path.join(os.path.dirname(request["model"]), "saved_model")
        inputs = _task("backends.conversion.signatures").saved(tensorflow, wrapped, request, folder)
        return tensorflow.lite.TFLiteConverter.from_saved_model(folder), inputs
    tensor = wrapped.graph.get_tensor_by_name
    function = wrapped.prune(
        [tensor(_tensor(name)) for name in request["inputs"]],
        [tensor(_tensor(name)) for name in request["outputs"]],
    )
    if graph_def.library.function:
        # TF 2.21 freezes If and While under names that the import has taken; a SavedModel is frozen by itself.
        module, folder = tensorflow.Module(), os.path.join(os.path.dirname(request["model"]), "saved_model")
        tensorflow.saved_model.save(module, folder, signatures={"serving_default": function})
        converter = tensorflow.lite.TFLiteConverter.from_saved_model(folder)
    else:
        converter = tensorflow.lite.TFLiteConverter.from_concrete_functions([function])
    return converter, dict(zip(request["inputs"], function.inputs))


def _convert_in_this_process() -> None:
    """Let TOCO run here: TensorFlow starts another Python for it, which costs a second TensorFlow import.

    tensorflow/lite/python/convert.py converts in process where the name of that program is empty
    (`_toco_from_proto_bin` up to TF 2.11 or so, `_deprecated_conversion_binary` later).
    """
    try:
        from tensorflow.lite.python import convert as module
    except ImportError:
        from tensorflow_core.lite.python import convert as module
    for name in ("_toco_from_proto_bin", "_deprecated_conversion_binary"):
        if hasattr(module, name):
            setattr(module, name, "")


def _array(name: str) -> str:
    """`x:0` is the array `x`."""
    return name[:-2] if name.endswith(":0") else name


def _tensor(name: str) -> str:
    return name if ":" in name else name + ":0"


if __name__ == "__main__":
    # The folder of this file must not lend its modules' names to TensorFlow's imports.
    sys.path[:] = [path for path in sys.path if path != os.path.dirname(os.path.abspath(__file__))]
    sys.exit(main(sys.argv[1]))

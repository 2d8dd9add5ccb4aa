"""What the fork server's children do: a conversion as the product's worker does it, one after training, or a run.

Any Python that has TensorFlow; no import of this package. Requests are those of
`minmax_lint/backends/conversion/worker.py`, with `call` besides: "int8", "16x8", "16x8-fallback", "dynamic",
"float16". A request with `run` (path of a model) runs that model once with the interpreter's own kernels, and leaves
what it computes. A request with `float_net` (arguments of `float_nets.frozen`) leaves that network as JSON.
"""

import base64
import importlib.util
import io
import json
from pathlib import Path

_PRODUCT = Path(__file__).parents[2] / "minmax_lint" / "backends" / "conversion" / "worker.py"
SAMPLES = 4
SEED = 0
LIMITS = (0.05, 2.0)


def _load():
    spec = importlib.util.spec_from_file_location("conversion_worker", _PRODUCT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_worker = _load()
import_tensorflow = _worker.import_tensorflow


def convert(tensorflow, request):
    """The bytes of the model; of a run, those of an .npz file with the outputs."""
    if "float_net" in request:
        return _float_net(tensorflow, *request["float_net"])
    if "run" in request:
        return _run(tensorflow, request["run"])
    if "call" not in request:
        return _worker.convert(tensorflow, request)
    return _after_training(tensorflow, request)


def _float_net(tensorflow, seed, block):
    import float_nets  # beside fork_server.py, the program

    graph, inputs, outputs = float_nets.frozen(tensorflow, seed, block)
    made = {"graph": base64.b64encode(graph).decode(), "inputs": inputs, "outputs": outputs}
    return json.dumps(made).encode()


def _after_training(tensorflow, request):
    converter, inputs = _worker.made(tensorflow, request, lambda step: None)
    lite, call = tensorflow.lite, request["call"]
    sixteen = lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
    if call == "float16":
        converter.target_spec.supported_types = [tensorflow.float16]
    elif call != "dynamic":
        converter.representative_dataset = _dataset(inputs, request.get("keys"))
    if call.startswith("16x8"):
        more = [lite.OpsSet.TFLITE_BUILTINS] if call.endswith("fallback") else []
        converter.target_spec.supported_ops = [sixteen, *more]
    return converter.convert()


def _dataset(inputs, keys):
    """Uniform in 0.05..2, where logarithms and roots are numbers; whole numbers in 0..3, truths of both kinds.

    `keys` of a SavedModel's signature: input -> key.
    """
    import numpy

    def samples():
        draw = numpy.random.default_rng(SEED)
        for _ in range(SAMPLES):
            sample = {
                name: _drawn(draw, tensor.shape, tensor.dtype.as_numpy_dtype)
                for name, tensor in inputs.items()
            }
            yield {keys[name]: value for name, value in sample.items()} if keys else list(sample.values())

    return samples


def _drawn(draw, shape, kind):
    import numpy

    sizes = [1 if size is None else int(size) for size in shape]
    if numpy.issubdtype(kind, numpy.floating):
        return draw.uniform(*LIMITS, sizes).astype(kind)
    if kind is numpy.bool_:
        return draw.random(sizes) < 0.5
    return draw.integers(0, 4, sizes).astype(kind)


def _run(tensorflow, path):
    """Raises what the interpreter says of a kernel that it lacks."""
    import numpy

    plain = tensorflow.lite.experimental.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    interpreter = tensorflow.lite.Interpreter(path, experimental_op_resolver_type=plain, num_threads=1)
    interpreter.allocate_tensors()
    draw = numpy.random.default_rng(SEED)  # the first sample: within the calibrated ranges
    for detail in interpreter.get_input_details():
        value = _drawn(draw, detail["shape"], detail["dtype"])
        interpreter.set_tensor(detail["index"], value.astype(detail["dtype"]))
    interpreter.invoke()
    outputs = io.BytesIO()
    numpy.savez(outputs, *(interpreter.get_tensor(one["index"]) for one in interpreter.get_output_details()))
    return outputs.getvalue()

"""Make a network that people really have, frozen: `python -m tests.benchmarks.keras_nets NAME OUT.pb`.

Weights are random, batch norms too: what takes time is the number of nodes, channels and bytes. Needs TensorFlow,
tf_keras and tfmot, so it runs in a process of its own.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

OUTPUT_FILE = "{name}.pb"
RANGED = frozenset(
    {
        "Relu",
        "Relu6",
        "AddV2",
        "Mul",
        "Sigmoid",
        "ConcatV2",
        "BiasAdd",
        "AvgPool",
        "MaxPool",
        "Mean",
        "Softmax",
    }
)
"""Ops behind which the nets without quantize_model get their ranges, besides FusedBatchNormV3."""
LEARNED = frozenset({"gamma", "beta", "moving_mean", "moving_variance"})
"""Vectors of a batch norm, which are all ones and zeros before training."""
PRODUCTS = frozenset({"Conv2D", "DepthwiseConv2dNative", "MatMul"})


def main(name: str, path: str) -> None:
    """Write the net and print its input shape and its output array."""
    os.environ["TF_USE_LEGACY_KERAS"] = "1"
    import tensorflow as tf

    model = MAKERS[name](tf)
    for variable in model.variables:
        if variable.name.split(":")[0].split("/")[-1] in LEARNED:
            variable.assign(tf.random.uniform(variable.shape, 0.5, 1.5))
    shape = (1, *model.input_shape[1:])
    function = tf.function(lambda x: model(x, training=False)).get_concrete_function(
        tf.TensorSpec(shape, tf.float32, name="input")
    )
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    frozen = convert_variables_to_constants_v2(function, lower_control_flow=False)
    graph = frozen.graph.as_graph_def()
    output = frozen.outputs[0].name
    if name in WITH_RANGES:
        graph, output = with_ranges(tf, graph, output.split(":")[0])
    Path(path).write_bytes(graph.SerializeToString())
    print(*shape, output.removesuffix(":0"))


def _resnet152(tf: Any) -> Any:
    """tfmot's quantize_model of ResNet152: per-channel ranges of all weights."""
    import tensorflow_model_optimization as tfmot

    return tfmot.quantization.keras.quantize_model(tf.keras.applications.ResNet152(weights=None))


def _densenet201(tf: Any) -> Any:
    return tf.keras.applications.DenseNet201(weights=None)


def _nasnet_large(tf: Any) -> Any:
    return tf.keras.applications.NASNetLarge(weights=None)


def _efficientnet_b7(tf: Any) -> Any:
    return tf.keras.applications.EfficientNetB7(weights=None)


MAKERS = {
    "ResNet152": _resnet152,
    "DenseNet201": _densenet201,
    "NASNetLarge": _nasnet_large,
    "EfficientNetB7": _efficientnet_b7,
}
WITH_RANGES = frozenset({"NASNetLarge", "EfficientNetB7"})
"""What quantize_model refuses: FakeQuants are put behind activations and weights as a QAT would."""


def with_ranges(tf: Any, graph: Any, output: str) -> tuple[Any, str]:
    """`graph` with a FakeQuant behind every activation and every filter, each with a range of its own."""
    made = tf.compat.v1.GraphDef()
    made.versions.CopyFrom(graph.versions)
    ops = {node.name: node for node in graph.node}
    filters = {node.input[1] for node in graph.node if node.op in PRODUCTS}
    renamed: dict[str, str] = {}
    for number, node in enumerate(graph.node):
        copy = made.node.add()
        copy.CopyFrom(node)
        for slot, text in enumerate(copy.input):
            if text in renamed and not (copy.op == "Identity" and ops[text].op == "Const"):
                copy.input[slot] = renamed[text]
        if node.name in filters or node.op in RANGED or node.op.startswith("FusedBatchNorm"):
            step = number / len(graph.node)
            low, high = (-1.0 - step, 1.0 + step) if node.name in filters else (-3.0 - step, 5.0 + step)
            renamed[node.name] = _fake_quant(made, node.name, low, high, narrow=node.name in filters)
    return made, renamed.get(output, output)


def _fake_quant(graph: Any, array: str, low: float, high: float, *, narrow: bool) -> str:
    for which, value in (("min", low), ("max", high)):
        constant = graph.node.add(name=f"{array}/quant/{which}", op="Const")
        constant.attr["dtype"].type = 1
        constant.attr["value"].tensor.dtype = 1
        constant.attr["value"].tensor.tensor_shape.SetInParent()
        constant.attr["value"].tensor.float_val.append(value)
    name = f"{array}/quant/FakeQuantWithMinMaxVars"
    node = graph.node.add(name=name, op="FakeQuantWithMinMaxVars")
    node.input.extend([array, f"{array}/quant/min", f"{array}/quant/max"])
    node.attr["num_bits"].i = 8
    node.attr["narrow_range"].b = narrow
    return name


if __name__ == "__main__":
    main(*sys.argv[1:])

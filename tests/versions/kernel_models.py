"""Models of one operator in each type of activations, and what an interpreter says of them.

    python kernel_models.py make FOLDER        (TensorFlow 2.21: one conversion, taken apart)
    python kernel_models.py run FOLDER ANSWERS (any TensorFlow 2: {operator: {type: "ok" or what it says}})

Any Python that has TensorFlow; no import of this package. fixtures/kernels.json holds the answers by version.
"""

import copy
import json
import os
import sys

import numpy as np
import tensorflow as tf

TYPES = {
    "uint8": (3, np.uint8, 1 / 64, 128),
    "int8": (9, np.int8, 1 / 64, 0),
    "int16": (7, np.int16, 1 / 4096, 0),
}
FIXED = {
    "LOGISTIC": {"int8": (1 / 256, -128), "uint8": (1 / 256, 0), "int16": (1 / 32768, 0)},
    "SOFTMAX": {"int8": (1 / 256, -128), "uint8": (1 / 256, 0), "int16": (1 / 32768, 0)},
    "TANH": {"int8": (1 / 128, 0), "uint8": (1 / 128, 128), "int16": (1 / 32768, 0)},
    "L2_NORMALIZATION": {"int8": (1 / 128, 0), "uint8": (1 / 128, 128), "int16": (1 / 32768, 0)},
    "LOG_SOFTMAX": {"int8": (1 / 16, 127), "uint8": (1 / 16, 255), "int16": (1 / 2048, 0)},
}
FLOAT32, INT32, INT64, INT8 = 0, 2, 4, 9
WEIGHTS, BIAS = (
    {"CONV_2D": 1, "DEPTHWISE_CONV_2D": 1, "FULLY_CONNECTED": 1, "TRANSPOSE_CONV": 1},
    {"TRANSPOSE_CONV": 3},
)


def network(x, v, i):
    """Every operator once."""
    nn, raw = tf.nn, tf.raw_ops
    draw = np.random.RandomState(0)

    def w(*shape):
        return tf.constant(draw.uniform(0.3, 1, shape).astype("float32"))

    around, none = [[0, 0], [1, 1], [1, 1], [0, 0]], [[0, 0], [0, 0]]
    blocks = raw.SpaceToBatchND(input=x, block_shape=[2, 2], paddings=none)
    segments = [0, 0, 1, 1, 2, 2, 3, 3]
    made = [
        tf.abs(x),
        x + v,
        tf.add_n([x, v, x]),
        tf.argmax(x, -1),
        tf.argmin(x, -1),
        tf.atan2(x, v),
        nn.avg_pool2d(x, 2, 2, "SAME"),
        tf.matmul(x, v, transpose_b=True),
        blocks,
        raw.BatchToSpaceND(input=blocks, block_shape=[2, 2], crops=none),
        tf.broadcast_to(x[:, :1], tf.shape(v)),
        tf.cast(x, tf.int32),
        tf.math.ceil(x),
        tf.concat([x, v], 3),
        tf.cos(x),
        nn.conv2d(x, w(3, 3, 4, 4), 1, "SAME"),
        tf.cumsum(x, 1),
        nn.depthwise_conv2d(x, w(3, 3, 4, 1), [1] * 4, "SAME"),
        nn.depth_to_space(x, 2),
        x / v,
        nn.elu(x),
        tf.equal(x, v),
        tf.exp(x),
        tf.fill(i, v[0, 0, 0, 0]),
        tf.floor(x),
        tf.math.floordiv(x, v),
        tf.math.floormod(x, v),
        tf.reshape(x, [64, 4]) @ w(4, 4),
        tf.gather(x, i[:1], axis=1),
        tf.gather_nd(x, i[None, :1] - 1),
        nn.gelu(x),
        x > v,
        x >= v,
        x < v,
        x <= v,
        x * nn.relu6(x + 3.0) * (1 / 6.0),
        tf.math.l2_normalize(x, -1),
        nn.leaky_relu(x),
        tf.math.log(x),
        tf.sigmoid(x),
        nn.log_softmax(x),
        nn.lrn(x),
        tf.linalg.diag(x[0, 0]),
        tf.linalg.set_diag(x[0, 0, :4], v[0, 0, 0]),
        tf.maximum(x, v),
        nn.max_pool2d(x, 2, 2, "SAME"),
        tf.reduce_mean(x, [1]),
        tf.minimum(x, v),
        tf.pad(x, around, "REFLECT"),
        x * v,
        -x,
        tf.not_equal(x, v),
        tf.one_hot(i, 4, v[0, 0, 0, 0], v[0, 0, 0, 1]),
        tf.stack([x, v], 1),
        tf.pad(x, around),
        tf.pad(x, around, constant_values=1.0),
        tf.pow(x, v),
        nn.relu(x) + w(8, 8, 4) * -nn.elu(-x),
        tf.reduce_max(x, 1),
        tf.reduce_min(x, 1),
        tf.reduce_prod(x, 1),
        nn.relu(x),
        nn.relu6(x),
        tf.maximum(-1.0, tf.minimum(x, 1.0)),
        tf.maximum(0.0, tf.minimum(x, 1.0)),
        tf.reshape(x, [1, -1]),
        tf.image.resize(x, [16, 16]),
        tf.image.resize(x, [16, 16], "nearest"),
        tf.reverse_sequence(x, [3], seq_axis=1, batch_axis=0),
        tf.reverse(x, [1]),
        tf.round(x),
        tf.math.rsqrt(x),
        tf.scatter_nd(i[None, :1], x[0, :1], [9, 8, 4]),
        tf.math.segment_sum(x[0], segments),
        raw.Select(condition=v > x, x=x, y=v),
        tf.where((v > x)[..., :1], x, v),
        tf.sign(x),
        tf.sin(x),
        tf.slice(x, [0, 0, 1, 0], [1, 4, 4, 4]),
        nn.softmax(x),
        nn.space_to_depth(x, 2),
        sum(tf.split(x, 2, 3)),
        *tf.split(x, [1, 3], 3),
        tf.sqrt(x),
        tf.square(x),
        tf.math.squared_difference(x, v),
        x[:, ::2],
        x - v,
        tf.reduce_sum(x, 1),
        tf.tanh(x),
        tf.tile(x, [1, 2, 1, 1]),
        tf.math.top_k(x, 2)[0],
        tf.transpose(x, [0, 2, 1, 3]),
        nn.conv2d_transpose(x, w(3, 3, 4, 4), [1, 16, 16, 4], 2),
        sum(tf.unstack(x, axis=3)),
        tf.math.unsorted_segment_sum(x[0], segments, 4),
        raw.Bucketize(input=x, boundaries=[0.5, 1.0]),
    ]
    return [tf.identity(one) for one in made]


def make(folder):
    """One file an operator and type: OPERATOR.NUMBER.TYPE.tflite."""
    from tensorflow.lite.python import schema_py_generated as schema
    from tensorflow.lite.tools import flatbuffer_utils

    specs = [tf.TensorSpec([1, 8, 8, 4]), tf.TensorSpec([1, 8, 8, 4]), tf.TensorSpec([4], tf.int32)]
    function = tf.function(network, input_signature=specs).get_concrete_function()
    content = tf.lite.TFLiteConverter.from_concrete_functions([function]).convert()
    model = flatbuffer_utils.convert_bytearray_to_object(content)
    names = {number: name for name, number in vars(schema.BuiltinOperator).items() if name[0] != "_"}
    os.makedirs(folder, exist_ok=True)
    seen = {}
    for op in model.subgraphs[0].operators:
        code = model.operatorCodes[op.opcodeIndex]
        name = names[max(code.builtinCode, code.deprecatedBuiltinCode)]
        if all(model.subgraphs[0].tensors[t].type != FLOAT32 for t in [*op.inputs, *op.outputs] if t >= 0):
            continue
        seen[name] = seen.get(name, -1) + 1
        for kind in TYPES:
            alone = single(schema, model, op, name, kind)
            with open(os.path.join(folder, f"{name}.{seen[name]}.{kind}.tflite"), "wb") as file:
                file.write(flatbuffer_utils.convert_object_to_bytearray(alone))


def single(schema, model, source, name, kind):
    """The model of one operator, its float tensors in that type."""
    op, graph, alone = copy.copy(source), schema.SubGraphT(), schema.ModelT()
    alone.version, alone.subgraphs, alone.buffers = 3, [graph], [schema.BufferT()]
    alone.operatorCodes, op.opcodeIndex, op.intermediates = [model.operatorCodes[op.opcodeIndex]], 0, None
    graph.tensors, graph.inputs, graph.operators, place = [], [], [op], {-1: -1}
    for number in dict.fromkeys([int(one) for one in [*op.inputs, *op.outputs] if one >= 0]):
        tensor = copy.copy(model.subgraphs[0].tensors[number])
        place[number] = len(graph.tensors)
        graph.tensors.append(tensor)
        slot = list(op.inputs).index(number) if number in op.inputs else -1
        data = model.buffers[tensor.buffer].data
        constant, tensor.buffer = data is not None and len(data) > 0, 0
        stored = retype(schema, tensor, name, kind, slot) if tensor.type == FLOAT32 else None
        if constant:
            buffer = schema.BufferT()
            buffer.data = (
                data if stored is None else list(stored(np.frombuffer(bytes(bytearray(data)), np.float32)))
            )
            tensor.buffer = len(alone.buffers)
            alone.buffers.append(buffer)
        elif slot >= 0:
            graph.inputs.append(place[number])
    op.inputs, op.outputs = ([place[int(one)] for one in ends] for ends in (op.inputs, op.outputs))
    graph.outputs = list(op.outputs)
    return alone


def retype(schema, tensor, name, kind, slot):
    """Give a float tensor its integer type; how its values are stored then."""
    code, numpy_type, scale, zero = TYPES[kind]
    if slot < 0:
        scale, zero = FIXED.get(name, {}).get(kind, (scale, zero))
    if name in WEIGHTS and slot == BIAS.get(name, 2):
        code, numpy_type = (INT64, np.int64) if kind == "int16" else (INT32, np.int32)
        scale, zero = scale * (1 / 64), 0
    elif kind == "int16" and WEIGHTS.get(name) == slot:
        code, numpy_type, scale = INT8, np.int8, 1 / 64
    tensor.type, tensor.quantization = code, schema.QuantizationParametersT()
    tensor.quantization.scale, tensor.quantization.zeroPoint = [scale], [zero]
    limits = np.iinfo(numpy_type)
    return lambda values: (
        np.clip(np.round(values / scale) + zero, limits.min, limits.max).astype(numpy_type).tobytes()
    )


def run(folder, answers):
    """Ask the running interpreter, without delegates."""
    found = {}
    for file in sorted(os.listdir(folder)):
        name, _, kind, _ = file.split(".")
        says = invoked(os.path.join(folder, file)).partition("Node number")[0] or "refused"
        if found.setdefault(name, {}).get(kind, "ok") == "ok":
            found[name][kind] = says
    with open(answers, "w") as out:
        json.dump(found, out)


def invoked(path):
    plain = tf.lite.experimental.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    draw = np.random.default_rng(0)
    try:
        interpreter = tf.lite.Interpreter(path, experimental_op_resolver_type=plain, num_threads=1)
        interpreter.allocate_tensors()
        for one in interpreter.get_input_details():
            low, high = (1, 2) if one["dtype"] in (np.int32, np.int64) else (20, 100)
            interpreter.set_tensor(one["index"], draw.integers(low, high, one["shape"]).astype(one["dtype"]))
        interpreter.invoke()
    except (RuntimeError, ValueError) as error:
        return str(error)
    return "ok"


if __name__ == "__main__":
    {"make": make, "run": run}[sys.argv[1]](*sys.argv[2:])

"""Nets that the real `tf.contrib.quantize` rewrote: `python contrib_nets.py FOLDER` with TensorFlow 1.15.

Stands alone (Python 3.7, no import of this package). Writes FOLDER/NAME.pb, frozen, with what hangs behind
the outputs kept, and FOLDER/cases.json: [{id, family, inputs, outputs}]. Every weight tensor is one repeated
value, so that the files are small; ranges of the FakeQuants are +-6, as if training had found them.
"""

from __future__ import annotations

import json
import os
import sys

import tensorflow as tf
from tensorflow.contrib import quantize, slim
from tensorflow.python.framework import graph_util

ROW, IMAGE = [1, 8], [1, 16, 16, 3]


def norm(training=False):
    return {"normalizer_fn": slim.batch_norm, "normalizer_params": {"is_training": training, "fused": True}}


def conv(x, depth, size=3, stride=1, activation=tf.nn.relu6, **more):
    return slim.conv2d(x, depth, size, stride=stride, activation_fn=activation, **more)


def depthwise(x, stride=1, rate=1, activation=tf.nn.relu6):
    return slim.separable_conv2d(x, None, 3, 1, stride=stride, rate=rate, activation_fn=activation, **norm())


def dense(x, units, activation=None):
    return slim.fully_connected(x, units, activation_fn=activation)


def body_dense(x):
    return dense(dense(x, 16, tf.nn.relu6), 12, tf.nn.relu)


def body_single(x):
    return x


def body_conv(x):
    return slim.flatten(slim.max_pool2d(conv(conv(x, 8, stride=2), 8, stride=2), 2))


def body_norm(x):
    return tf.reduce_mean(conv(conv(x, 8, stride=2, **norm()), 8, activation=tf.nn.relu, **norm()), [1, 2])


def body_separable(x):
    x = conv(depthwise(conv(x, 8, stride=2, **norm())), 12, 1, **norm())
    return tf.squeeze(slim.avg_pool2d(x, 8, padding="VALID"), [1, 2])


def body_residual(x):
    x = conv(x, 8, stride=2, **norm())
    x = x + conv(conv(x, 8, **norm()), 8, activation=None, **norm())
    return tf.reshape(tf.nn.relu(x), [1, -1])


BODIES = {
    "single": (ROW, body_single),
    "dense": (ROW, body_dense),
    "conv": (IMAGE, body_conv),
    "norm": (IMAGE, body_norm),
    "separable": (IMAGE, body_separable),
    "residual": (IMAGE, body_residual),
}


def denormalized(x):
    return dense(x, 4) * 2.5 + 10.0


def normalized(x):
    return tf.nn.l2_normalize(dense(x, 4), 1)


def halves(x):
    left, right = tf.split(dense(x, 4), 2, axis=1)
    return [tf.sigmoid(left), right]


HEADS = {
    "linear": lambda x: dense(x, 4),
    "relu": lambda x: dense(x, 4, tf.nn.relu),
    "relu6": lambda x: dense(x, 4, tf.nn.relu6),
    "tanh": lambda x: dense(x, 4, tf.nn.tanh),
    "sigmoid": lambda x: dense(x, 4, tf.nn.sigmoid),
    "softmax": lambda x: tf.nn.softmax(dense(x, 4)),
    "logsoftmax": lambda x: tf.nn.log_softmax(dense(x, 4)),
    "elu": lambda x: dense(x, 4, tf.nn.elu),
    "leaky": lambda x: dense(x, 4, tf.nn.leaky_relu),
    "softplus": lambda x: dense(x, 4, tf.nn.softplus),
    "clip": lambda x: tf.clip_by_value(dense(x, 4), 0.0, 1.0),
    "scale": lambda x: dense(x, 4) * 0.1,
    "denormalized": denormalized,
    "reshape": lambda x: tf.reshape(dense(x, 4, tf.nn.relu6), [2, 2]),
    "identity": lambda x: tf.identity(dense(x, 4, tf.nn.relu)),
    "l2norm": normalized,
    "argmax": lambda x: tf.argmax(dense(x, 4), 1),
    "halves": halves,
    "added": lambda x: dense(x, 4) + dense(x, 4, tf.nn.relu),
    "multiplied": lambda x: dense(x, 4) * dense(x, 4, tf.nn.sigmoid),
    "concat": lambda x: tf.concat([dense(x, 4, tf.nn.relu), dense(x, 4, tf.nn.tanh)], 1),
    "square": lambda x: tf.square(dense(x, 4)),
    "mean": lambda x: tf.reduce_mean(dense(x, 4, tf.nn.relu6), 1),
    "topk": lambda x: tf.nn.top_k(dense(x, 4, tf.nn.relu6), 2)[0],
}


def net_mobile_v1(x):
    x = conv(x, 8, stride=2, **norm())
    for number, depth in enumerate((8, 16, 16)):
        x = conv(depthwise(x, stride=1 + number % 2), depth, 1, **norm())
    logits = conv(slim.avg_pool2d(x, 4, padding="VALID"), 5, 1, activation=None)
    flat = tf.squeeze(logits, [1, 2])
    return [flat, tf.nn.softmax(flat), x]


def net_mobile_v2(x):
    x = conv(x, 8, stride=2, **norm())
    ends = []
    for _ in range(2):
        y = conv(x, 16, 1, **norm())
        x = x + conv(depthwise(y), 8, 1, activation=None, **norm())
        ends.append(x)
    return [dense(tf.reduce_mean(x, [1, 2]), 5), *ends]


def net_inception(x):
    x = conv(x, 8, stride=2, **norm())
    branches = [
        conv(x, 4, 1, **norm()),
        conv(conv(x, 4, 1, **norm()), 4, **norm()),
        slim.max_pool2d(x, 3, 1, "SAME"),
    ]
    mixed = tf.concat(branches, 3)
    return [tf.nn.softmax(dense(slim.flatten(slim.avg_pool2d(mixed, 8)), 5)), mixed]


def net_dense_blocks(x):
    x = conv(x, 8, stride=2, **norm())
    for _ in range(2):
        x = tf.concat([x, conv(x, 4, activation=tf.nn.relu, **norm())], 3)
    return [x, tf.reduce_mean(x, [1, 2])]


def net_unet(x):
    down = conv(x, 8, activation=tf.nn.relu, **norm())
    deep = conv(slim.max_pool2d(down, 2), 8, activation=tf.nn.relu, **norm())
    up = slim.conv2d_transpose(deep, 8, 2, stride=2, activation_fn=tf.nn.relu)
    joined = conv(tf.concat([down, up], 3), 4, **norm())
    return [conv(joined, 2, 1, activation=tf.nn.sigmoid), joined]


def net_deeplab(x):
    x = conv(x, 8, stride=2, **norm())
    x = conv(depthwise(x, rate=2), 8, 1, **norm())
    logits = conv(x, 3, 1, activation=None)
    return [tf.image.resize_bilinear(logits, [16, 16], align_corners=True), logits]


def net_detector(x):
    x = conv(x, 8, stride=2, **norm())
    boxes, classes = [], []
    for _ in range(2):
        x = conv(x, 8, stride=2, **norm())
        boxes.append(tf.reshape(conv(x, 8, 1, activation=None), [1, -1, 4]))
        classes.append(tf.reshape(conv(x, 6, 1, activation=None), [1, -1, 3]))
    return [tf.concat(boxes, 1), tf.sigmoid(tf.concat(classes, 1))]


def net_excited(x):
    x = conv(x, 8, stride=2, **norm())
    gate = tf.reduce_mean(x, [1, 2], keepdims=True)
    gate = conv(conv(gate, 4, 1, activation=tf.nn.relu), 8, 1, activation=tf.nn.sigmoid)
    return [x * gate, dense(slim.flatten(x * gate), 4)]


def net_hard_swish(x):
    x = conv(x, 8, stride=2, activation=None, **norm())
    x = x * tf.nn.relu6(x + 3.0) * (1.0 / 6.0)
    return [conv(x, 4, activation=None, **norm())]


def net_classic(x):
    x = slim.max_pool2d(conv(x, 8, activation=tf.nn.relu), 2)
    x = slim.dropout(slim.flatten(conv(x, 8, activation=tf.nn.relu)), is_training=False)
    return [tf.nn.softmax(dense(dense(x, 16, tf.nn.relu), 5)), x]


NETS = {name[4:]: function for name, function in sorted(globals().items()) if name.startswith("net_")}


def main(folder):
    cases = []
    for body, (shape, before) in BODIES.items():
        wide = body in ("dense", "conv")
        for head, after in HEADS.items():
            if wide or head not in ("logsoftmax", "softplus", "square", "mean", "topk"):
                name = f"heads-{body}-{head}"
                cases += variants("heads", name, shape, lambda x: after(before(x)), folder, guard=wide)  # noqa: B023
    for name, ends in NETS.items():
        cases += variants("nets", f"nets-{name}", IMAGE, ends, folder, guard=True)
    with open(os.path.join(folder, "cases.json"), "w") as file:
        json.dump(cases, file)


TRAINED = ("heads-dense-linear", "heads-dense-relu6", "heads-conv-softmax", "nets-mobile_v1")


def variants(family, name, shape, ends, folder, guard):
    """The eval graph; with a guard in the model's code; as the training rewrite leaves it."""
    yield write(family, name, shape, ends, folder)
    if guard:
        yield write(family, name + "-guard", shape, ends, folder, guarded=True)
    if name in TRAINED:
        yield write(family, name + "-train", shape, ends, folder, trained=True)


def write(family, name, shape, ends, folder, guarded=False, trained=False):
    with tf.Graph().as_default() as graph, tf.Session() as session:
        made = ends(tf.placeholder(tf.float32, shape, "input"))
        outputs = made if isinstance(made, list) else [made]
        if guarded:
            outputs = [o if o.dtype != tf.float32 else tf.minimum(o, 1e6, name="guard") for o in outputs]
        (quantize.create_training_graph if trained else quantize.create_eval_graph)(graph)
        session.run(tf.global_variables_initializer())
        for variable in tf.global_variables():
            bound = {"min": -6.0, "max": 6.0}.get(variable.op.name.rsplit("/", 1)[-1])
            if bound is not None:
                variable.load(bound, session)
        sinks = [node.name for node in tf.get_default_graph().get_operations() if is_sink(node, trained)]
        names = list(dict.fromkeys([o.op.name for o in outputs] + sinks))
        frozen = graph_util.convert_variables_to_constants(session, graph.as_graph_def(), names)
    for node in frozen.node:
        shrink(node)
    with open(os.path.join(folder, name + ".pb"), "wb") as file:
        file.write(frozen.SerializeToString())
    arrays = [o.name[:-2] if o.name.endswith(":0") else o.name for o in outputs]
    return {"id": name, "family": family, "inputs": {"input": shape}, "outputs": arrays}


def is_sink(op, trained):
    """FakeQuants that nobody reads: the reason this corpus exists."""
    if trained:
        return op.type.startswith("FakeQuant") and op.type.endswith("Vars")
    return op.type.startswith("FakeQuant") and not op.outputs[0].consumers()


def shrink(node):
    """One repeated value in the place of a weight tensor."""
    tensor = node.attr["value"].tensor if node.op == "Const" else None
    if tensor is not None and tensor.dtype == tf.float32.as_datatype_enum and len(tensor.tensor_content) > 32:
        tensor.ClearField("tensor_content")
        tensor.float_val.append(0.5)


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    tf.logging.set_verbosity(tf.logging.ERROR)
    main(sys.argv[1])

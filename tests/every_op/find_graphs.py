"""Find for every op of the running TensorFlow inputs and attributes that its shape function takes.

`python find_graphs.py OUT [KNOWN]`, in any Python that has TensorFlow 2 (no import of this package): one JSON line an
op, {"op": ..., "inputs": [[type, shape, values or null]], "attrs": {...}, "results": how many result arguments}, as
`tests/every_op/graph.py` reads it; without "inputs" where nothing was found. Ops that the file KNOWN holds are left
out. An input without values is a Placeholder; without a shape it is one of unknown rank.
"""

import json
import os
import random
import sys

import tensorflow as tf
from tensorflow.core.framework import attr_value_pb2, types_pb2
from tensorflow.core.framework.op_def_pb2 import OpList
from tensorflow.python.client import pywrap_tf_session
from tensorflow.python.framework import op_def_registry

SHAPES = ([1, 4, 4, 2], [4, 4], [4], [], [1, 4, 4, 4, 2], [2, 3, 4], [1], [2, 2], [1, 2, 3, 4], [3], [2], [0])
INTEGERS = (
    ([], [1]), ([], [0]), ([], [2]), ([1], [1]), ([2], [0, 1]), ([2], [2, 2]), ([2], [1, 1]), ([4], [0, 1, 2, 3]),
    ([4], [1, 1, 1, 1]), ([3], [1, 1, 1]), ([3], [0, 1, 2]), ([4, 2], [0] * 8), ([2, 2], [0] * 4), ([1], [0]),
    ([2, 2], [0, 1, 1, 0]), ([4, 1], [0, 1, 2, 3]), ([4], [1, 4, 4, 2]), ([5], [1, 4, 4, 4, 2]), ([3, 2], [0] * 6),
    ([2], [4, 4]), ([4, 4], [1] * 16), ([1, 2], [0, 0]), ([5], [1] * 5), ([0], []), ([6], [1] * 6), ([1, 1], [0]),
)  # fmt: skip
TYPES = ("DT_FLOAT", "DT_INT32", "DT_INT64", "DT_BOOL", "DT_STRING", "DT_UINT8", "DT_COMPLEX64", "DT_DOUBLE",
         "DT_QUINT8", "DT_QINT32", "DT_QINT8", "DT_HALF", "DT_INT8", "DT_RESOURCE", "DT_VARIANT")  # fmt: skip
STRINGS = (
    "VALID",
    "VALID",
    "SAME",
    "NHWC",
    "add",
    "",
    "x",
    "ij,jk->ik",
    "[]",
    "int8",
    "sum",
    "lstm",
    "MIN_COMBINED",
    "float",
    "REFLECT",
)
NUMBERS = (1, 2, 0, 4, 3, 8, 64, 16)
LISTS = (
    [1, 2, 2, 1],
    [1, 1, 1, 1],
    [1, 1, 1, 1],
    [1, 2, 2, 2, 1],
    [1, 1, 1, 1, 1],
    [1],
    [2, 2],
    [0],
    [],
    [1, 1],
    [0, 1],
)
DRAWS, DRAWS_WITHOUT_SHAPES = 250, 80


def main(out, known=None):
    """A shape function that ends the process costs its op alone."""
    left_out = ops_of(known) if known else set()
    names = [name for name in sorted(registered()) if name not in left_out]
    open(out, "w").close()
    while names:
        child = os.fork()
        if child == 0:
            with open(out, "a") as file:
                for name in names:
                    line = json.dumps(found(op_def_registry.get(name)))
                    file.write(line.replace('"DT_', '"') + "\n")
                    file.flush()
            os._exit(0)
        os.waitpid(child, 0)
        done = ops_of(out)
        names = [name for name in names if name not in done]
        if names:
            with open(out, "a") as file:
                file.write(json.dumps({"op": names.pop(0)}) + "\n")


def ops_of(path):
    with open(path) as lines:
        return {json.loads(line)["op"] for line in lines}


def registered():
    buffer = pywrap_tf_session.TF_GetAllOpList()
    return [op.name for op in OpList.FromString(pywrap_tf_session.TF_GetBuffer(buffer)).op]


def found(op_def):
    draw = random.Random(op_def.name)
    if any(arg.is_ref for arg in op_def.input_arg) or op_def.HasField("deprecation"):
        # No Placeholder is a reference, and no new graph may have a deprecated op: shapes do not matter.
        return candidate(op_def, draw, 1) or {"op": op_def.name}
    graph = tf.Graph()
    inputs = {}
    for number in range(DRAWS + DRAWS_WITHOUT_SHAPES):
        spec = candidate(op_def, draw, number if number < DRAWS else number - DRAWS)
        if spec is None:
            break
        if number >= DRAWS:
            # The shapes that its shape function wants are hard to hit: say nothing of them.
            spec["inputs"] = [[dtype, None, None] for dtype, _, _ in spec["inputs"]]
        if accepted(graph, inputs, op_def, spec):
            return spec
    return {"op": op_def.name}


def candidate(op_def, draw, number):
    """The first tries give every input the same shape; later ones draw each."""
    attrs, values = {}, {}
    for attr in op_def.attr:
        value = attribute(attr, draw, number)
        if value is None and attr.type != "func":
            continue
        if attr.type in ("func", "list(func)"):
            return None
        values[attr.name] = value
        attrs[attr.name] = value
    specs = []
    plain = SHAPES[number % len(SHAPES)] if number < 4 * len(SHAPES) else None
    for place, arg in enumerate(op_def.input_arg):
        types = types_of(arg, values)
        shape = plain if plain is not None else draw.choice(SHAPES)
        for dtype in types:
            specs.append(input_of(dtype, shape, place, draw, plain is not None and number < len(SHAPES)))
    return {"op": op_def.name, "inputs": specs, "attrs": attrs, "results": len(op_def.output_arg)}


def input_of(dtype, shape, place, draw, plain):
    if place and dtype in ("DT_INT32", "DT_INT64") and (not plain or draw.random() < 0.5):
        shape, values = draw.choice(INTEGERS)
        return [dtype, shape, values]
    if place and dtype == "DT_STRING":
        size = 1
        for one in shape:
            size *= one
        return [dtype, shape, ["a"] * size]
    return [dtype, shape, None]


def types_of(arg, values):
    if arg.type_list_attr:
        return [one["type"] for one in values[arg.type_list_attr]]
    dtype = values[arg.type_attr]["type"] if arg.type_attr else enum_name(arg.type)
    return [dtype] * (values[arg.number_attr] if arg.number_attr else 1)


def attribute(attr, draw, number):
    if attr.type == "func" or attr.type == "list(func)":
        return None if attr.HasField("default_value") else 0
    allowed = {enum_name(one) for one in attr.allowed_values.list.type}
    if attr.type == "type":
        usable = [one for one in TYPES if not allowed or one in allowed] or sorted(allowed)
        if attr.HasField("default_value") and draw.random() < 0.7:
            return {"type": enum_name(attr.default_value.type)}
        return {"type": usable[0] if number < 40 or draw.random() < 0.85 else draw.choice(usable[:4])}
    if attr.type == "list(type)":
        usable = [one for one in TYPES if not allowed or one in allowed] or sorted(allowed)
        if attr.HasField("default_value") and draw.random() < 0.5:
            return [{"type": enum_name(one)} for one in attr.default_value.list.type]
        count = max(attr.minimum, 1 if number < 60 else draw.randrange(0, 3))
        return [{"type": usable[0]}] * count
    if attr.type == "int":
        if attr.HasField("default_value") and draw.random() < 0.8:
            return attr.default_value.i
        return max(attr.minimum if attr.has_minimum else -1, 2 if number < 12 else draw.choice(NUMBERS))
    if attr.HasField("default_value") and draw.random() < 0.8:
        return None
    if attr.type == "list(int)":
        return draw.choice(LISTS)
    if attr.type == "string":
        choices = [one.decode() for one in attr.allowed_values.list.s] or STRINGS
        return choices[0] if draw.random() < 0.4 else draw.choice(choices)
    if attr.type == "list(string)":
        return ["a"] * max(attr.minimum, draw.randrange(0, 3))
    shapes = [{"shape": [2]}] * max(attr.minimum, draw.randrange(0, 3))
    simple = {
        "float": 0.5,
        "bool": False,
        "shape": {"shape": [2]},
        "list(float)": [0.5, 1.0],
        "list(shape)": shapes,
        "list(bool)": [False],
    }
    if attr.type == "tensor":
        return {"tensor": {"dtype": "FLOAT", "shape": [2], "values": [1.0, 2.0]}}
    return simple.get(attr.type)


def enum_name(value):
    return types_pb2.DataType.Name(value)


def accepted(graph, inputs, op_def, spec):
    with graph.as_default():
        try:
            tensors = [made(inputs, *one) for one in spec["inputs"]]
            attrs = {
                key: value_of(value, next(a.type for a in op_def.attr if a.name == key))
                for key, value in spec["attrs"].items()
            }
            graph._create_op_internal(op_def.name, tensors, None, attrs=attrs, op_def=op_def, name="y")
            return True
        except Exception as error:
            if DEBUG:
                print(op_def.name, type(error).__name__, str(error)[:200], spec, file=sys.stderr)
            return False


DEBUG = False


def made(inputs, dtype, shape, values):
    key = json.dumps([dtype, shape, values])
    if key not in inputs:
        kind = tf.dtypes.as_dtype(types_pb2.DataType.Value(dtype))
        inputs[key] = (
            tf.compat.v1.placeholder(kind, shape) if values is None else tf.constant(values, kind, shape)
        )
    return inputs[key]


def value_of(value, kind):
    made = attr_value_pb2.AttrValue()
    if kind == "type":
        made.type = types_pb2.DataType.Value(value["type"])
    elif kind == "list(type)":
        made.list.SetInParent()
        made.list.type.extend(types_pb2.DataType.Value(one["type"]) for one in value)
    elif kind == "int":
        made.i = value
    elif kind == "float":
        made.f = value
    elif kind == "bool":
        made.b = value
    elif kind == "string":
        made.s = value.encode()
    elif kind == "shape":
        made.shape.CopyFrom(tf.TensorShape(value["shape"]).as_proto())
    elif kind == "tensor":
        made.tensor.CopyFrom(tf.make_tensor_proto([1.0, 2.0]))
    else:
        made.list.SetInParent()
        for one in value:
            if kind == "list(int)":
                made.list.i.append(one)
            elif kind == "list(float)":
                made.list.f.append(one)
            elif kind == "list(bool)":
                made.list.b.append(one)
            elif kind == "list(string)":
                made.list.s.append(one.encode())
            elif kind == "list(shape)":
                made.list.shape.append(tf.TensorShape(one["shape"]).as_proto())
    return made


if __name__ == "__main__":
    main(*sys.argv[1:])

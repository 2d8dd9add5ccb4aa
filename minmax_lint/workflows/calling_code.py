"""The Python that converts a model in one way, to copy into a script."""

from collections.abc import Mapping, Sequence

from minmax_lint.converters.profile import Profile
from minmax_lint.escaping import command
from minmax_lint.graph.names import array_name, parse_edge
from minmax_lint.graph.tensor import Shape
from minmax_lint.loaders.model import KerasFile, Model

FROZEN = "frozen.pb"
_OPTIMIZED = "converter.optimizations = [tf.lite.Optimize.DEFAULT]"
_CALIBRATED = (_OPTIMIZED, "converter.representative_dataset = samples")
_SIXTEEN = "sixteen = tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8"
_SUPPORTED = "converter.target_spec.supported_ops = "
_SELECT_TF = [
    "target_spec = converter.target_spec",
    "target_spec.supported_ops = [*target_spec.supported_ops, tf.lite.OpsSet.SELECT_TF_OPS]",
]
_FLAGS: Mapping[str, tuple[str, ...]] = {
    "v2": (_OPTIMIZED,),
    "dynamic": (_OPTIMIZED,),
    "float16": (_OPTIMIZED, "converter.target_spec.supported_types = [tf.float16]"),
    "int8": (
        *_CALIBRATED,
        "# converter.inference_input_type = converter.inference_output_type = tf.int8  # integer ends",
    ),
    "16x8": (*_CALIBRATED, _SIXTEEN, f"{_SUPPORTED}[sixteen]"),
    "16x8-fallback": (*_CALIBRATED, _SIXTEEN, f"{_SUPPORTED}[sixteen, tf.lite.OpsSet.TFLITE_BUILTINS]"),
}
"""Call -> what is set on the converter, in the TF2 flow."""
_DIRECTLY = ("converter = tf.lite.TFLiteConverter.from_concrete_functions([function])",)
_THROUGH_A_FOLDER = (
    "# Branches and loops are converted from a SavedModel alone (TF 2.21).",
    'tf.saved_model.save(tf.Module(), "saved_model", signatures={"serving_default": function})',
    'converter = tf.lite.TFLiteConverter.from_saved_model("saved_model")',
)


def calling_code(
    model: Model,
    path: str,
    inputs: Mapping[str, Shape | None],
    outputs: Sequence[str],
    profile: Profile,
    tensorflow: str,
) -> str:
    """The script; `tensorflow` says which versions it is for. Names in it are quoted as Python's texts are."""
    first = [*_which_keras(model.keras), f"import tensorflow as tf  # {tensorflow}", ""]
    dataset = _samples(model, inputs, outputs) if profile.ranges == "calibrated" else []
    if profile.flow == "tf1":
        made = _tf1(model, path, inputs, outputs, profile)
    else:
        made = [*_tf2(model, path, inputs, outputs), *_FLAGS[profile.call]]
    made += _SELECT_TF if profile.select_tf else []
    last = ["model = converter.convert()", 'open("model.tflite", "wb").write(model)']
    return "\n".join([*first, *dataset, *made, *last]) + "\n"


def _samples(model: Model, inputs: Mapping[str, Shape | None], outputs: Sequence[str]) -> list[str]:
    """The representative dataset: by key for a SavedModel, whose signature has no order.

    Of several signatures each needs samples of its own, under its name (TF 2.15 and 2.21 measured).
    """
    together = _signatures(model, outputs)
    if len(together) > 1:
        return [
            "def samples():  # some hundred real inputs of each signature, as the model gets them in use",
            f"    for sample in dataset:  # {{{', '.join(f'{name!r}: {{...}}' for name in together)}}}, arrays by name",
            "        yield from sample.items()",
            "",
        ]
    keys = [found[0] for found in model.input_keys(inputs).values() if found]
    if len(inputs) == 1:
        fed = "[sample]"
    elif _is_saved_model(model) and len(keys) == len(inputs):
        fed = "{" + ", ".join(f"{key!r}: sample[{key!r}]" for key in keys) + "}"
    else:
        fed = "[" + ", ".join(f"sample[{_array(name)!r}]" for name in inputs) + "]"
    return [
        "def samples():  # some hundred real inputs, as the model gets them in use",
        "    for sample in dataset:",
        f"        yield {fed}",
        "",
    ]


def _tf1(
    model: Model,
    path: str,
    inputs: Mapping[str, Shape | None],
    outputs: Sequence[str],
    profile: Profile,
) -> list[str]:
    arrays = [_array(name) for name in inputs]
    stats = ", ".join(f"{name!r}: (128, 64)" for name in arrays)
    shapes = {_array(name): list(shape) for name, shape in inputs.items() if shape and None not in shape}
    shaped = f", {shapes!r}" if shapes else ""
    if _is_saved_model(model):
        named = "".join(f", signature_key={name!r}" for name in _chosen(model, outputs))
        converter = [f"converter = lite.TFLiteConverter.from_saved_model({path!r}{named})"]
    else:
        frozen, steps = _freeze(model, path)
        converter = [
            *steps,
            f"converter = lite.TFLiteConverter.from_frozen_graph({frozen!r}, {arrays!r}, "
            f"{[_array(name) for name in outputs]!r}{shaped})",
        ]
    return [
        "lite = tf.compat.v1.lite",
        *converter,
        f"converter.experimental_new_converter = {profile.engine == 'mlir'}",
        "converter.inference_type = tf.uint8",
        f"converter.quantized_input_stats = {{{stats}}}  # mean, std: real = (byte - mean) / std",
    ]


def _tf2(model: Model, path: str, inputs: Mapping[str, Shape | None], outputs: Sequence[str]) -> list[str]:
    if _is_saved_model(model):
        named = "".join(f", signature_keys=[{name!r}]" for name in _chosen(model, outputs))
        return [f"converter = tf.lite.TFLiteConverter.from_saved_model({path!r}{named})"]
    if model.format.startswith("keras"):
        return [
            *_loaded(model, path),
            "converter = tf.lite.TFLiteConverter.from_keras_model(keras_model)",
        ]
    frozen, steps = _freeze(model, path)
    return [
        *steps,
        f'graph_def = tf.compat.v1.GraphDef.FromString(open({frozen!r}, "rb").read())',
        *_shapes(model, inputs),
        'graph = tf.compat.v1.wrap_function(lambda: tf.graph_util.import_graph_def(graph_def, name=""), [])',
        "tensor = graph.graph.get_tensor_by_name",
        f"function = graph.prune([tensor(name) for name in {[_tensor(name) for name in inputs]!r}],",
        f"                       [tensor(name) for name in {[_tensor(name) for name in outputs]!r}])",
        *(_THROUGH_A_FOLDER if model.graph.functions else _DIRECTLY),
    ]


def _which_keras(file: KerasFile | None) -> list[str]:
    """TensorFlow 2.16 and newer bring Keras 3, which does not load every file of Keras 2."""
    if file is None or not file.legacy:
        return []
    return [
        "import importlib.util",
        "import os",
        "",
        'if importlib.util.find_spec("tf_keras"):  # Keras 2 wrote the file; since TensorFlow 2.16 that is tf_keras',
        '    os.environ["TF_USE_LEGACY_KERAS"] = "1"',
        "",
    ]


def _loaded(model: Model, path: str) -> list[str]:
    load = f"keras_model = tf.keras.models.load_model({path!r})"
    if model.keras is not None and model.keras.quantized:
        refused = "# tfmot 0.8 loads no .keras file of its own: save the model as .h5, or convert it where it is made."
        scope = "with tfmot.quantization.keras.quantize_scope():"
        return [
            "import tensorflow_model_optimization as tfmot",
            "",
            *([refused] if model.format == "keras" else []),
            scope,
            f"    {load}",
            "",
        ]
    keras_3 = model.keras is not None and not model.keras.legacy
    return [f"{load}  # Keras 3 wrote it: TensorFlow 2.17 or newer" if keras_3 else load]


def _shapes(model: Model, inputs: Mapping[str, Shape | None]) -> list[str]:
    """Shapes that the placeholders do not have: TensorFlow takes them in front of the import alone."""
    graph = model.graph
    nodes = {parse_edge(name).node: shape for name, shape in inputs.items() if shape is not None}
    given = {
        node: list(shape)
        for node, shape in nodes.items()
        if graph.op(node) == "Placeholder" and graph[node].attribute("shape") != shape
    }
    if not given:
        return []
    return [
        f"shapes = {given!r}",
        "for node in graph_def.node:",
        "    if node.name in shapes:",
        '        node.attr["shape"].shape.CopyFrom(tf.TensorShape(shapes[node.name]).as_proto())',
    ]


def _signatures(model: Model, outputs: Sequence[str]) -> tuple[str, ...]:
    """The signatures of a SavedModel that these outputs are of."""
    if not _is_saved_model(model):
        return ()
    return tuple(name for name, one in model.signatures.items() if {*one.outputs.values()} <= {*outputs})


def _chosen(model: Model, outputs: Sequence[str]) -> tuple[str, ...]:
    """The one signature that is meant, where there are others, which a converter would take as well."""
    found = _signatures(model, outputs)
    return found if len(found) == 1 and len(model.signatures) + len(model.others) > 1 else ()


def _is_saved_model(model: Model) -> bool:
    return model.format.startswith("savedmodel")


def _freeze(model: Model, path: str) -> tuple[str, list[str]]:
    """The file with a frozen graph, and a remark on how to make it where the model is none."""
    if model.format == "graphdef" and model.variables is None:
        return path, []
    return FROZEN, [f"# first: {command(['minmax-lint', 'fix', path, '--freeze', '--output', FROZEN])}"]


def _array(name: str) -> str:
    return array_name(*parse_edge(name))


def _tensor(name: str) -> str:
    edge = parse_edge(name)
    return f"{edge.node}:{edge.port}"

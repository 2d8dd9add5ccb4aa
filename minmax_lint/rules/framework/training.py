"""What to change in the training of a model whose graph lacks a FakeQuant, by the tool that put in the others."""

from minmax_lint.converters.profile import profile
from minmax_lint.graph.fakequant import FAKE_QUANTS
from minmax_lint.graph.trace import Kept
from minmax_lint.rules.framework.attribution import Cause
from minmax_lint.rules.framework.subject import Subject

_TFMOT = ("/LastValueQuant/", "/MovingAvgQuantize/", "/AllValuesQuantize/")
"""Scopes of tfmot's quantizers (quantization/keras/quantizers.py)."""
_CONTRIB = ("/act_quant/", "/weights_quant/")
"""Scopes of tf.contrib.quantize (contrib/quantize/python/quantize.py)."""
_WRAPPED = "quant_"
"""What tfmot's QuantizeWrapper puts in front of a layer's name (quantize_wrapper.py)."""
_FORMS = "a convolution or matrix product, its bias or batch norm, then Relu, Relu6 or nothing"
"""What tf.contrib.quantize finds (_FindLayersToQuantize)."""


def train_weights(subject: Subject, reader: str) -> str:
    """The advice for weights, of the op `reader`, that have no FakeQuant."""
    if subject.kept.once(_by_tfmot):
        return _annotate(reader, "weights", "get_weights_and_quantizers")
    if subject.kept.once(_by_contrib):
        return f"Write the layer as tf.contrib.quantize knows it ({_FORMS}), and train again."
    return "Put a FakeQuant behind the weights in the model code, and train again."


def train_output(subject: Subject, array: str) -> str:
    """The advice for an array, behind an input or an op, that has no FakeQuant."""
    if subject.kept.once(_by_tfmot):
        return _annotate(array, "output", "get_output_quantizers")
    if subject.kept.once(_by_contrib):
        forms = f"write the layer as tf.contrib.quantize knows it ({_FORMS})"
        return f"Put a FakeQuant behind {array!r} in the model code, or {forms}, and train again."
    return f"Put a FakeQuant behind {array!r} in the model code, and train again."


def or_calibrate(cause: Cause) -> str:
    """What gives an array a range without training, where all converters concerned can."""
    if not all(profile(name).call == "v2" for name in cause.profiles):
        return ""
    return (
        " Or set converter.representative_dataset: its samples give a range to arrays without FakeQuant "
        "(`--converter mlir-int8` says what comes of it)."
    )


def _annotate(node: str, what: str, method: str) -> str:
    layer = _layer(node)
    if layer.startswith(_WRAPPED):
        return (
            f"The QuantizeConfig of layer {layer.removeprefix(_WRAPPED)!r} leaves its {what} out: return a quantizer "
            f"in {method}, or annotate the layer with tfmot's quantize_annotate_layer(layer) alone, and train again."
        )
    return (
        f"Annotate layer {layer!r} with tfmot's quantize_annotate_layer, or quantize the whole model with "
        "quantize_model, and train again."
    )


def _layer(node: str) -> str:
    """The Keras layer of a node: `model/quant_conv/BiasAdd` is of `quant_conv`."""
    scopes = node.split("/")[:-1] or [node]
    wrapped = [scope for scope in scopes if scope.startswith(_WRAPPED)]
    return wrapped[-1] if wrapped else scopes[min(1, len(scopes) - 1)]


def _by_tfmot(kept: Kept) -> bool:
    return _has_scope(kept, _TFMOT)


def _by_contrib(kept: Kept) -> bool:
    return _has_scope(kept, _CONTRIB)


def _has_scope(kept: Kept, scopes: tuple[str, ...]) -> bool:
    """Whether a FakeQuant stands in one of them."""
    return any(scope in f"/{node}" for node in kept.of_ops(FAKE_QUANTS) for scope in scopes)

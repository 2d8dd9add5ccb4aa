"""In which form a finished model and a prediction hold the weights of each op, in one shape to compare."""

from collections import Counter

from minmax_lint.converters.finished import BOUNDARY_OPS, OpInfo, TFLiteModel
from minmax_lint.converters.prediction import Prediction, Weights

Form = tuple[str, Weights | None]
"""The TFLite name of an op, and the form of its weights."""


def found_in(model: TFLiteModel) -> Counter[Form]:
    """What the converter wrote."""
    return Counter((op.name, _weights(model, op)) for op in model.ops if op.name not in BOUNDARY_OPS)


def predicted_by(prediction: Prediction) -> Counter[Form]:
    """What the model of the converter says."""
    return Counter((op.op, op.weights) for op in prediction.ops if op.op not in BOUNDARY_OPS)


def _weights(model: TFLiteModel, op: OpInfo) -> Weights | None:
    dequantized = {
        (one.subgraph, one.outputs[0].index): one.inputs[0]
        for one in model.ops
        if one.name == "DEQUANTIZE" and one.inputs[0].constant
    }
    for tensor in op.inputs:
        stored = dequantized.get((op.subgraph, tensor.index), tensor)
        if stored.dtype not in ("int8", "float16") or not (stored.constant):
            continue
        per_channel = stored.dtype == "int8" and stored.scale is None
        return Weights(
            "int8" if stored.dtype == "int8" else "float16", op.is_float and stored is tensor, per_channel
        )
    return None

"""The way into the converter models: one function for every profile."""

from dataclasses import replace

from minmax_lint.converters.inputs import uninitialized_refusal
from minmax_lint.converters.limits import as_read
from minmax_lint.converters.prediction import Prediction, not_imported
from minmax_lint.converters.profile import Profile
from minmax_lint.graph.inline_calls import inline_calls
from minmax_lint.graph.trace import Kept, trace
from minmax_lint.inference.inference import Inference
from minmax_lint.inference.misfit import misfit
from minmax_lint.inference.multiply_accumulates import COUNTS, multiply_accumulates

MULTIPLIES = frozenset(
    {"CONV_2D", "CONV_3D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV", "FULLY_CONNECTED", "BATCH_MATMUL"}
)
"""TFLite ops that multiply and accumulate; what else a node becomes moves values."""


def predict(kept: Kept, inference: Inference, profile: Profile) -> Prediction:
    """What the converter of `profile` will do with the kept subgraph.

    `kept.graph` is the frozen view: variables are constants. A model is loaded when its engine is asked for.
    """
    if profile.device:
        from minmax_lint.converters.devices import on_device

        return on_device(predict(kept, inference, replace(profile, device="")), kept, inference, profile)
    if not profile.measured:
        from minmax_lint.converters.interpolation import interpolate

        return interpolate(profile, lambda one: predict_alone(kept, inference, one))
    return predict_alone(kept, inference, profile)


def predict_alone(kept: Kept, inference: Inference, profile: Profile) -> Prediction:
    """What the model of that version says, whether it was measured or not."""
    refused = kept.misfit or misfit(inference)
    if refused is not None:
        return not_imported(profile.name, *refused)
    refusal = uninitialized_refusal(kept, profile)
    if refusal is not None:
        return refusal
    inlined = inline_calls(kept.graph)
    if inlined is not kept.graph:
        kept = trace(inlined, kept.inputs, kept.outputs)
        inference = Inference(kept, inference.input_shapes, inference.batch)
    shaped = inference.with_open_batch() if profile.engine == "mlir" else inference
    return as_read(with_mac_counts(_of_engine(kept, shaped, profile), inference), kept.graph)


def _of_engine(kept: Kept, inference: Inference, profile: Profile) -> Prediction:
    if profile.engine == "toco":
        from minmax_lint.converters.toco.pipeline import predict_toco

        return predict_toco(kept, inference, profile)
    from minmax_lint.converters.mlir.pipeline import predict_mlir

    return predict_mlir(kept, inference, profile)


def with_mac_counts(prediction: Prediction, inference: Inference) -> Prediction:
    """The prediction with the multiply-accumulates of its ops.

    A node that became several ops (MatMul: TRANSPOSE and FULLY_CONNECTED) counts at the first that multiplies.
    """
    graph = inference.kept.graph
    counted: set[str] = set()
    ops = list(prediction.ops)
    for place in sorted(range(len(ops)), key=lambda place: ops[place].op not in MULTIPLIES):
        costly = [n for n in ops[place].nodes if n in graph and graph.op(n) in COUNTS and n not in counted]
        if costly:
            counted.update(costly)
            macs = [multiply_accumulates(inference, graph[name]) for name in costly]
            ops[place] = ops[place]._replace(macs=None if None in macs else sum(filter(None, macs)))
    return replace(prediction, ops=tuple(ops)) if counted else prediction

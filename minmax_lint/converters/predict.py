"""The way into the converter models: one function for every profile."""

from __future__ import annotations

from dataclasses import replace

from minmax_lint.converters.limits import as_read
from minmax_lint.converters.prediction import Prediction
from minmax_lint.converters.profile import Profile
from minmax_lint.graph.inference import Inference
from minmax_lint.graph.multiply_accumulates import COUNTS, multiply_accumulates
from minmax_lint.graph.trace import Kept


def predict(kept: Kept, inference: Inference, profile: Profile) -> Prediction:
    """What the converter of `profile` will do with the kept subgraph.

    `kept.graph` is the frozen view: variables are constants. A model is loaded when its engine is asked for.
    """
    if profile.device:
        from minmax_lint.converters.devices import on_device

        return on_device(predict(kept, inference, replace(profile, device="")), kept, inference, profile)
    return as_read(_weighed(_followed(kept, inference, profile), inference), kept.graph)


def _followed(kept: Kept, inference: Inference, profile: Profile) -> Prediction:
    if profile.engine == "toco":
        from minmax_lint.converters.toco import predict as predict_toco

        return predict_toco(kept, inference, profile)
    from minmax_lint.converters.mlir import predict as predict_mlir

    return predict_mlir(kept, inference, profile)


def _weighed(prediction: Prediction, inference: Inference) -> Prediction:
    """The prediction with the multiply-accumulates of its ops; a node that became several ops counts at the first."""
    graph = inference.kept.graph
    counted: set[str] = set()
    ops = list(prediction.ops)
    for place, op in enumerate(ops):
        costly = [n for n in op.nodes if n in graph and graph.op(n) in COUNTS and n not in counted]
        if costly:
            counted.update(costly)
            macs = [multiply_accumulates(inference, graph[name]) for name in costly]
            ops[place] = replace(op, macs=None if None in macs else sum(filter(None, macs)))
    return replace(prediction, ops=tuple(ops)) if counted else prediction

"""The way into the converter models: one function for every profile."""

from __future__ import annotations

from dataclasses import replace

from minmax_lint.converters.limits import as_read
from minmax_lint.converters.prediction import Prediction
from minmax_lint.converters.profile import Profile
from minmax_lint.graph.inference import Inference
from minmax_lint.graph.trace import Kept


def predict(kept: Kept, inference: Inference, profile: Profile) -> Prediction:
    """What the converter of `profile` will do with the kept subgraph.

    `kept.graph` is the frozen view: variables are constants. A model is loaded when its engine is asked for.
    """
    if profile.device:
        from minmax_lint.converters.devices import on_device

        return on_device(predict(kept, inference, replace(profile, device="")), kept, inference, profile)
    return as_read(_followed(kept, inference, profile), kept.graph)


def _followed(kept: Kept, inference: Inference, profile: Profile) -> Prediction:
    if profile.engine == "toco":
        from minmax_lint.converters.toco import predict as predict_toco

        return predict_toco(kept, inference, profile)
    from minmax_lint.converters.mlir import predict as predict_mlir

    return predict_mlir(kept, inference, profile)

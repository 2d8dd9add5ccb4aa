"""From a loaded model to what the rules look at: the frozen view, its kept subgraph, and every prediction."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from minmax_lint.converters.call import ENDS, SELECT_TF, ConverterCall
from minmax_lint.converters.call_prediction import (
    FLOAT_MODEL,
    ask_for_float,
    called_alike,
    decide_by_calls,
    ends_of_16_bits,
    places_of,
    with_default_ranges,
    with_ends_of_16_bits,
    with_integer_ends,
)
from minmax_lint.converters.devices import assign_finished
from minmax_lint.converters.finished import PROFILE, TFLiteModel, as_prediction
from minmax_lint.converters.predict import predict
from minmax_lint.converters.prediction import Prediction
from minmax_lint.converters.profile import Profile
from minmax_lint.graph.arity import has_array
from minmax_lint.graph.cut_values import without_values_of
from minmax_lint.graph.freeze import CheckpointKeys, freeze_graph
from minmax_lint.graph.names import canonical_array, parse_edge
from minmax_lint.graph.tensor import Shape
from minmax_lint.graph.trace import Kept, trace
from minmax_lint.inference.inference import Inference
from minmax_lint.ops.table import VARIABLES
from minmax_lint.rules.framework.subject import Subject

if TYPE_CHECKING:
    from minmax_lint.loaders.model import Model


_MOST_APART = 8
"""Calls of one profile whose flags differ: more are judged together."""


def make_subject(
    model: Model,
    inputs: Mapping[str, Shape | None],
    outputs: Iterable[str],
    profiles: tuple[Profile, ...],
    calls_by_profile: Mapping[str, tuple[ConverterCall, ...]] = MappingProxyType({}),
) -> Subject:
    """Everything the rules look at; the predictions are made here.

    `calls_by_profile`: profile -> the calls of the converter that it stands for, whose flags can decide by themselves.
    """
    graph = freeze_graph(model.graph, model.variables, restored_only=True, outer=model.outer)
    inputs = {canonical_array(name): shape for name, shape in inputs.items()}
    outputs = tuple(dict.fromkeys(canonical_array(name) for name in outputs))
    known_inputs = {name: shape for name, shape in inputs.items() if has_array(graph, name)}
    known_outputs = tuple(name for name in outputs if has_array(graph, name))
    unknown_inputs = tuple(name for name in inputs if name not in known_inputs)
    unknown_outputs = tuple(name for name in outputs if not has_array(graph, name))
    graph = without_values_of(graph, known_inputs)
    kept = trace(graph, known_inputs, known_outputs)
    inference = Inference(kept, known_inputs)
    refused = (*unknown_inputs, *unknown_outputs)
    predictions: Mapping[str, Prediction]
    if refused:
        predictions = _refusals(refused, profiles)
    elif model.finished is not None:
        predictions = _of_finished(model.finished, profiles)
    else:
        found = [
            one
            for profile in profiles
            for one in _by_call(model, kept, inference, profile, calls_by_profile.get(profile.name, ()))
        ]
        profiles = tuple(profile for profile, _ in found)
        predictions = {profile.name: prediction for profile, prediction in found}
    return Subject(
        graph,
        kept,
        inference,
        profiles,
        predictions,
        unknown_inputs,
        unknown_outputs,
        frozenset(model.graph.of_ops(VARIABLES)),
        model.finished,
        checkpoint=model.variables if isinstance(model.variables, CheckpointKeys) else None,
    )


def _refusals(unknown: tuple[str, ...], profiles: tuple[Profile, ...]) -> Mapping[str, Prediction]:
    """What every converter says to names that the graph does not have (lite/python/util.py)."""
    message_text = f"Invalid tensors {','.join(unknown)!r} were found."
    return {
        profile.name: Prediction(profile.name, "abort", "other", message=message_text) for profile in profiles
    }


def _as_called(profile: Profile, model: Model, calls: tuple[ConverterCall, ...]) -> Profile:
    """The profile for that format of model, with what every call that it stands for allows."""
    profile = replace(profile, saved_model=model.format.startswith(("savedmodel", "keras")))
    if calls:
        profile = replace(profile, custom_ops=all(call.custom_ops for call in calls))
    if profile.engine != "mlir" or not calls:
        return profile
    profile = replace(
        profile,
        select_tf=all(SELECT_TF in call.supported_ops for call in calls),
        single_batch=all(call.single_batch for call in calls),
        denied_ops=frozenset.intersection(*(call.denied_ops for call in calls)),
        denied_nodes=frozenset.intersection(*(call.denied_nodes for call in calls)),
        lower_tensor_lists=any(call.lower_tensor_lists for call in calls),
    )
    old = profile.ranges == "calibrated" and all(call.experimental_new_quantizer is False for call in calls)
    if not old and profile.quantizer != "legacy":
        return profile
    if profile.activations == "int8":
        return replace(profile, quantizer="legacy", strict=not any(call.floats_allowed for call in calls))
    inputs, outputs = ({getattr(call, end) for call in calls} for end in ENDS)
    return replace(
        profile,
        input_type="int16" if inputs == {"int16"} else "",
        output_type="int16" if outputs == {"int16"} else "",
    )


def _of_finished(model: TFLiteModel, profiles: tuple[Profile, ...]) -> Mapping[str, Prediction]:
    """What a finished model is, and what the selected devices will do with it."""
    devices = {one.name: assign_finished(model, one) for one in profiles if one.device}
    return {PROFILE: as_prediction(model), **devices}


def _by_call(
    model: Model, kept: Kept, inference: Inference, profile: Profile, calls: tuple[ConverterCall, ...]
) -> Iterator[tuple[Profile, Prediction]]:
    """What the calls that a profile stands for make; by their places in the script where they answer differently."""
    called: dict[object, tuple[ConverterCall, ...]] = {}
    found: dict[object, Prediction] = {}
    groups = called_alike(calls)
    for group in groups if 1 < len(groups) <= _MOST_APART else [calls]:
        one = _predict(model, kept, inference, profile, group)
        answer = (one.verdict, one.kind, one.array, one.op, tuple(one.float_ops), one.message)
        found.setdefault(answer, one)
        called[answer] = (*called.get(answer, ()), *group)
    for one, group, place in zip(found.values(), called.values(), places_of(called.values()), strict=True):
        apart = profile.of_calls(place, (call.origin for call in group)) if len(found) > 1 else profile
        yield apart, replace(one, profile=apart.name)


def _predict(
    model: Model, kept: Kept, inference: Inference, profile: Profile, calls: tuple[ConverterCall, ...]
) -> Prediction:
    decided = decide_by_calls(profile, calls, kept, inference)
    if decided is not None and ends_of_16_bits(calls, kept):
        without = tuple(replace(one, inference_input_type="", inference_output_type="") for one in calls)
        found = _predict(model, kept, inference, profile, without)
        return with_ends_of_16_bits(found, profile, calls, kept, inference)
    if decided is not None and model.format.startswith("savedmodel"):
        return replace(decided, message=re.sub(r"(?<=, name: )\S+$", r"\g<0>:0", decided.message))
    if decided is not None:
        return decided
    profile = _as_called(profile, model, calls)
    if ask_for_float(calls, kept) and profile.engine == "mlir":
        profile = replace(
            profile, ranges="none", activations="float", weights="float32", quantizer="mlir", strict=False
        )
        found = predict(kept, inference, profile)
        if found.verdict != "float":
            return replace(found, asked_float=True)
        return replace(found, message=FLOAT_MODEL, asked_float=True, obstacles=())
    found = with_default_ranges(predict(kept, inference, profile), calls)
    return with_signature_names(with_integer_ends(found, profile, calls, kept, inference), model, kept)


def with_signature_names(prediction: Prediction, model: Model, kept: Kept) -> Prediction:
    """The prediction, where it names an input of a SavedModel, with the converter's own name of it.

    The model that is calibrated calls inputs as the signature does, `serving_default_x:0`; all other arrays, and the
    inputs of a frozen graph, go by their node's name (TF 2.15 and 2.21 measured).
    """
    array = prediction.array
    named = array is not None and array in kept.inputs and parse_edge(array).port == 0
    if array is None or not named or not model.format.startswith("savedmodel") or prediction.kind != "minmax":
        return prediction
    message = re.sub(rf"(?<= ){re.escape(array)}$", f"{array}:0", prediction.message, flags=re.MULTILINE)
    return replace(prediction, array=f"{array}:0", message=message)

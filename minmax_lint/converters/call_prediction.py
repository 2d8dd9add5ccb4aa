"""What a call of the converter decides by itself, whatever the graph: refused, or a float model.

Measured with TF 2.15.1 and 2.21.0 (research/ptq.md, section 4, in the project's shared data).
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from minmax_lint.converters.call import ENDS, INTEGERS, SELECT_TF, TRAINED, ConverterCall
from minmax_lint.converters.call_refusals import (
    lacking_stats,
    refusal,
    refused_flex,
    unsupported_end,
    without_stats,
)
from minmax_lint.converters.dataset import COMPUTED_SIGNATURE, NO_LIST, NO_SIGNATURE, Dataset, SampleArray
from minmax_lint.converters.prediction import Prediction, abort
from minmax_lint.converters.profile import Profile
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.names import parse_edge
from minmax_lint.graph.trace import Kept
from minmax_lint.inference.inference import Inference

FLEX_MODEL = "every op stays one of TensorFlow's, in float"
FLOAT_MODEL = "the call asks for a float model"


def called_alike(calls: Iterable[ConverterCall]) -> list[tuple[ConverterCall, ...]]:
    """The calls in groups of the same flags."""
    flags, groups = list[ConverterCall](), list[tuple[ConverterCall, ...]]()
    for call in calls:
        own = replace(call, origin="", otherwise=(), branched="", elsewhere="")
        if own in flags:
            groups[flags.index(own)] += (call,)
        else:
            flags.append(own)
            groups.append((call,))
    return groups


def places_of(groups: Iterable[Sequence[ConverterCall]]) -> list[str]:
    """What tells groups of calls apart: their places in the script; at one place the kernels allowed, or a number."""
    groups, found = [*groups], list[str]()
    several = Counter(origin for group in groups for origin in {call.origin for call in group})
    for group in groups:
        words = [f"{call.origin}{_kernels(call) if several[call.origin] > 1 else ''}" for call in group]
        place = " and ".join(dict.fromkeys(words))
        found.append(place if place not in found else f"{place}, {len(found) + 1}")
    return found


def _kernels(call: ConverterCall) -> str:
    custom = ", custom ops" if call.custom_ops else ""
    return f" with {', '.join(sorted(call.kernels))}{custom}"


def ask_for_float(calls: Sequence[ConverterCall], kept: Kept) -> bool:
    """Whether every call asks for a float model."""
    trained = any(name in kept for name in kept.graph.of_ops(TRAINED))
    return bool(calls) and all(call.mode(trained) == "float" for call in calls)


def decide_by_calls(
    profile: Profile, calls: Sequence[ConverterCall], kept: Kept, inference: Inference
) -> Prediction | None:
    """The prediction of a profile, where every call that it stands for decides it; else None."""
    found = [_decide(profile, call, kept, inference) for call in calls]
    return found[0] if found and all(found) else None


def with_default_ranges(prediction: Prediction, calls: Sequence[ConverterCall]) -> Prediction:
    """The prediction, which is open where every call gives ranges to the arrays that lack one."""
    defaults = bool(calls) and all(call.flow == "tf1" and call.default_ranges for call in calls)
    if not defaults or all(one.kind != "no-range" for one in prediction.obstacles):
        return prediction
    text = "default_ranges_stats gives a range to every array that has none: what that makes is not modelled"
    return Prediction(prediction.profile, "undetermined", message=text)


def ends_of_16_bits(calls: Sequence[ConverterCall], kept: Kept) -> tuple[str, ...]:
    """The ends of 16 bits for which the finished model decides whether the calls are refused; none of other calls.

    Source: _modify_model_io_type in tensorflow/lite/python/util.py: TF 2.16 and newer look at the QUANTIZE behind an
    input and the DEQUANTIZE in front of an output, and pass over an end without (2.21 measured).
    """
    trained = any(name in kept for name in kept.graph.of_ops(TRAINED))
    asked = {tuple(end for end in ENDS if getattr(call, end) == "int16") for call in calls}
    ends = next(iter(asked)) if len(asked) == 1 else ()
    late = [f"ValueError: {unsupported_end(end)}" for end in ends]
    return ends if ends and all(refusal(call, trained) in late for call in calls) else ()


def with_ends_of_16_bits(
    prediction: Prediction,
    profile: Profile,
    calls: Sequence[ConverterCall],
    kept: Kept,
    inference: Inference,
) -> Prediction:
    """The prediction for calls that ask for such ends: an abort where integer ops stand at one, or there are none."""
    ends = ends_of_16_bits(calls, kept)
    computed = [op.integer for op in prediction.ops if op.computes]
    eight = any(call.ends & {"int8", "uint8"} for call in calls)  # which have a QUANTIZE or DEQUANTIZE
    calibrated = profile.ranges == "calibrated" and bool(computed)
    if calibrated and not any(computed) and not eight and prediction.verdict != "abort":
        end = ends[0].split("_")[1]
        return abort(prediction.profile, f"ValueError: Model {end} is not dequantized.")
    alone = float_ends(prediction, kept, inference)
    refused = [end for end in ends if end not in alone]
    if not refused or prediction.verdict == "abort":
        return prediction
    return abort(prediction.profile, f"ValueError: {unsupported_end(refused[0])}")


def float_ends(prediction: Prediction, kept: Kept, inference: Inference) -> tuple[str, ...]:
    """The ends (attributes of the call) at which float ops alone stand."""
    floats = [op for op in prediction.ops if op.computes and not op.integer]
    nodes = {node for op in floats for node in (op.output, *op.nodes)}
    inputs = [name for name in kept.inputs if inference.dtype(name) is DType.FLOAT]
    outputs = [name for name in kept.outputs if inference.dtype(name) is DType.FLOAT]
    behind = all(use.node in nodes for name in inputs for use in kept.uses(name))
    in_front = all(name in nodes for name in outputs)
    return tuple(end for end, alone in zip(ENDS, (behind, in_front), strict=True) if alone)


def with_integer_ends(
    prediction: Prediction, profile: Profile, calls: Sequence[ConverterCall], kept: Kept, inference: Inference
) -> Prediction:
    """The prediction, an abort where integer ends are asked of a model in which the legacy quantizer has no integer op.

    Source: _modify_model_io_type in tensorflow/lite/python/util.py; measured with TF 2.15 and 2.21.
    """
    computed = [
        one.integer or bool(one.refused) for one in prediction.ops if one.computes
    ]  # PADV2 is half integer
    legacy = profile.quantizer == "legacy" and profile.activations == "int8"
    if not legacy or not prediction.ops or any(computed) or prediction.verdict == "abort":
        return prediction
    for end, arrays, attribute in (
        ("input", kept.inputs, "inference_input_type"),
        ("output", kept.outputs, "inference_output_type"),
    ):
        asked = calls and all(getattr(call, attribute) in INTEGERS for call in calls)
        if asked and any(inference.dtype(array) is DType.FLOAT for array in arrays):
            text = f"ValueError: Model {end} is not dequantized."
            return replace(prediction, verdict="abort", kind="other", message=text, float_ops=(), ops=())
    return prediction


def _decide(profile: Profile, call: ConverterCall, kept: Kept, inference: Inference) -> Prediction | None:
    trained = any(name in kept for name in kept.graph.of_ops(TRAINED))
    lacking = without_stats(call, kept.inputs)
    text = lacking_stats(lacking) if lacking else refusal(call, trained) or refused_flex(call, trained)
    if text:
        return abort(profile.name, text)
    if call.supported_ops == {SELECT_TF}:
        return Prediction(profile.name, "float", message=f"{SELECT_TF} alone: {FLEX_MODEL}")
    if call.mode(trained) == "float":
        if profile.engine == "mlir":
            return None
        return Prediction(profile.name, "float", message=FLOAT_MODEL, asked_float=True)
    return _of_dataset(profile, call, kept, inference)


def _of_dataset(profile: Profile, call: ConverterCall, kept: Kept, inference: Inference) -> Prediction | None:
    dataset = call.dataset
    if dataset is None or profile.ranges != "calibrated":
        return None
    if dataset.empty:
        if profile.activations == "int16":
            text = "RuntimeError: Max and min for dynamic tensors should be recorded during calibration"
            return abort(profile.name, text)
        return Prediction(profile.name, "float", message="the dataset is empty: no range is calibrated")
    if dataset.unfed:
        text = "the samples are for one signature alone: the others stay float"
        return Prediction(profile.name, "float", message=text)
    text = refused_samples(call, dataset, kept)
    if text:
        return abort(profile.name, text)
    wrong = mistyped(call, kept, inference)
    if wrong is not None:
        return abort(profile.name, wrong[1])
    name = misranked(call, kept, inference)
    if name:
        text = f"the samples of {name!r} have another rank than the kernel takes that reads it"
        return abort(profile.name, text)
    if profile.activations == "int8" and any(one.infinite for one in dataset.arrays):
        text = "the samples hold infinite values: scale out of expressed type range"
        return abort(profile.name, text)
    if profile.activations == "int8" and any(not one.finite for one in dataset.arrays):
        return Prediction(profile.name, "float", message="the samples hold NaN: no range is calibrated")
    return None


def refused_samples(call: ConverterCall, dataset: Dataset, kept: Kept) -> str:
    """What the converter raises for the form of the samples; empty where it takes them."""
    if dataset.refused or not dataset.listed:
        return dataset.refused or NO_LIST
    unnamed = unknown_names(call, dataset)
    if unnamed:
        return unnamed
    if dataset.missing:
        return f"KeyError: {dataset.missing[0].partition(' ')[0]}"
    known = bool(dataset.arrays or dataset.blank)
    if known and not dataset.keyed and len(dataset.arrays) != len(kept.inputs):
        expected, given = len(kept.inputs), len(dataset.arrays)
        return f"ValueError: Invalid input shapes: expected {expected} items got {given} items."
    return ""


def unknown_names(call: ConverterCall, dataset: Dataset) -> str:
    """What the converter raises for samples with names where the model has no signature; else empty."""
    if not dataset.keyed or not (call.flow == "tf1" or call.unsigned):
        return ""
    named = dataset.signature not in ("", COMPUTED_SIGNATURE)
    return f'ValueError: Invalid signature_key provided: "{dataset.signature}".' if named else NO_SIGNATURE


class Mistyped(NamedTuple):
    """Samples of another type than their input."""

    input: str
    message: str
    """The converter's own."""
    number: int
    """Their place in a sample."""
    kind: str
    """The type of the input."""


def mistyped(call: ConverterCall, kept: Kept, inference: Inference) -> Mistyped | None:
    """The first samples that have another type than their input."""
    if call.dataset is None or not call.dataset.listed:
        return None
    names = list(kept.inputs)
    alike = len({inference.dtype(name) for name in names}) == 1
    for number, sample in enumerate(call.dataset.arrays):
        name = sample.key if sample.key in names else names[number] if alike and number < len(names) else ""
        if not name or not sample.dtype:
            continue
        wanted = inference.dtype(name)
        known = {DType.FLOAT: "float32", DType.DOUBLE: "float64", DType.HALF: "float16"}
        kind = known.get(wanted, wanted.name.lower())
        if wanted is DType.INVALID or kind == sample.dtype:
            continue
        text = (
            f"ValueError: Cannot set tensor: Got value of type {sample.dtype.upper()} but expected type "
            f"{kind.upper()} for input {number}, name: {parse_edge(name).node}"
        )
        return Mistyped(name, text, number, kind)
    return None


_OF_RANK = frozenset(("Conv2D", "DepthwiseConv2dNative", "Conv3D", "MaxPool", "AvgPool", "ResizeBilinear"))
"""Ops whose kernels fail to prepare an input of another rank; others take the rank of the samples."""


def sampled(call: ConverterCall, kept: Kept) -> Iterator[tuple[str, SampleArray]]:
    """The samples whose input is known, with that."""
    names = list(kept.inputs)
    for number, sample in enumerate(call.dataset.arrays if call.dataset is not None else ()):
        name = sample.key if sample.key in names else names[number] if len(names) == 1 and not number else ""
        if name:
            yield name, sample


def misranked(call: ConverterCall, kept: Kept, inference: Inference) -> str:
    """The first input that a kernel refuses since its samples have another rank; empty for none."""
    for name, sample in sampled(call, kept):
        shape = inference.shape(name)
        if shape is None or sample.shape is None or len(shape) == len(sample.shape):
            continue
        if any(kept.graph.op(use.node) in _OF_RANK for use in kept.graph.uses(name) if use.node in kept):
            return name
    return ""

"""How a real converter is called: as it is asked for, else as a script or the configuration does, else by the model."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import cast

from minmax_lint.backends.calibration.run import Data
from minmax_lint.backends.conversion.child import DEFAULT_TIME_LIMIT
from minmax_lint.backends.conversion.run import Engine
from minmax_lint.converters.call import CALIBRATED, COMMAND_LINE, ConverterCall, Mode, call_as
from minmax_lint.converters.call_refusals import meant_signature, refusal
from minmax_lint.converters.profile import Flow
from minmax_lint.errors import UnknownName, UserError
from minmax_lint.graph.names import canonical_array
from minmax_lint.workflows.choice import has_fake_quants, judged_mode
from minmax_lint.workflows.converter import Converter
from minmax_lint.workflows.opened import Opened


@dataclass(frozen=True)
class Asked:
    """What is asked of a conversion; whatever is left out follows from the script, the configuration or the model."""

    mode: Mode | None = None
    engine: Engine = "mlir"
    io_type: str = ""
    """Of the model's inputs and outputs."""
    stats: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """Input -> (mean, std), in the TF1 flow."""
    python: str | os.PathLike[str] | None = None
    time_limit: float = DEFAULT_TIME_LIMIT
    data: Data | None = None
    """The representative dataset."""


def mode_asked(post_training: str | None, flow: Flow | None) -> Mode | None:
    """What a call asks for that is one of post-training quantization, else of a flow; None where neither is given."""
    if post_training is not None:
        return cast(Mode, "16x8-fallback" if post_training == "16x8" else post_training)
    flows: Mapping[Flow, Mode] = {"tf1": "tf1", "tf2": "v2"}
    return None if flow is None else flows[flow]


def converter_for(source: Opened, asked: Asked) -> Converter:
    """The converter to run on `source`. Raises UserError where the call cannot be made."""
    call = with_known_signature(_call(source, asked))
    fake_quants = has_fake_quants(source.model)
    mode = call.mode(fake_quants)
    if mode in CALIBRATED and asked.data is None and not refusal(call, fake_quants):
        raise UserError(_no_data(call))
    if call.default_ranges and call.flow == "tf1":
        raise UserError(
            f"{call.origin} sets default_ranges_stats, whose values are not read: leave it out, and insert ranges with "
            "--fix --unsafe-fixes --default-range MIN,MAX"
        )
    if mode == "tf1" and asked.io_type not in ("", "uint8"):
        raise UserError(
            f"the TF1 flow makes uint8 inputs and outputs, not {asked.io_type}: leave --io-type out, or convert in the "
            "TF2 flow (--flow tf2)"
        )
    if mode != "tf1" and asked.stats:
        raise UserError(
            "input stats are of the TF1 flow: leave --input-stats out, or convert in that (--flow tf1)"
        )
    toco = asked.engine == "toco" or (call.flow == "tf1" and call.experimental_new_converter is False)
    return Converter(
        "toco" if toco else "mlir",
        "tf1" if judged_mode(call, mode, fake_quants) == "tf1" else "tf2",
        {**_stats(call, asked), **asked.stats} if call.flow == "tf1" else {},
        asked.python,
        asked.time_limit,
        call,
        mode,
        asked.data if mode in CALIBRATED else None,
        fake_quants,
        default_stats=asked.mode is not None or not source.calls,
    )


def with_known_signature(call: ConverterCall) -> ConverterCall:
    """The same. Raises UnknownName where it names a signature that the model lacks."""
    if call.unknown_signature:
        raise UnknownName(
            f"{call.origin}: there is no signature {call.unknown_signature!r}; {meant_signature(call)}"
        )
    return call


def _call(source: Opened, asked: Asked) -> ConverterCall:
    if asked.mode is not None:
        of_mode = [call for call in source.calls if call.mode(has_fake_quants(source.model)) == asked.mode]
        several = len(source.calls) > 1 and len(of_mode) == 1
        found = of_mode[0] if several else call_as(asked.mode, COMMAND_LINE)
    elif source.calls:
        found = _only((*source.calls, *(call for one in source.others for call in one.calls)))
    elif not (source.model.of_tf2 and asked.engine == "mlir"):
        found = call_as("tf1", "the kind of model")
    elif has_fake_quants(source.model):
        found = call_as("v2", "the kind of model")
    else:
        raise UserError(
            "a model without FakeQuants is quantized after training: give --int8 or --16x8 with --calibrate DATA, "
            "or --dynamic, or --float16"
        )
    if asked.io_type:
        found = replace(found, inference_input_type=asked.io_type, inference_output_type=asked.io_type)
    return found


def _only(calls: tuple[ConverterCall, ...]) -> ConverterCall:
    if len(calls) > 1:
        several = len({call.signatures for call in calls}) > 1
        script, lines = (
            calls[0].origin.rpartition(":")[0],
            dict.fromkeys(call.origin.rpartition(":")[2] for call in calls),
        )
        raise UserError(
            f"{script} converts {len(calls)} times ({'lines' if len(lines) > 1 else 'line'} {', '.join(lines)}): "
            f"say which with {'--signature NAME, ' if several else ''}--int8, --flow tf2, ..."
        )
    return calls[0]


def _stats(call: ConverterCall, asked: Asked) -> Mapping[str, tuple[float, float]]:
    """Those that the call sets. Raises UserError where it computes them."""
    if call.input_stats is not None and not (call.input_stats or asked.stats):
        raise UserError(
            f"{call.origin} computes quantized_input_stats: give them with --input-stats NAME=MEAN,STD"
        )
    found = {}
    given = {canonical_array(name) for name in asked.stats}
    for name, pair in (call.input_stats or {}).items():
        array = canonical_array(name)
        if pair is None and array not in given:
            raise UserError(
                f"{call.origin} computes the input stats of {name!r}: give them with --input-stats {name}=MEAN,STD"
            )
        if pair is not None:
            found[array] = pair
    return found


def _no_data(call: ConverterCall) -> str:
    if call.dataset is not None:
        return (
            f"{call.origin} converts with a representative dataset, which is not run: give samples with --calibrate "
            "DATA (an .npz file, a folder, or FILE.py:FUNCTION, where FILE.py is imported)"
        )
    return (
        "ranges come from a representative dataset: give samples with --calibrate DATA (an .npz or .npy file, a "
        "folder, TFRecords, or FILE.py:FUNCTION)"
    )

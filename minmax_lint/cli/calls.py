"""How `convert` calls the converter: as its options say, else a script, else the configuration, else by the model."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from minmax_lint.cli import options
from minmax_lint.errors import UserError

if TYPE_CHECKING:
    from minmax_lint.converters.call import ConverterCall
    from minmax_lint.workflows.convert import Converter
    from minmax_lint.workflows.opened import Opened

FLOWS = ("int8", "16x8", "dynamic", "float16")
"""Flags of `convert` that quantize a float model."""
END_TYPES = ("float32", "int8", "uint8", "int16")


def add_call(parser: ArgumentParser) -> None:
    """How the converter is called."""
    group = parser.add_argument_group("post-training quantization")
    flows = group.add_mutually_exclusive_group()
    for flow, meaning in (
        ("int8", "int8 activations and weights; needs --calibrate"),
        ("16x8", "int16 activations, int8 weights; needs --calibrate"),
        ("dynamic", "int8 weights alone: dynamic range"),
        ("float16", "float16 weights alone"),
    ):
        flows.add_argument(f"--{flow}", dest="post_training", action="store_const", const=flow, help=meaning)
    options.add_script(flows)
    group.add_argument(
        "--io-type", choices=END_TYPES, help="the type of the model's inputs and outputs (default: float32)"
    )


def converter_for(args: Namespace, source: Opened) -> Converter:
    """The converter to run on `source`. Raises UserError where the call cannot be made."""
    from minmax_lint.workflows.choice import trained
    from minmax_lint.workflows.convert import Converter

    fake_quants = trained(source.model)
    call = _call(args, source, fake_quants)
    mode = call.mode(fake_quants)
    data = None
    if mode in ("int8", "16x8", "16x8-fallback"):
        if not args.calibrate:
            raise UserError(_no_data(call))
        from minmax_lint.cli.real_converter import data_of

        data = data_of(args, args.calibrate, source.model.input_keys(source.ends.inputs))
    engine = "toco" if args.engine == "toco" or _asks_for_toco(call) else "mlir"
    stats = {**_stats(call, args), **dict(args.input_stats)} if mode == "tf1" else {}
    flow = "tf1" if mode == "tf1" else "tf2"
    if flow == "tf2" and engine == "toco":
        raise UserError("TOCO knows only the TF1 flow: the TF2 flow is MLIR's")
    return Converter(
        "toco" if engine == "toco" else "mlir",
        "tf1" if flow == "tf1" else "tf2",
        stats,
        args.python,
        args.time_limit,
        call,
        mode,
        data,
    )


def _call(args: Namespace, source: Opened, fake_quants: bool) -> ConverterCall:
    from minmax_lint.converters.call import BUILTINS, BUILTINS_16X8, ConverterCall

    given = ConverterCall("the command line", "tf2")
    chosen = args.post_training
    if chosen is None and args.script is None and args.flow is None and not source.calls:
        args.flow = "tf2" if source.model.of_tf2 and args.engine == "mlir" else "tf1"
        if args.flow == "tf2" and not fake_quants:
            raise UserError(
                "a model without FakeQuants is quantized after training: give --int8 or --16x8 with --calibrate DATA, "
                "or --dynamic, or --float16"
            )
    if chosen is not None:
        found = replace(given, optimizations=True)
        if chosen in ("int8", "16x8"):
            found = replace(found, representative_dataset=True)
        if chosen == "16x8":
            found = replace(found, supported_ops=frozenset({BUILTINS_16X8, BUILTINS}))
        if chosen == "float16":
            found = replace(found, supported_types=frozenset({"float16"}))
    elif args.flow is not None:
        found = replace(given, flow=args.flow, optimizations=args.flow == "tf2")
        if args.flow == "tf1":
            found = replace(found, inference_type="uint8")
    else:
        found = _only(source.calls, args.script)
    if args.io_type:
        found = replace(found, inference_input_type=args.io_type, inference_output_type=args.io_type)
    return found


def _only(calls: tuple[ConverterCall, ...], script: str | None) -> ConverterCall:
    if len(calls) > 1:
        lines = ", ".join(call.origin.rpartition(":")[2] for call in calls)
        raise UserError(
            f"{script} makes {len(calls)} converters (lines {lines}): say which with --int8, --flow tf2, ..."
        )
    return calls[0]


def _asks_for_toco(call: ConverterCall) -> bool:
    return call.flow == "tf1" and call.experimental_new_converter is False


def _stats(call: ConverterCall, args: Namespace) -> Mapping[str, tuple[float, float]]:
    """Those that the call sets. Raises UserError where it computes them."""
    from minmax_lint.graph.names import canonical_array

    found = {}
    given = {canonical_array(name) for name, _ in args.input_stats}
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

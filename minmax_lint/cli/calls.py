"""How `convert` calls the converter: as its options say, else a script, else the configuration, else by the model."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from minmax_lint.cli import options

if TYPE_CHECKING:
    from minmax_lint.converters.call import Mode
    from minmax_lint.workflows.converter import Converter
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
    options.add_script(group)
    group.add_argument(
        "--io-type", choices=END_TYPES, help="the type of the model's inputs and outputs (default: float32)"
    )


def converter_for(args: Namespace, source: Opened, mode: Mode | None, data: str | None) -> Converter:
    """The converter to run on `source`, as options say; `data` is what its dataset is read from.

    Raises UserError where the call cannot be made.
    """
    from minmax_lint.cli.real_converter import data_of
    from minmax_lint.workflows import calling

    return calling.converter_for(
        source,
        calling.Asked(
            mode,
            args.engine,
            getattr(args, "io_type", None) or "",
            dict(args.input_stats),
            args.python,
            args.time_limit,
            data_of(args, data, source.model.input_keys(source.ends.inputs)) if data else None,
        ),
    )


def mode_of(args: Namespace) -> Mode | None:
    """What `--int8`, ..., `--flow` ask for; None where they are not given."""
    from minmax_lint.workflows.calling import mode_asked

    return mode_asked(getattr(args, "post_training", None), args.flow)

"""Options of the real converter, of calibration and of verification, and what they mean."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace, _ArgumentGroup
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING

from minmax_lint.cli import values
from minmax_lint.cli.streams import log_lines, progress_console

if TYPE_CHECKING:
    from minmax_lint.backends.calibration import Calibration, Data
    from minmax_lint.backends.conversion import Stage, Watch
    from minmax_lint.loaders.endpoints import Endpoints
    from minmax_lint.loaders.model import Model
    from minmax_lint.workflows.convert import Proof
    from minmax_lint.workflows.converter import Converter

STAGES: Mapping[Stage, str] = {
    "start": "starting Python",
    "tensorflow": "importing TensorFlow",
    "import": "reading the graph",
    "convert": "converting",
    "run": "running",
    "write": "writing the model",
}


def add_converter(parser: ArgumentParser) -> None:
    """Which real converter runs, and how."""
    group = parser.add_argument_group("the real converter")
    group.add_argument("--engine", choices=("mlir", "toco"), default="mlir", help="default: mlir")
    group.add_argument(
        "--flow",
        choices=("tf1", "tf2"),
        help="tf1: from_frozen_graph, uint8, quantized_input_stats (default for a TF1 graph); tf2: "
        "optimizations=[DEFAULT] (default for a TF2 model)",
    )
    group.add_argument(
        "--time-limit", metavar="SECONDS", type=values.seconds, default=600.0, help="default: 600"
    )
    group.add_argument(
        "--input-stats",
        metavar="NAME=MEAN,STD",
        type=values.input_stats,
        action="append",
        default=[],
        help="quantized_input_stats of an input: real value = (byte - MEAN) / STD (default 128,64)",
    )


def add_calibration(parser: ArgumentParser, needed_by: str = "--unsafe-fixes") -> None:
    """Where ranges come from: those that are to be inserted, and those that a converter takes from samples."""
    group = parser.add_argument_group(f"calibration (with {needed_by})")
    group.add_argument(
        "--calibrate",
        metavar="DATA",
        help="observe ranges while TensorFlow runs the graph over DATA: an .npz or .npy file, a folder of "
        "them, a TFRecord file of tf.train.Example, or module:function that yields feeds",
    )
    group.add_argument(
        "--calibrate-method",
        choices=("minmax", "percentile", "moving-average"),
        default="minmax",
        help="default: minmax",
    )
    group.add_argument(
        "--percentile", metavar="P", type=float, default=99.99, help="of that method (default 99.99)"
    )
    group.add_argument(
        "--batch-size", metavar="N", type=values.positive, default=16, help="samples at once (default 16)"
    )
    group.add_argument(
        "--samples",
        metavar="N",
        type=values.positive,
        help="use at most N samples (default: all; 100 for --verify)",
    )


def add_verification(parser: ArgumentParser) -> _ArgumentGroup:
    """Whether the values of the produced model are compared with those of the graph; the group of these options."""
    group = parser.add_argument_group("proof")
    group.add_argument(
        "--verify",
        action="store_true",
        help="convert with the real converter, and compare the model's values with the graph's",
    )
    group.add_argument(
        "--verify-data", metavar="DATA", help="compare on these (default: those of --calibrate, else random)"
    )
    group.add_argument(
        "--verify-threshold",
        metavar="STEPS",
        type=values.steps,
        help="exit with 1 where an output is off by more than STEPS quantization steps (default: 32 of 255, "
        "which is an eighth of the output's range; inf for any error)",
    )
    return group


def converter_of(args: Namespace) -> Converter:
    """The converter that the options name, for a graph with FakeQuants."""
    from minmax_lint.workflows.converter import Converter

    return Converter(args.engine, args.flow or "tf1", dict(args.input_stats), args.python, args.time_limit)


def wants_proof(args: Namespace) -> bool:
    """Whether values are to be compared."""
    return bool(args.verify or args.verify_data or args.verify_threshold is not None)


def check_interpreter(args: Namespace) -> None:
    """Raise UserError where the interpreter cannot do what the options ask of it, before any work is done."""
    from minmax_lint.backends.conversion.interpreter import checked_interpreter

    if wants_proof(args):
        converter_of(args).check_interpreter()
    elif args.calibrate:
        checked_interpreter(args.python)


def check_data(args: Namespace, model: Model, ends: Endpoints) -> None:
    """Raise UserError where data that the options name cannot be read, or do not fit the graph's inputs."""
    from minmax_lint.backends import calibration
    from minmax_lint.backends.verification.run import DEFAULT_SAMPLES

    limits: dict[str, int | None] = {}
    if args.verify_data:
        limits[args.verify_data] = args.samples or DEFAULT_SAMPLES
    if args.calibrate:
        limits[args.calibrate] = args.samples
    for source, limit in limits.items():
        data = replace(data_of(args, source, model.input_keys(ends.inputs)), limit=limit)
        with show_reading(args, data) as watch:
            calibration.check_data(
                data,
                model.graph,
                ends.inputs,
                ends.outputs,
                python=args.python,
                time_limit=args.time_limit,
                watch=watch,
            )


@contextmanager
def show_reading(args: Namespace, data: Data | None) -> Iterator[Watch | None]:
    """Progress while data are read; nothing where there are none."""
    with show_progress(args, f"reading {data.source}") if data is not None else nullcontext() as watch:
        yield watch


def proof_of(args: Namespace, aliases: Mapping[str, tuple[str, ...]]) -> Proof | None:
    """What the options want compared; None for nothing."""
    from minmax_lint.backends.verification.run import DEFAULT_SAMPLES
    from minmax_lint.workflows.convert import Proof

    if not wants_proof(args):
        return None
    source = args.verify_data or args.calibrate
    data = data_of(args, source, aliases) if source else None
    return Proof(data, args.samples or DEFAULT_SAMPLES, args.verify_threshold)


def data_of(args: Namespace, source: str, aliases: Mapping[str, tuple[str, ...]]) -> Data:
    """Data, read as the options say."""
    from minmax_lint.backends.calibration import Data

    return Data(source, args.batch_size, args.samples, aliases)


def calibration_of(args: Namespace, model: Model, ends: Endpoints) -> Calibration:
    """The ranges that `--calibrate` observes. Raises UserError."""
    from minmax_lint.backends.calibration import calibrate
    from minmax_lint.writers.kept import frozen_model

    with show_progress(args, "calibration") as watch:
        return calibrate(
            frozen_model(model, ends.inputs, ends.outputs),
            ends.inputs,
            ends.outputs,
            data_of(args, args.calibrate, model.input_keys(ends.inputs)),
            method=args.calibrate_method,
            percentile=args.percentile,
            python=args.python,
            time_limit=args.time_limit,
            watch=watch,
        )


@contextmanager
def show_progress(args: Namespace, title: str) -> Iterator[Watch]:
    """A progress bar with the stage on standard error, where that is a terminal; else a line now and then."""
    from minmax_lint.backends.conversion import Watch

    console = None if args.quiet else progress_console()
    if console is None:
        now = [title, STAGES["start"]]

        def counted(done: int, total: int | None) -> None:
            now[1] = _batch(done, total)

        with log_lines(lambda: ": ".join(now), quiet=args.quiet):
            yield Watch(
                lambda stage: now.__setitem__(1, STAGES[stage]),
                counted,
                lambda task: now.__setitem__(0, task),
            )
        return
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        bar = progress.add_task(f"{title}: {STAGES['start']}", total=None)
        task = [title]

        def batch(done: int, total: int | None) -> None:
            progress.update(bar, description=f"{task[0]}: {_batch(done, total)}", completed=done, total=total)

        def begun(another: str) -> None:
            task[0] = another
            progress.reset(bar, total=None, description=another)

        yield Watch(
            lambda stage: progress.update(bar, description=f"{task[0]}: {STAGES[stage]}"), batch, begun
        )


def _batch(done: int, total: int | None) -> str:
    return f"batch {done} of {total}" if total else f"batch {done}"

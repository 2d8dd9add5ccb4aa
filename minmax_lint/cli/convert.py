"""`minmax-lint convert`: lint, fix if asked to, run the real converter, read its model back."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from minmax_lint.cli import options
from minmax_lint.cli.streams import checked_destination, payload, progress_console, write_bytes
from minmax_lint.errors import UnknownName, UserError

if TYPE_CHECKING:
    from minmax_lint.conversion import ConversionResult, Stage
    from minmax_lint.fixes.patch import Patch
    from minmax_lint.graph.graph import Graph
    from minmax_lint.graph.trace import Kept
    from minmax_lint.report import Report

STAGES: Mapping[Stage, str] = {
    "start": "starting Python",
    "tensorflow": "importing TensorFlow",
    "import": "reading the graph",
    "convert": "converting",
    "write": "writing the model",
}


def add(parser: ArgumentParser) -> None:
    """Declare the options."""
    options.add_graph(parser)
    options.add_endpoints(parser)
    parser.add_argument("--output", metavar="MODEL.tflite", required=True, help="where the model goes")
    parser.add_argument("--fix", action="store_true", help="repair the graph first (the file stays as it is)")
    group = parser.add_argument_group("the real converter")
    group.add_argument("--engine", choices=("mlir", "toco"), default="mlir", help="default: mlir")
    group.add_argument(
        "--flow",
        choices=("tf1", "tf2"),
        default="tf1",
        help="tf1: from_frozen_graph, uint8, quantized_input_stats (default); tf2: optimizations=[DEFAULT]",
    )
    group.add_argument(
        "--python", metavar="INTERPRETER", help="the Python that has the TensorFlow to use (3.7 or newer)"
    )
    group.add_argument(
        "--time-limit", metavar="SECONDS", type=options.seconds, default=600.0, help="default: 600"
    )
    group.add_argument(
        "--input-stats",
        metavar="NAME=MEAN,STD",
        type=input_stats,
        action="append",
        default=[],
        help="quantized_input_stats of an input: real value = (byte - MEAN) / STD (default 128,64)",
    )
    options.add_fix_options(parser, in_place=False)
    options.add_configuration(parser)
    options.add_talk(parser)


def run(args: Namespace) -> int:
    """Convert and report; 0 where the model is all integer, else 1."""
    from minmax_lint.cli.fix import patched
    from minmax_lint.cli.source import named_source, profiles_of
    from minmax_lint.conversion import convert_graph, read_model
    from minmax_lint.reporters.terminal.conversion import Conversion, print_conversion
    from minmax_lint.symptoms import explain_message

    if args.engine == "toco" and args.flow == "tf2":
        raise UserError("TOCO knows only --flow tf1: the TF2 flow is MLIR's")
    destination = checked_destination(args.output, args.graph)
    source = named_source(args).checked()
    stats = _known_stats(args, source.ends.inputs)
    command = _command(args)
    args.converter = [args.engine + "-v2" * (args.flow == "tf2")]
    patch: Patch | None = patched(args, source) if args.fix else None
    report: Report = patch.after if patch is not None else source.lint(profiles_of(args, source.target))
    graph = frozen_bytes(patch.graph if patch is not None else source.model.graph, report.trace)
    with _progress(args) as progress:
        result: ConversionResult = convert_graph(
            graph,
            report.inputs,
            report.outputs,
            engine=args.engine,
            flow=args.flow,
            stats=stats,
            python=args.python,
            time_limit=args.time_limit,
            progress=progress,
        )
    model = None if result.model is None else read_model(result.model)
    if result.model is not None:
        write_bytes(destination, result.model)
    diagnosis = None if result.failure is None else explain_message(result.failure.message)
    with payload() as out:
        found = Conversion(
            report,
            patch,
            result,
            model,
            str(destination),
            command,
            diagnosis.cause if diagnosis else "",
            diagnosis.remedy if diagnosis else "",
        )
        print_conversion(out, found, quiet=args.quiet, verbose=args.verbose)
    return 0 if model is not None and model.verdict(args.flow) == "quantized" else 1


def frozen_bytes(graph: Graph, kept: Kept) -> bytes:
    """The kept subgraph as a frozen GraphDef; what freezing leaves alone is spliced from `graph`'s source.

    Raises UserError where the value of a variable is not known.
    """
    from minmax_lint.graph.graph import Columns, Graph
    from minmax_lint.writers.graphdef import encode

    view = kept.graph
    names = [name for name in view.names if name in kept.nodes or name in kept.control_only]
    for name in names:
        if view.op(name) != graph.op(name) and (value := view[name].tensor()) and not value.known:
            raise UserError(
                f"the value of variable {name!r} is not known, so the graph cannot be frozen: convert the "
                "checkpoint, the SavedModel or a frozen graph instead"
            )
    places = [view.position(name) for name in names]
    source = graph.columns.serialized
    serialized = source and replace(
        source,
        origin=lambda i: source.origin(places[i]) if graph.op(names[i]) == view.op(names[i]) else None,
        changed=frozenset(i for i, place in enumerate(places) if place in source.changed),
    )
    columns = view.columns
    pruned = Columns(
        names,
        [columns.ops[i] for i in places],
        [columns.inputs[i] for i in places],
        lambda i: columns.details(places[i]),
        serialized,
    )
    return encode(Graph(pruned, view.functions))


def input_stats(text: str) -> tuple[str, tuple[float, float]]:
    """`input=128,64`."""
    name, _, numbers = text.rpartition("=")
    mean, _, std = numbers.partition(",")
    try:
        found = name, (float(mean), float(std))
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not NAME=MEAN,STD, as in input=128,64") from None
    if not name or not found[1][1] > 0:
        raise ArgumentTypeError(f"{text!r} is not NAME=MEAN,STD with a STD above 0")
    return found


def _known_stats(args: Namespace, inputs: Mapping[str, object]) -> dict[str, tuple[float, float]]:
    for name, _ in args.input_stats:
        if name not in inputs:
            raise UnknownName(f"--input-stats names {name!r}; the inputs are {', '.join(inputs)}")
    return dict(args.input_stats)


def _command(args: Namespace) -> tuple[str, ...]:
    """The command line in so far as another run needs it again."""
    words = ["minmax-lint", "convert", args.graph, *options.endpoint_words(args), "--output", args.output]
    words += ["--engine", args.engine, "--flow", args.flow]
    for name, (mean, std) in args.input_stats:
        words += ["--input-stats", f"{name}={mean:g},{std:g}"]
    return (*words, "--python", args.python) if args.python else tuple(words)


@contextmanager
def _progress(args: Namespace) -> Iterator[Callable[[Stage], None]]:
    """A spinner with the stage on standard error, where that is a terminal."""
    console = None if args.quiet else progress_console()
    if console is None:
        yield lambda stage: None
        return
    with console.status(f"{args.engine.upper()}: {STAGES['start']}") as status:
        yield lambda stage: status.update(f"{args.engine.upper()}: {STAGES[stage]}")

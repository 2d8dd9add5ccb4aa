"""`minmax-lint convert`: lint, fix if asked to, run the real converter, read its model back."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, TextIO

from minmax_lint.cli import calls, options, real_converter
from minmax_lint.errors import UserError

if TYPE_CHECKING:
    from minmax_lint.fixes.engine.patch import Patch
    from minmax_lint.workflows.convert import Conversion
    from minmax_lint.workflows.converter import Converter
    from minmax_lint.workflows.opened import Opened

FORMATS = ("full", "json")


def add(parser: ArgumentParser) -> None:
    """Declare the options."""
    options.add_graph(parser)
    options.add_endpoints(parser)
    parser.add_argument("--output", metavar="MODEL.tflite", required=True, help="where the model goes")
    parser.add_argument("--fix", action="store_true", help="repair the graph first (the file stays as it is)")
    options.add_formats(parser, FORMATS)
    calls.add_call(parser)
    real_converter.add_converter(parser)
    real_converter.add_verification(parser).add_argument(
        "--no-verify",
        action="store_true",
        help="leave out the comparison that follows a repair or a representative dataset by itself",
    )
    options.add_fix_options(parser, in_place=False)
    real_converter.add_calibration(parser, "--int8, --16x8 or --fix --unsafe-fixes")
    options.add_configuration(parser)
    options.add_talk(parser)


def run(args: Namespace) -> int:
    """Convert and report; 0 where the model is all integer and its values near enough, else 1."""
    from minmax_lint.backends.verification.run import DEFAULT_SAMPLES
    from minmax_lint.cli.commands.fix import patch_model
    from minmax_lint.cli.output import emit, output_destinations
    from minmax_lint.cli.source import files_read
    from minmax_lint.workflows.convert import Proof, convert_linted

    read = files_read(args)
    destination = read.destination(args.output)
    formats = output_destinations(args.output_format, FORMATS, read, destination)
    _check_usage(args)
    source, converter = _source_and_converter(args)
    converter = converter.check_for(source.ends.inputs)
    uses = converter.data is not None or (
        converter.call is not None and converter.call.representative_dataset
    )
    if args.calibrate and not (uses or args.fix or real_converter.wants_proof(args)):
        raise UserError("--calibrate is for --int8, --16x8 and a repair: give one of them, or --fix, as well")
    real_converter.check_data(args, source.model, source.ends)
    command = _command(args)
    with real_converter.show_reading(args, converter.data) as watch:
        source = source.for_conversion(converter, watch)
    for_fix = args if args.unsafe_fixes or not uses else Namespace(**{**vars(args), "calibrate": None})
    patch: Patch | None = patch_model(for_fix, source) if args.fix else None
    report = patch.after if patch is not None else source.lint()
    proof = real_converter.proof_of(args, source.model.input_keys(report.inputs))
    if (
        proof is None
        and not args.no_verify
        and ((patch is not None and not patch.empty) or converter.data is not None)
    ):
        proof = Proof(converter.data, args.samples or DEFAULT_SAMPLES, required=False)
    with real_converter.show_progress(args, converter.engine.upper()) as watch:
        found = convert_linted(source.model, report, patch, converter, proof, watch)
    if found.model is not None:
        found.save(destination)
    emit(formats, lambda form, out: _print(args, form, out, found, str(destination), command))
    return 0 if found.proved else 1


def _source_and_converter(args: Namespace) -> tuple[Opened, Converter]:
    """The model, and how it is converted. Raises UserError with all that is missing: an interpreter, options."""
    from minmax_lint.cli.source import open_named

    missing = ""
    try:
        real_converter.converter_of(args).check_interpreter()
    except UserError as error:
        missing = str(error)
    try:
        source = open_named(args).check_ends()
        source.model.require_graph("convert")
    except UserError:
        if missing:
            raise UserError(missing) from None
        raise
    try:
        converter = calls.converter_for(args, source, calls.mode_of(args), args.calibrate)
    except UserError as error:
        raise UserError(f"{missing}; and {error}" if missing else str(error)) from None
    if missing:
        raise UserError(missing)
    return source, converter


def _check_usage(args: Namespace) -> None:
    if args.no_verify and real_converter.wants_proof(args):
        raise UserError("--no-verify leaves the comparison out that --verify asks for: give one of them")
    if args.fix:
        return
    options.refuse_fix_options(args)


def _print(
    args: Namespace, form: str, out: TextIO, found: Conversion, destination: str, command: tuple[str, ...]
) -> None:
    if form == "json":
        from minmax_lint.reporters.conversion import print_json

        print_json(out, found, destination)
        return
    from minmax_lint.cli.next_commands import check_command, repair_command
    from minmax_lint.reporters.run import Run
    from minmax_lint.reporters.terminal.conversion import print_conversion
    from minmax_lint.symptoms import explain_message

    failure = found.result.failure
    diagnosis = None if failure is None else explain_message(failure.message)
    explanation = (diagnosis.cause, diagnosis.remedy) if diagnosis else None
    print_conversion(
        out,
        found,
        destination,
        explanation,
        repairing=repair_command(command, found.report),
        rewriting=Run((found.report,), endpoint_options=options.endpoint_words(args)).script_command(
            found.report
        ),
        checking=check_command(args, found.report),
        quiet=args.quiet,
        verbose=args.verbose,
    )


def _command(args: Namespace) -> tuple[str, ...]:
    """The command line in so far as another run needs it again."""
    words = ["minmax-lint", "convert", args.graph, *options.endpoint_words(args), "--output", args.output]
    words += ["--engine", args.engine] if args.engine != "mlir" else []
    words += ["--flow", args.flow] if args.flow else []
    words += [f"--{args.post_training}"] if args.post_training else []
    words += ["--calibrate", args.calibrate] if args.calibrate and not args.fix else []
    words += ["--io-type", args.io_type] if args.io_type else []
    for name, (mean, std) in args.input_stats:
        words += ["--input-stats", f"{name}={mean:g},{std:g}"]
    return tuple(words)

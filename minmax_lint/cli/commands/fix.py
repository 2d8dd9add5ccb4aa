"""`minmax-lint fix`: write a repaired copy of a graph."""

from __future__ import annotations

import json
import math
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from minmax_lint.cli import options, real_converter
from minmax_lint.cli.streams import patience, say
from minmax_lint.errors import UserError
from minmax_lint.escaping import log_line, sentence
from minmax_lint.report.words import number_of

if TYPE_CHECKING:
    from minmax_lint.cli.files import ReadFiles
    from minmax_lint.fixes.edit.options import FixOptions
    from minmax_lint.fixes.engine.patch import Patch
    from minmax_lint.loaders.model import Model
    from minmax_lint.workflows.convert import Conversion
    from minmax_lint.workflows.converter import Converter
    from minmax_lint.workflows.opened import Opened

FORMATS = ("full", "json")


def add(parser: ArgumentParser) -> None:
    """Declare the options."""
    options.add_graph(parser)
    options.add_endpoints(parser)
    options.add_converters(parser)
    options.add_script(parser)
    parser.add_argument(
        "--output",
        metavar="FILE",
        help="where the repaired graph goes, in its own format; with --script, FILE.py: where the changed script goes",
    )
    options.add_fix_options(parser)
    parser.add_argument(
        "--diff",
        action="store_true",
        help="print the changes alone; without --output nothing is written, and the exit code is 1 where "
        "there are any or an error is left",
    )
    options.add_formats(parser, FORMATS)
    real_converter.add_calibration(parser)
    real_converter.add_verification(parser)
    real_converter.add_converter(parser)
    options.add_configuration(parser)
    options.add_talk(parser)


def run(args: Namespace) -> int:
    """Repair, prove, write, report; 0 where no error is left and the proof succeeds, else 1."""
    from minmax_lint.cli.output import emit, output_destinations
    from minmax_lint.cli.script import fix_script_alone, fix_script_too
    from minmax_lint.cli.source import files_read, open_named
    from minmax_lint.writers.write import is_graph_file

    if not (args.output or args.in_place or args.diff):
        raise UserError("say where the repaired graph goes: --output FILE (or --in-place, or --diff to look)")
    read = files_read(args)
    if args.script and Path(args.output or "").suffix == ".py":
        return fix_script_alone(args, read)
    destination = destination_of(args, args.graph, read)
    formats = output_destinations(args.output_format, FORMATS, read, destination)
    real_converter.check_interpreter(args)
    source = open_named(args).check_ends()
    real_converter.check_data(args, source.model, source.ends)
    converter = _converter(args, source)
    patch = patch_model(args, source)
    proof = None if converter is None else prove(args, source, patch, converter)
    errors = patch.after.count("error") + sum(
        one.after.count("error") for one in patch.others if source.calls
    )
    written = None
    if (
        destination is not None
        and not (patch.writes_nothing_new and errors)
        and (proof is None or proof.proved)
    ):
        written = patch.save(destination, in_place=args.in_place)
    emit(formats, lambda form, out: _print(args, form, out, source.model, patch, proof, destination, written))
    if args.diff:
        _say_what_a_diff_lacks(patch, quiet=args.quiet)
    if destination is None or not is_graph_file(destination):
        _say_of_signatures(patch, source, written, quiet=args.quiet)
    script = fix_script_too(args) if args.script else None
    if args.diff and destination is None:
        return 0 if patch.writes_nothing_new and not errors and (script is None or script.empty) else 1
    if args.diff and written is not None:
        from minmax_lint.loaders.checkpoint.prefix import files_written

        say(f"wrote {', '.join(map(str, files_written(written)))}")
    return 1 if errors or not (proof is None or proof.proved) else 0


def _say_of_signatures(patch: Patch, source: Opened, written: Path | None, *, quiet: bool) -> None:
    """What became of further signatures of a SavedModel: a line each."""
    for one in () if quiet else patch.others:
        say(f"signature {', '.join(one.signatures)}: {one.reason} {number_of(len(one.changes), 'change')}.")
    for name, why in () if quiet else patch.unchanged.items():
        say(f"signature {name} stays as it was: {why.removeprefix('Nothing is changed: ')}")
    known = {*patch.unchanged, *(name for one in patch.others for name in one.signatures)}
    left = [name for name in source.model.others if name not in known]
    if left and written is not None and written.is_dir():
        keys = list(source.model.signatures)
        say(
            f"signature {', '.join(left)} stays as it was: convert with signature_keys={keys}, or fix it with "
            "--signature"
        )


def _say_what_a_diff_lacks(patch: Patch, *, quiet: bool) -> None:
    """Why nothing changes, and what is left: on standard error, beside the changes alone."""
    errors = patch.after.count("error")
    if patch.empty and (errors or not quiet):
        say(patch.reason)
    if errors:
        say(f"{number_of(errors, 'error')} left; `minmax-lint check` shows them in full")


def _print(
    args: Namespace,
    form: str,
    out: TextIO,
    model: Model,
    patch: Patch,
    proof: Conversion | None,
    destination: Path | None,
    written: Path | None,
) -> None:
    if form == "json":
        from minmax_lint.reporters.conversion import print_patch_json

        print_patch_json(out, patch, written, proof)
        return
    if args.diff:
        head = (f"--- {args.graph}", f"+++ {destination or '(not written)'}")
        changes = [sentence(line) for line in patch.diff()]
        for one in patch.others:
            changes += [f"@@ signature {', '.join(one.signatures)} @@", *map(sentence, one.diff())]
        out.writelines(f"{log_line(line)}\n" for line in (*head, *changes) if changes)
    else:
        from minmax_lint.cli.next_commands import check_command, convert_command
        from minmax_lint.loaders.checkpoint.prefix import files_written
        from minmax_lint.reporters.terminal.patch import print_patch

        files = () if written is None else files_written(written)
        print_patch(
            out,
            patch,
            files,
            converting="" if written is None or proof else convert_command(args, model, patch, written),
            checking=check_command(args, patch.after, written),
            quiet=args.quiet,
            verbose=args.verbose,
        )
    if proof is not None:
        from minmax_lint.reporters.terminal.conversion import print_proof

        print_proof(out, proof, quiet=args.quiet)


def patch_model(args: Namespace, source: Opened) -> Patch:
    """The repaired model, not yet written."""
    source = source.check_ends()
    options = replace(
        fix_options(args), calibrated=calibrated_ranges(args, source), freeze=wants_frozen(args, source.model)
    )
    with patience("looking for a repair", quiet=args.quiet or args.command == "check"):  # which has a bar
        return source.fix(options)


def calibrated_ranges(args: Namespace, source: Opened) -> Mapping[str, tuple[float, float]]:
    """Array -> (min, max) as `--calibrate` observes it; empty without. Raises UserError."""
    if not getattr(args, "calibrate", None):
        return {}
    calibration = real_converter.calibration_of(args, source.model, source.ends)
    without = {"NaN or infinite values": calibration.not_finite, **calibration.unobserved}
    for reason, arrays in without.items():
        if arrays and not args.quiet:
            say(f"no range observed ({reason}): {', '.join(arrays)}")
    return calibration.ranges


def _converter(args: Namespace, source: Opened) -> Converter | None:
    """The real converter of the proof: the one of the call, else of the first judged profile; None without a proof."""
    from minmax_lint.cli.calls import converter_for, mode_of
    from minmax_lint.converters.call import mode_of as called_as

    if not real_converter.wants_proof(args):
        return None
    mode = mode_of(args)
    if mode is None and (args.converter or not source.calls):
        mode = called_as(source.choice.profiles[0])
    return converter_for(args, source, mode, args.verify_data or args.calibrate)


def prove(args: Namespace, source: Opened, patch: Patch, converter: Converter) -> Conversion | None:
    """What the real converter makes of the repaired graph."""
    from minmax_lint.workflows.convert import convert_linted

    proof = real_converter.proof_of(args, source.model.input_keys(patch.after.inputs))
    with real_converter.show_progress(args, args.engine.upper()) as watch:
        return convert_linted(source.model, patch.after, patch, converter, proof, watch)


def destination_of(args: Namespace, path: str, read: ReadFiles) -> Path | None:
    """Where to write; None for nowhere. Raises UserError where that is an input, or cannot be written."""
    from minmax_lint.loaders.remote.download import is_remote

    if args.output and args.in_place:
        raise UserError("--output and --in-place exclude each other")
    if args.in_place:
        if path == "-":
            raise UserError("standard input cannot be repaired in place; give --output FILE")
        if is_remote(path):
            raise UserError(f"{path} is remote and is never written; give --output FILE")
        return Path(path)
    return read.destination(args.output, model=path) if args.output else None


def fix_options(args: Namespace) -> FixOptions:
    """What the options say. Raises UserError for a file of ranges that is none, or for unwanted ranges."""
    from minmax_lint.fixes.edit.options import FixOptions
    from minmax_lint.source_guard import DEFAULT_BOUND

    ranges = read_ranges(args.ranges) if args.ranges else {}
    calibrate = getattr(args, "calibrate", None)
    for option, given in (
        ("--ranges", args.ranges),
        ("--default-range", args.default_range),
        ("--calibrate", calibrate),
    ):
        if given and not args.unsafe_fixes:
            raise UserError(f"{option} is for ranges that a fix inserts: give --unsafe-fixes as well")
    return FixOptions(
        strategy=args.strategy,
        bound=DEFAULT_BOUND if args.bound is None else args.bound,
        new_name=args.new_name,
        unsafe=args.unsafe_fixes,
        ranges=ranges,
        default_range=args.default_range,
    )


def wants_frozen(args: Namespace, model: Model) -> bool:
    """Whether variables become constants: on request, and where a checkpoint goes to a graph file."""
    graph_file = Path(getattr(args, "output", None) or "").suffix in (".pb", ".pbtxt")
    return getattr(args, "freeze", False) or (model.format == "checkpoint" and graph_file)


def read_ranges(file: str) -> dict[str, tuple[float, float]]:
    """Array -> (min, max) from a JSON file. Raises UserError."""
    from minmax_lint.loaders.buffers import small_file

    example = '{"array": [-1.0, 6.0]}'
    try:
        content = json.loads(small_file(Path(file)))
    except OSError as error:
        raise UserError(f"cannot read {file}: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise UserError(f"{file} is no JSON ({error}); write {example}") from None
    if not isinstance(content, dict):
        raise UserError(f"{file} holds no ranges; write {example}")
    return {str(name): _range(file, name, value) for name, value in content.items()}


def _range(file: str, name: str, value: object) -> tuple[float, float]:
    bounds = value if isinstance(value, list) and all(isinstance(one, (int, float)) for one in value) else []
    try:
        low, high = map(float, bounds)
    except (ValueError, OverflowError):
        low = high = math.nan
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise UserError(
            f"{file}: the range of {name} is not [min, max] with min below max: {str(value)[:80]}"
        )
    return low, high

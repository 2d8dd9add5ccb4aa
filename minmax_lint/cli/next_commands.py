"""The command lines that `fix` and `convert` print for what comes next: each runs as it is printed.

What only the user knows stands in capitals: DATA (samples), PREFIX (a checkpoint), PYTHON (an interpreter).
"""

from argparse import Namespace
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from minmax_lint.backends.conversion.interpreter import tensorflow_version
from minmax_lint.cli import options
from minmax_lint.converters.profile import name_and_place, profile
from minmax_lint.converters.releases import toco
from minmax_lint.errors import UserError
from minmax_lint.escaping import command
from minmax_lint.fixes.engine.patch import Patch
from minmax_lint.loaders.endpoints import endpoints
from minmax_lint.loaders.model import Model
from minmax_lint.report.report import Report
from minmax_lint.rules.framework.finding import FixOffer

_GRAPH_FILES = (".pb", ".pbtxt", ".meta")


def convert_command(args: Namespace, model: Model, patch: Patch, written: Path) -> str:
    """Of `fix`: what converts the graph that was written."""
    words = ["minmax-lint", "convert", str(written), *_endpoint_options(args, model, patch)]
    words += ["--signature", args.signature] if args.signature else []
    if not patch.freezes:
        prefix = args.checkpoint or _prefix(model, patch, written)
        words += ["--checkpoint", prefix] if prefix else []
    words += ["--python", args.python] if args.python else []
    words += ["--script", args.script] if args.script else _call_options(args, model, patch, written)
    name = f"{written.stem if written.suffix in _GRAPH_FILES else written.name}.tflite"
    return command([*words, "--output", str(written.with_name(name))])


def check_command(args: Namespace, report: Report, written: Path | None = None) -> str:
    """What shows the findings of `report` in full: of the graph that was written, else of the one that was named."""
    words = ["minmax-lint", "check", str(written or args.graph), *options.endpoint_words(args)]
    named = args.output_array or written is None
    if not named and not report.inferred_how.startswith("from signature"):
        words += [word for name in report.outputs for word in ("-o", name)]
    if not (getattr(args, "converter", ()) or getattr(args, "script", None)):
        names = dict.fromkeys(name_and_place(name)[0] for name in report.predictions)
        words += [word for name in names for word in ("--converter", name)]
    return command(words)


def repair_command(converted: tuple[str, ...], report: Report) -> str:
    """Of `convert`: the command that was run, with what repairs the graph on the way; empty where no fix helps."""
    errors = [one.fix for one in report.findings if one.fix is not None and one.severity == "error"]
    offers: list[FixOffer] = errors or [one.fix for one in report.findings if one.fix is not None]
    if not offers:
        return ""
    words = [*converted, "--fix"]
    words += ["--checkpoint", "PREFIX"] if report.needs_checkpoint else []
    words += ["--unsafe-fixes"] if any(one.applicability == "unsafe" for one in offers) else []
    if any(one.needs_range for one in offers) and "--calibrate" not in converted:
        words += ["--calibrate", "DATA"]
    return command(words)


def _prefix(model: Model, patch: Patch, written: Path) -> str:
    """The checkpoint that holds the variables of the written graph, where that does not show it; empty for none."""
    if patch.after.needs_checkpoint:
        return "PREFIX"
    beside = model.format.startswith("metagraph") and model.variables is not None
    return str(model.path).removesuffix(".meta") if beside and written != model.path else ""


def _endpoint_options(args: Namespace, model: Model, patch: Patch) -> Iterator[str]:
    """The inputs that the user named; the outputs that they named, and those that the written graph does not show."""
    for text in args.input:
        yield from ("-i", text)
    shown = not args.output_array and patch.outputs == patch.before.outputs
    if shown and not args.script:
        try:
            shown = endpoints(replace(model, graph=patch.graph)).outputs == patch.outputs
        except UserError:
            shown = False
    for name in () if shown else patch.outputs:
        yield from ("-o", name)


def _call_options(args: Namespace, model: Model, patch: Patch, written: Path) -> Iterator[str]:
    """The options with which `convert` calls the converter as the first judged profile is called."""
    judged = [profile(name) for name in patch.after.predictions]
    first = judged[0]
    if not first.trained:
        yield f"--{first.call.removesuffix('-fallback')}"
        if first.ranges == "calibrated":
            yield from ("--calibrate", "DATA")
    elif first.flow != ("tf2" if model.of_tf2 and written.is_dir() else "tf1"):
        yield from ("--flow", first.flow)
    if args.engine == "toco" or all(one.engine == "toco" for one in judged):
        yield from ("--engine", "toco")
        if not (args.python or _has_toco()):
            yield from ("--python", "PYTHON")


def _has_toco() -> bool:
    """Whether the running interpreter has a TensorFlow with TOCO."""
    version = tensorflow_version(None)
    return version is not None and toco(version) == "runs"

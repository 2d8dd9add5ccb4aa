"""A model named on the command line: what its options and the configuration say, opened by the front door."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from minmax_lint.cli import options
from minmax_lint.errors import UserError

if TYPE_CHECKING:
    from minmax_lint.cli.files import ReadFiles
    from minmax_lint.config import Target
    from minmax_lint.converters.call import ConverterCall
    from minmax_lint.loaders.model import Model
    from minmax_lint.workflows.opened import Opened


def open_source(args: Namespace, target: Target) -> Opened:
    """Load the model of `target` (`-` is standard input). Raises UserError with what to do."""
    model, named = load_model(args, target), _names(args, target)
    if getattr(args, "source", None) is not None:
        return _open_finished(args, target, model, named)
    opened = open_loaded(
        args,
        target,
        model,
        converters=named,
        calls=_calls(args, target),
        tensorflow=_tensorflow(args, target),
    )
    return _with_samples(args, opened) if getattr(args, "dataset", None) else opened


def _open_finished(args: Namespace, target: Target, model: Model, named: tuple[str, ...]) -> Opened:
    """A .tflite model with the graph that it was made from; the options name arrays of that graph."""
    from minmax_lint.config import Target
    from minmax_lint.workflows.opened import open_model

    if model.finished is None:
        raise UserError(f"--source explains a finished .tflite model, and {target.path} is none")
    source = Target(args.source)
    graph = load_model(args, source)
    graph.require_graph("give with --source")
    made_from = open_loaded(args, source, graph).check_ends()
    return replace(open_model(model, converters=named), path=target.path, made_from=made_from)


def open_named(args: Namespace) -> Opened:
    """The one model that the command line names, with what the configuration says about it."""
    from minmax_lint.cli.settings import settings_of

    return open_source(args, settings_of(args, with_baseline=False).target(args.graph))


def files_read(args: Namespace) -> ReadFiles:
    """The files that a command on the one model `args.graph` reads."""
    from minmax_lint.cli.files import read_files
    from minmax_lint.cli.settings import settings_of

    settings = settings_of(args, with_baseline=False)
    return read_files(args, settings, [settings.target(args.graph)])


def load_model(args: Namespace, target: Target) -> Model:
    """The model. Raises UserError that names the path."""
    from minmax_lint.workflows.opened import load_named

    return load_named(
        target.path,
        args.signature or target.signature,
        args.checkpoint or target.checkpoint,
        args.trust,
        args.python,
    )


def open_loaded(args: Namespace, target: Target, model: Model, **judged: Any) -> Opened:
    """The model with its ends: the command line's, else the configuration's, else the script's, else inferred.

    `judged`: what `open_model` takes of converters and calls. Raises UserError where nothing can be inferred.
    """
    from minmax_lint.workflows.opened import open_model

    opened = open_model(
        model,
        options.inputs_of(args) or target.inputs,
        args.output_array or target.outputs or None,
        signature=args.signature or target.signature,
        **judged,
    )
    return opened.called(target.path)


def _names(args: Namespace, target: Target) -> tuple[str, ...]:
    """The profiles that the command line names, else the configuration, unless a script says how it converts."""
    given = tuple(getattr(args, "converter", None) or ())
    return given or (() if getattr(args, "script", None) else target.converters)


def _calls(args: Namespace, target: Target) -> tuple[ConverterCall, ...]:
    script = getattr(args, "script", None)
    if script is None:
        return target.calls
    from pathlib import Path

    from minmax_lint.loaders.script.conversion_script import converter_calls
    from minmax_lint.loaders.script.saved import of_model

    return of_model(converter_calls(Path(script)), target.path)


def _with_samples(args: Namespace, opened: Opened) -> Opened:
    """With what the first samples of `--calibrate` are, in its calls; without a call, int8 after training."""
    from minmax_lint.backends.calibration import Data
    from minmax_lint.backends.calibration.check import first_samples
    from minmax_lint.converters.call import ConverterCall

    model, ends = opened.model, opened.ends
    model.require_graph("calibrate")
    data = Data(args.dataset, aliases=model.input_keys(ends.inputs))
    found = first_samples(data, model.graph, ends.inputs, ends.outputs, python=args.python)
    calls = opened.calls or (
        ConverterCall("the command line", "tf2", optimizations=True, representative_dataset=True),
    )
    calls = tuple(replace(call, dataset=found) if call.representative_dataset else call for call in calls)
    return replace(opened, calls=calls)


def _tensorflow(args: Namespace, target: Target) -> tuple[int, int] | None:
    """The version to judge: that of --python's interpreter, else the configuration's, else none in particular."""
    if args.python is not None and args.command in ("check", "fix"):
        from minmax_lint.backends.conversion.interpreter import tensorflow_version

        return tensorflow_version(args.python)
    return target.tensorflow

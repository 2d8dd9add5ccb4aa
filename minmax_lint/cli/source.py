"""A model named on the command line: loaded, with its inputs and outputs."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import dataclass
from typing import TYPE_CHECKING

from minmax_lint.cli import options
from minmax_lint.errors import UnknownName, UserError

if TYPE_CHECKING:
    from minmax_lint.cli.files import ReadFiles
    from minmax_lint.config import Target
    from minmax_lint.converters.call import ConverterCall
    from minmax_lint.converters.profile import Profile
    from minmax_lint.loaders.endpoints import Endpoints
    from minmax_lint.loaders.model import Model
    from minmax_lint.report.report import Report
    from minmax_lint.rules.framework.selection import Selection


@dataclass(frozen=True)
class Source:
    """One model, as the user named it."""

    target: Target
    model: Model
    ends: Endpoints
    made_from: Source | None = None
    """The graph that a finished model was made from (`--source`)."""
    calls: tuple[ConverterCall, ...] = ()
    """How the converter will be called, as a script or the configuration says."""

    @property
    def path(self) -> str:
        """As the user named it."""
        return self.target.path

    def lint(self, profiles: tuple[Profile, ...], selection: Selection | None = None) -> Report:
        """Its report."""
        from minmax_lint.rules.framework.selection import Selection
        from minmax_lint.workflows.lint import lint_model

        return lint_model(
            self.model,
            self.ends.inputs,
            self.ends.outputs,
            profiles,
            path=self.path,
            inferred_how=self.ends.how if self.ends.inferred else "",
            accepts=(selection or Selection()).accepts,
            made_from=self._report_on_the_source(profiles),
            calls=self.calls,
        )

    def _report_on_the_source(self, profiles: tuple[Profile, ...]) -> Report | None:
        """The report on `made_from`, for the MLIR profiles asked for, else the one whose flow has such ends."""
        if self.made_from is None or self.model.finished is None:
            return None
        from minmax_lint.converters.profile import profile

        flow = self.model.finished.flow
        chosen = tuple(one for one in profiles if one.engine == "mlir" and one.flow == flow)
        return self.made_from.lint(chosen or (profile("mlir-v2" if flow == "tf2" else "mlir"),))

    def checked(self) -> Source:
        """The source itself. Raises UnknownName for an input or output that the graph does not have."""
        from minmax_lint.graph.names import near_names, parse_edge

        graph = self.model.graph
        for kind, flag, names in (("input", "-i", self.ends.inputs), ("output", "-o", self.ends.outputs)):
            for name in names:
                if parse_edge(name).node not in graph:
                    hint = near_names(name, graph.names)
                    meant = f"did you mean {' or '.join(hint)}?" if hint else f"name an array with {flag}"
                    raise UnknownName(f"{self.path} has no {kind} {name!r}; {meant}")
        return self


def open_source(args: Namespace, target: Target) -> Source:
    """Load the model of `target` (`-` is standard input). Raises UserError with what to do."""
    model = loaded(args, target)
    graph = getattr(args, "source", None)
    if graph is None:
        return Source(target, model, ends_of(args, target, model), calls=_calls(args, target))
    if model.finished is None:
        raise UserError(f"--source explains a finished .tflite model, and {target.path} is none")
    from minmax_lint.config import Target
    from minmax_lint.loaders.endpoints import endpoints

    source = Target(graph)
    made_from = loaded(args, source)
    made_from.require_graph("give with --source")
    return Source(
        target, model, endpoints(model), Source(source, made_from, ends_of(args, source, made_from)).checked()
    )


def _calls(args: Namespace, target: Target) -> tuple[ConverterCall, ...]:
    script = getattr(args, "script", None)
    if script is None:
        return target.calls
    from pathlib import Path

    from minmax_lint.loaders.script.conversion_script import converter_calls

    return converter_calls(Path(script))


def named_source(args: Namespace) -> Source:
    """The one model that the command line names, with what the configuration says about it."""
    from minmax_lint.cli.settings import settings_of

    return open_source(args, settings_of(args, with_baseline=False).target(args.graph))


def read_by(args: Namespace) -> ReadFiles:
    """The files that a command on the one model `args.graph` reads."""
    from minmax_lint.cli.files import read_files
    from minmax_lint.cli.settings import settings_of

    settings = settings_of(args, with_baseline=False)
    return read_files(args, settings, [settings.target(args.graph)])


def loaded(args: Namespace, target: Target) -> Model:
    """The model. Raises UserError that names the path."""
    from minmax_lint.loaders import load

    try:
        values = args.checkpoint or target.checkpoint
        return load(
            target.path,
            signature=args.signature or target.signature,
            values=values,
            trust=args.trust,
            python=args.python,
        )
    except UserError as error:
        if target.path in str(error):
            raise
        raise type(error)(f"{target.path}: {error}") from None


def ends_of(args: Namespace, target: Target, model: Model) -> Endpoints:
    """Inputs and outputs: the command line's, else the configuration's, else inferred.

    Raises UserError where nothing can be inferred.
    """
    from minmax_lint.loaders.endpoints import endpoints

    return endpoints(
        model,
        options.inputs_of(args) or target.inputs,
        args.output_array or target.outputs or None,
        args.signature or target.signature,
    )


def profiles_of(args: Namespace, target: Target) -> tuple[Profile, ...]:
    """The converters that the command line asks for, else the configuration. Raises UnknownName."""
    from minmax_lint.converters.profile import profiles

    return profiles(args.converter or target.converters or None)

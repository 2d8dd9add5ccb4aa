"""A model named on the command line: loaded, with its inputs and outputs."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import dataclass
from typing import TYPE_CHECKING

from minmax_lint.cli import options
from minmax_lint.errors import UnknownName, UserError

if TYPE_CHECKING:
    from minmax_lint.converters.profile import Profile
    from minmax_lint.loaders.endpoints import Endpoints
    from minmax_lint.loaders.model import Model
    from minmax_lint.report import Report
    from minmax_lint.rules.selection import Selection


@dataclass(frozen=True)
class Source:
    """One model, as the user named it."""

    path: str
    model: Model
    ends: Endpoints

    def lint(self, profiles: tuple[Profile, ...], selection: Selection | None = None) -> Report:
        """Its report."""
        from minmax_lint.linting import lint_model
        from minmax_lint.rules.selection import Selection

        return lint_model(
            self.model,
            self.ends.inputs,
            self.ends.outputs,
            profiles,
            path=self.path,
            inferred_how=self.ends.how if self.ends.inferred else "",
            accepts=(selection or Selection()).accepts,
        )

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


def open_source(args: Namespace, path: str) -> Source:
    """Load the model at `path` (`-` is standard input). Raises UserError with what to do."""
    model = loaded(args, path)
    return Source(path, model, ends_of(args, model))


def loaded(args: Namespace, path: str) -> Model:
    """The model. Raises UserError that names the path."""
    from minmax_lint.loaders import load

    try:
        return load(path, signature=args.signature)
    except UserError as error:
        if path in str(error):
            raise
        raise type(error)(f"{path}: {error}") from None


def ends_of(args: Namespace, model: Model) -> Endpoints:
    """Inputs and outputs as the user named them, else inferred. Raises UserError where nothing can be."""
    from minmax_lint.loaders.endpoints import endpoints

    return endpoints(model, options.inputs_of(args), args.output_array or None, args.signature)


def profiles_of(args: Namespace) -> tuple[Profile, ...]:
    """The converters the user asked for. Raises UnknownName."""
    from minmax_lint.converters.profile import profiles

    return profiles(args.converter or None)

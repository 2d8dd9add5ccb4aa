"""The configuration file and the command line as one: what counts for this call."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from minmax_lint.errors import UserError

if TYPE_CHECKING:
    from minmax_lint.config import Baseline, Config, Resolved, Target
    from minmax_lint.report import Report

OPTIONS = {
    "select": "select",
    "ignore": "ignore",
    "extend-select": "extend_select",
    "fixable": "fixable",
    "converters": "converter",
    "fail-level": "fail_level",
    "baseline": "baseline",
}
"""Key of the configuration -> the command line's option that overrides it."""


@dataclass(frozen=True)
class Settings:
    """The nearest configuration, and the values that count."""

    config: Config | None
    values: Resolved
    baseline: Baseline | None = None

    @property
    def baseline_file(self) -> Path | None:
        """Where known findings stand; a path of the configuration counts from its own folder."""
        from minmax_lint.config.resolution import COMMAND_LINE

        found = self.values.values["baseline"]
        if found.value is None:
            return None
        folder = Path() if self.config is None or found.origin == COMMAND_LINE else self.config.folder
        return Path(folder, found.value)

    def targets(self, graphs: list[str]) -> tuple[Target, ...]:
        """The models to lint: those named, else those of the configuration. Raises UserError for none."""
        from minmax_lint.config import targets

        if graphs:
            return tuple(self.target(path) for path in graphs)
        found = targets(self.config) if self.config is not None else ()
        if not found:
            raise UserError(
                "name a graph to check, as in `minmax-lint check model.pb`, or list models in pyproject.toml "
                "([[tool.minmax-lint.models]])"
            )
        return found

    def target(self, path: str) -> Target:
        """A model that the command line names, with what the configuration says about it."""
        from minmax_lint.config import target_of

        return target_of(self.config, path)

    def adjusted(self, report: Report, target: Target) -> Report:
        """The report with severities, fixable rules, ignores and baseline applied."""
        from minmax_lint.config import Adjustment, adjusted

        by = Adjustment(
            self.values["severity"],
            self.values.fixable,
            target.ignores,
            self.baseline,
            self.values.selection,
        )
        return adjusted(report, by)


def settings_of(args: Namespace, *, with_baseline: bool = True) -> Settings:
    """Read the configuration and merge. Raises UserError for one that is wrong."""
    from minmax_lint.config import resolved
    from minmax_lint.config.baseline import read_baseline

    config = _config(args)
    values = resolved(config, {key: getattr(args, name, None) for key, name in OPTIONS.items()})
    settings = Settings(config, values)
    if settings.baseline_file is None or not with_baseline:
        return settings
    return replace(settings, baseline=read_baseline(settings.baseline_file))


def _config(args: Namespace) -> Config | None:
    from minmax_lint.config.discovery import load, load_file

    if args.isolated:
        return None
    if args.config is None:
        return load(Path.cwd())
    found = load_file(Path(args.config))
    if found is None:
        raise UserError(f"{args.config} has no table [tool.minmax-lint]")
    return found

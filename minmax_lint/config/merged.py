"""The configuration file and what the caller gave as one: what counts for this call."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from minmax_lint.config.baseline import Baseline, read_baseline
from minmax_lint.config.discovery import PROJECT_FILE, TABLE
from minmax_lint.config.report import Adjustment, adjust
from minmax_lint.config.resolution import COMMAND_LINE, Resolved, resolve
from minmax_lint.config.targets import Target, target_of, targets
from minmax_lint.errors import UserError
from minmax_lint.report.report import Report

if TYPE_CHECKING:
    from minmax_lint.config.settings import Config


@dataclass(frozen=True)
class Settings:
    """The nearest configuration, and the values that count."""

    config: Config | None
    values: Resolved
    baseline: Baseline | None = None

    @classmethod
    def merge(
        cls, config: Config | None, given: Mapping[str, Any], *, with_baseline: bool = True
    ) -> Settings:
        """`given` (by key of the configuration) goes before the file.

        Raises UserError for a bad baseline or a rule that does not exist, before anything is linted.
        """
        settings = cls(config, resolve(config, given).check_rules())
        if settings.baseline_file is None or not with_baseline:
            return settings
        return replace(settings, baseline=read_baseline(settings.baseline_file))

    @property
    def baseline_file(self) -> Path | None:
        """Where known findings stand; a path of the configuration counts from its own folder."""
        found = self.values.values["baseline"]
        if found.value is None:
            return None
        folder = Path() if self.config is None or found.origin == COMMAND_LINE else self.config.folder
        return Path(folder, found.value)

    def place(self, tables: str = "") -> str:
        """Where a setting stands, in the words of the file that counts: its table, or that of a list of tables."""
        table = f"tool.{TABLE}" if self.config is None else self.config.table
        name = PROJECT_FILE if self.config is None else self.config.file.name
        if tables:
            return f"{name} ([[{table}.{tables}]])" if table else f"{name} ([[{tables}]])"
        return f"[{table}] of {name}" if table else name

    def targets(self, graphs: Sequence[str], missing: Callable[[], str] = str) -> tuple[Target, ...]:
        """The models to lint: those named, else those of the configuration.

        Raises UserError for none, with what `missing` says, if anything.
        """
        if graphs:
            return tuple(self.target(path) for path in graphs)
        found = targets(self.config) if self.config is not None else ()
        if not found:
            raise UserError(
                missing()
                or "name a graph to check, as in `minmax-lint check model.pb`, or list models in "
                f"{self.place('models')}"
            )
        return found

    def target(self, path: str) -> Target:
        """A model that the caller names, with what the configuration says about it."""
        return target_of(self.config, path)

    def adjust(self, report: Report, target: Target) -> Report:
        """The report with severities, fixable rules, ignores and baseline applied."""
        by = Adjustment(
            self.values["severity"],
            self.values.fixable,
            target.ignores,
            self.baseline,
            self.values.selection,
        )
        return adjust(report, by)

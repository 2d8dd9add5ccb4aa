"""What reporters are given: every report of one call of the command line."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import PurePath

from minmax_lint.report import Report
from minmax_lint.rules.finding import Severity


@dataclass(frozen=True)
class Unreadable:
    """A model that could not be linted, and why (one line)."""

    path: str
    message: str


@dataclass(frozen=True)
class Run:
    """The reports of one call, in the order in which the models were named.

    `endpoint_options` are the user's own `-i`, `-o`, `--signature` and `--converter`, as typed: the fix
    commands that reports show repeat them.
    """

    reports: tuple[Report, ...]
    unreadable: tuple[Unreadable, ...] = ()
    endpoint_options: tuple[str, ...] = ()
    verbose: bool = False
    quiet: bool = False
    statistics: bool = False
    """Whether `full` adds a table of how often each rule was broken."""
    selected: frozenset[str] | None = None
    """Codes of the rules that were asked for; None for all."""
    fixed: int = 0
    """Findings that `--fix` has repaired before these reports were made."""

    def count(self, severity: Severity) -> int:
        """Findings of that severity over all models."""
        return sum(report.count(severity) for report in self.reports)

    @property
    def fixable(self) -> int:
        """Findings that `fix` can repair safely."""
        return sum(report.fixable for report in self.reports)

    def fix_command(self, report: Report) -> str | None:
        """The command line that repairs what can be repaired in one model; None where nothing can."""
        offers = [finding.fix for finding in report.findings if finding.fix is not None]
        if not offers:
            return None
        unsafe_only = all(offer.applicability == "unsafe" for offer in offers)
        words = ["minmax-lint", "fix", report.path, *self.endpoint_options]
        words += ["--output", fixed_path(report.path)]
        return shlex.join(words + ["--unsafe-fixes"] * unsafe_only)


def fixed_path(path: str) -> str:
    """Where the fixed model goes by default: `eval.pb` -> `eval.fixed.pb`, a folder -> `folder-fixed`."""
    if path == "-":
        return "fixed.pb"
    pure = PurePath(path)
    known = pure.suffix in {".pb", ".pbtxt", ".meta", ".keras", ".h5", ".tflite"}
    name = f"{pure.stem}.fixed{pure.suffix}" if known else f"{pure.name}-fixed"
    return str(pure.with_name(name))

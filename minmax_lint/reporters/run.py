"""A run: the reports of one call of the command line, which every format renders."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import NamedTuple

from minmax_lint.escaping import command
from minmax_lint.report.report import Report
from minmax_lint.report.words import number_of
from minmax_lint.reporters.picture import Picture, picture
from minmax_lint.rules.framework.finding import SEVERITIES, Applicability, Severity


class Unreadable(NamedTuple):
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
    pictures: Mapping[str, Picture] = field(default_factory=dict)
    """Path -> what is drawn of the report's graph, where that is not here."""
    fixed: int = 0
    """Findings that `--fix` has repaired before these reports were made."""

    def count(self, severity: Severity) -> int:
        """Findings of that severity over all models."""
        return sum(report.count(severity) for report in self.reports)

    def picture(self, report: Report) -> Picture:
        """What is drawn of the report's graph."""
        return self.pictures.get(report.path) or picture(report)

    @property
    def fixable(self) -> int:
        """Findings that `fix` can repair safely."""
        return sum(report.fixable for report in self.reports)

    def fix_commands(self, report: Report) -> Mapping[Applicability, str]:
        """The command lines that repair one model: what is safe alone, and everything. Empty where nothing can."""
        offers = [finding.fix for finding in report.findings if finding.fix is not None]
        words = ["minmax-lint", "fix", report.path, *self.endpoint_options, "--output"]
        output = fixed_path(report.path, report.format)
        found: dict[Applicability, str] = {}
        if any(offer.applicability == "safe" for offer in offers):
            found["safe"] = command([*words, output])
        if any(offer.applicability == "unsafe" for offer in offers):
            data = ["--calibrate", "DATA"] if any(offer.needs_range for offer in offers) else []
            data += ["--checkpoint", "PREFIX"] if data and report.needs_checkpoint else []
            if found and report.format.startswith(
                "savedmodel"
            ):  # the folder of the safe fixes is not written over
                output = f"{output}-unsafe"
            found["unsafe"] = command([*words, output, "--unsafe-fixes", *data])
        return found

    def script_command(self, report: Report) -> str:
        """The command line that shows what to change in the script; empty where nothing is."""
        offers = [finding.script for finding in report.findings if finding.script is not None]
        unsafe = [] if any(offer.safe for offer in offers) else ["--unsafe-fixes"]
        words = ["minmax-lint", "check", report.path, *self.endpoint_options, "--diff", *unsafe]
        return command(words) if offers else ""


def fixed_path(path: str, form: str = "graphdef") -> str:
    """Where the fixed model goes by default: `eval.pb` -> `eval.fixed.pb`, a folder -> `folder-fixed`.

    A checkpoint goes to the current folder, so that a training run finds its own folder as it was.
    """
    if path == "-":
        return "fixed.pb"
    pure = PurePath(path)
    if form == "checkpoint":
        pure = PurePath(pure.name or "checkpoint")
    if pure.suffix in {".keras", ".h5"}:
        return str(pure.with_name(f"{pure.stem}.fixed.pb"))
    known = pure.suffix in {".pb", ".pbtxt", ".meta"}
    name = f"{pure.stem}.fixed{pure.suffix}" if known else f"{pure.name}-fixed"
    return str(pure.with_name(name))


def counts_text(run: Run) -> str:
    """`1 error, 0 warnings, 2 infos` over all models."""
    counts = {level: run.count(level) for level in SEVERITIES}
    return ", ".join(f"{number_of(count, level)}" for level, count in counts.items())

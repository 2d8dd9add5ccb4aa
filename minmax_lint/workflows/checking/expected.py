"""The failure that the lint of a converter's graph foresees."""

from dataclasses import dataclass

from minmax_lint.converters.prediction import Prediction
from minmax_lint.converters.profile import Profile
from minmax_lint.escaping import printable
from minmax_lint.report.report import Report


@dataclass(frozen=True)
class Expected:
    """What the lint of the graph foresees where the converter will not make an all-integer model."""

    report: Report
    profile: Profile
    fix: bool
    """Whether the graph was to be repaired."""
    unsafe: bool
    """Whether ranges may be inserted."""
    advice: str

    @property
    def ends_process(self) -> bool:
        """Whether the converter would end the process instead of raising."""
        return self.profile.engine == "toco" and self._prediction.verdict == "abort"

    @property
    def causes(self) -> str:
        """Every cause, one a line, and what to do."""
        head = f"{self.profile.title} will not make an all-integer model of this graph ({self._prediction.verdict})"
        lines = [
            f"  {one.code} {one.message}"
            for one in self.report.findings
            if one.severity in ("error", "warning")
        ] or [f"  {self._prediction.message}"]
        fixable = self.report.fixable
        if not self.fix and fixable:
            lines.append("  minmax_lint.checked(converter, fix=True) repairs it for the conversion")
        elif not self.unsafe and any(one.fix for one in self.report.findings):
            lines.append(
                "  no safe repair helps; checked(converter, fix=True, unsafe=True) also inserts ranges"
            )
        if self.ends_process:
            lines.append("  the converter was not run: TOCO ends the process where it fails")
        lines += [f"  {self.advice}"] if self.advice and not fixable else []
        return "\n".join(map(printable, [head, *lines]))

    @property
    def wrong(self) -> str:
        """For a model that is all integer in spite of it."""
        found = next(
            (f" ({one.code} {one.place})" for one in self.report.findings if one.severity == "error"), ""
        )
        return (
            f"minmax-lint expected a model that is not all integer{found}, and the converter made an all-integer "
            "one: please report it with the graph"
        )

    @property
    def _prediction(self) -> Prediction:
        return self.report.predictions[self.profile.name]

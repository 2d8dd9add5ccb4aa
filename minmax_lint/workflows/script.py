"""The patch of a conversion script: what the findings about its calls say, written into its text."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import unified_diff
from pathlib import Path

from minmax_lint.converters.call import ConverterCall
from minmax_lint.converters.call_site import DATASET, TextEdit, edit_text
from minmax_lint.converters.dataset import Dataset
from minmax_lint.errors import UserError
from minmax_lint.loaders.script.conversion_script import converter_calls, read_script
from minmax_lint.loaders.script.notebook import notebook_of
from minmax_lint.loaders.script.saved import of_model
from minmax_lint.loaders.script.source import Source
from minmax_lint.rules.framework.finding import Finding, ScriptOffer
from minmax_lint.rules.framework.selection import Selection
from minmax_lint.workflows.opened import Opened, calls_on
from minmax_lint.workflows.signatures import parts
from minmax_lint.writers.atomic import write_file

_ROUNDS = 8
"""One change brings up what another finding says; chains of that are short."""


@dataclass(frozen=True)
class ScriptPatch:
    """A changed script that is not written yet."""

    path: Path
    source: Source
    after: str
    healed: tuple[Finding, ...]
    """The findings that the changes take away."""

    @property
    def empty(self) -> bool:
        """Whether nothing changes."""
        return self.after == self.source.text

    @property
    def needs_samples(self) -> bool:
        """Whether a representative dataset was written, which needs the user's samples."""
        return any(one.script is not None and one.script.changes.get(DATASET) for one in self.healed)

    def diff(self) -> str:
        """The changes as a unified diff, as `patch` and `git apply` take it."""
        before, after = (text.splitlines(keepends=True) for text in (self.source.text, self.after))
        lines = unified_diff(before, after, str(self.path), str(self.path))
        return "".join(
            line if line.endswith(("\n", "\r")) else f"{line}\n\\ No newline at end of file\n"
            for line in lines
        )

    def save(self, destination: Path) -> Path:
        """Write the changed script atomically. Raises UserError."""
        write_file(destination, [self.source.encoded(self.after)])
        return destination


def patch_script(
    opened: Opened, path: Path, *, unsafe: bool = False, selection: Selection | None = None
) -> ScriptPatch:
    """The script at `path`, whose calls `opened` has, with every change that a finding about them offers.

    `unsafe`: those as well that give the model other ends; `selection`: of the findings that count. Raises UserError
    where the script cannot be read.
    """
    content = read_script(path)
    if notebook_of(content) is not None:
        raise UserError(
            f"{path} is a notebook, which is read and not changed: `check` says what to write in it"
        )
    source = Source(content)
    text, healed = source.text, dict[str, Finding]()
    for _ in range(_ROUNDS):
        read = of_model(converter_calls(path, source.encoded(text)), opened.path)
        found = [
            finding for one in _as_called(opened, read, path) for finding in one.lint(selection).findings
        ]
        offering = [one for one in found if one.script is not None and (unsafe or one.script.safe)]
        changed = edit_text(text, dict.fromkeys(_edits(offering)))
        if changed == text:
            break
        text = changed
        healed |= {one.message: one for one in offering}
    return ScriptPatch(path, source, text, tuple(healed.values()))


def _as_called(opened: Opened, read: Sequence[ConverterCall], path: Path) -> Iterator[Opened]:
    """The model as the changed script converts it: each of its signatures by its own calls."""
    opened_parts = (opened, *opened.others)
    read_parts = [part.calls for part in parts(opened.model, read)] if opened.others else [read]
    for one, calls in zip(opened_parts, read_parts, strict=True):
        own = calls_on(one.model, one.ends, calls)
        new_calls = (
            replace(new, tensorflow=old.tensorflow, dataset=_dataset(old, new, path))
            for new, old in zip(own, one.calls, strict=True)
        )
        yield replace(one, calls=tuple(new_calls))


def _dataset(old: ConverterCall, new: ConverterCall, path: Path) -> Dataset | None:
    """The samples that were given, or else what the changed script yields."""
    given = old.dataset is not None and not old.dataset.origin.startswith(f"{path}:")
    return old.dataset if given else new.dataset


def _edits(findings: list[Finding]) -> Iterator[TextEdit]:
    """The edits of all findings: one a change, and where two do not go together the first finding's alone."""
    by_converter: dict[tuple[str, int], list[ScriptOffer]] = {}
    for finding in findings:
        if finding.script is not None:
            site = finding.script.site
            by_converter.setdefault((site.converter, site.line), []).append(finding.script)
    for offers in by_converter.values():
        merged: dict[str, str | None] = {}
        for offer in offers:
            merged = {**offer.changes, **merged}
        yield from offers[0].site.edits(merged) or offers[0].edits

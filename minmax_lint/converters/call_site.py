"""Where a script sets up a converter, and how its text changes there.

Places are characters of the script's text. Nothing but what a change names is touched: not a space, not a comment.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

DATASET = "representative_dataset"
DEFAULT = "[{lite}.Optimize.DEFAULT]"
"""The value of `optimizations`. `{lite}` and `{tf}` stand for what the script calls these modules."""

YIELD = "yield "
"""With a number: the array of that place in what the dataset yields, which is changed like an attribute."""
_REMARK = "# some hundred real inputs, as the model gets them in use"

Changes = Mapping[str, str | None]
"""Attribute (`optimizations`, `target_spec.supported_ops`) -> its new value as Python text; None leaves it out. That of
`representative_dataset` is what its generator yields: `[sample]`."""


class TextEdit(NamedTuple):
    """One change of a script's text."""

    start: int
    end: int
    text: str
    """What stands between `start` and `end` afterwards."""
    where: str
    """For people: the line."""
    words: str
    """The exact replacement."""


class Setting(NamedTuple):
    """One statement that sets an attribute."""

    line: int
    target: tuple[int, int]
    """`converter.x = ` with what follows up to the next target or the value."""
    value: tuple[int, int]
    statement: tuple[int, int]
    """Whole lines, without what they stand for; empty where other statements share them."""
    instead: str
    """What takes the place of a statement that goes: empty, or `pass` where its block holds no other."""
    shared: bool
    """Whether it sets the attribute of other converters as well."""
    text: str
    """The source of the value."""


class CallSite(NamedTuple):
    """The lines of a script that make one converter and set its attributes."""

    converter: str
    """What the script calls it: `converter`, `self.converter`."""
    modules: Mapping[str, str]
    """`tf` and `lite` -> what the script calls them, as far as it can."""
    line: int
    """The last line of the statement that makes the converter."""
    end: int
    """Where the next line begins."""
    indent: str
    newline: str
    """The line break of this place in the file."""
    last: bool
    """Whether the file ends with that line, without a line break."""
    settings: Mapping[str, tuple[Setting, ...]]
    """Attribute -> the statements that set it."""
    names: frozenset[str]
    """Every name in the script."""

    def edits(self, changes: Changes) -> tuple[TextEdit, ...]:
        """The edits that make these changes; none where one of them cannot be made without guessing."""
        found: list[TextEdit] = []
        for attribute, value in changes.items():
            statements = self.settings.get(attribute, ())
            if (
                len(statements) > 1
                or any(one.shared for one in statements)
                or (value is not None and not self._is_known(value))
            ):
                return ()
            if value is None:
                found += self._without(attribute, statements, changes)
            else:
                found += self._with(attribute, value, statements, changes)
            if statements and not found:
                return ()
        return tuple({(one.start, one.end, one.text): one for one in found}.values())

    def _is_known(self, value: str) -> bool:
        return all(f"{{{name}}}" not in value or self.modules.get(name) for name in ("tf", "lite"))

    def _without(self, attribute: str, statements: Iterable[Setting], changes: Changes) -> Iterator[TextEdit]:
        words = f"leave {self.converter}.{attribute} out"
        for one in statements:
            together = [name for name, found in self.settings.items() if any(_same(one, s) for s in found)]
            if all(name in changes and changes[name] is None for name in together):
                if one.statement != (0, 0):
                    yield TextEdit(*one.statement, one.instead, f"line {one.line}", words)
            else:
                yield TextEdit(*one.target, "", f"line {one.line}", words)

    def _with(
        self, attribute: str, value: str, statements: tuple[Setting, ...], changes: Changes
    ) -> Iterator[TextEdit]:
        text = value
        for name, module in self.modules.items():
            text = text.replace(f"{{{name}}}", module)
        before: list[str] = []
        if attribute == DATASET:
            text, unit = self._free(DATASET), "\t" if "\t" in self.indent else "    "
            before = [
                f"def {text}():",
                f"{unit}for sample in {self._free('samples')}:  {_REMARK}",
                f"{unit}{unit}yield {value}",
            ]
        if not statements:
            line = f"{self.converter}.{attribute} = {text}"
            yield self._insertion(
                [*before, line], f"a function that yields samples, and {line}" if before else line
            )
            return
        if before:
            yield self._insertion(before, "a function that yields samples")
        one = statements[0]
        together = [name for name, found in self.settings.items() if any(_same(one, s) for s in found)]
        if all(changes.get(name) == value for name in together):
            target = "yield" if attribute.startswith(YIELD) else f"{self.converter}.{attribute} ="
            words = f"{target} {text}"
            yield TextEdit(*one.value, text, f"line {one.line}", words)

    def _insertion(self, lines: list[str], words: str) -> TextEdit:
        before, behind = (self.newline, "") if self.last else ("", self.newline)
        text = "".join(f"{before}{self.indent}{line}{behind}" for line in lines)
        return TextEdit(self.end, self.end, text, f"after line {self.line}", words)

    def _free(self, name: str) -> str:
        number = 1
        while f"{name}_{number}" in self.names if number > 1 else name in self.names:
            number += 1
        return name if number == 1 else f"{name}_{number}"


def _same(first: Setting, second: Setting) -> bool:
    return first.value == second.value


def edit_text(text: str, edits: Iterable[TextEdit]) -> str:
    """The text with these edits, no two of which touch the same characters; insertions at one place in their order."""
    pieces, at = [], 0
    for edit in sorted(edits, key=lambda one: (one.start, one.end)):
        pieces += [text[at : edit.start], edit.text]
        at = edit.end
    return "".join([*pieces, text[at:]])

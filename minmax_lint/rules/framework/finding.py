"""What a rule returns."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple, TypedDict

from minmax_lint.converters.call_site import CallSite, Changes, TextEdit

Severity = Literal["error", "warning", "info"]
Applicability = Literal["safe", "unsafe"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")

Role = Literal["kept", "output", "outside", "missing", "float", "integer"]


class FixOffer(NamedTuple):
    """How `fix` can repair a finding. Safe: outputs stay the same up to the FakeQuant's own rounding."""

    strategy: str
    """Name of the repair (`guard`, `retarget`, `rewire`, `insert`, ...)."""
    applicability: Applicability
    description: str
    """One sentence, imperative."""
    needs_range: bool = False
    """Whether the user has to say a range, or give data to observe one."""


class ScriptOffer(NamedTuple):
    """How the script that converts is to be changed."""

    site: CallSite
    changes: Changes
    safe: bool = True
    """Whether the model keeps the ends that the program around it uses."""

    @property
    def edits(self) -> tuple[TextEdit, ...]:
        """The changes as edits of the script's text; none where they cannot be made without guessing."""
        return self.site.edits(self.changes)


def insertion(where: str, ranges: str = "a range") -> FixOffer:
    """A FakeQuant behind an array, whose range only the user can know."""
    description = f"Insert a FakeQuant behind {where}, with {ranges} that you give."
    return FixOffer("insert", "unsafe", description, needs_range=True)


class Step(NamedTuple):
    """One step of the small drawing of a finding's path, from what is kept to what lies outside."""

    node: str
    op: str
    role: Role
    note: str = ""
    """What to say beside it: `[0, 6]`, `no range`, `the output`."""


class FindingFields(TypedDict, total=False):
    """What a rule says of a finding beside its message; see `Finding`."""

    node: str | None
    array: str | None
    outputs: tuple[str, ...]
    profiles: tuple[str, ...]
    consequences: tuple[str, ...]
    path: tuple[Step, ...]
    advice: str
    fix: FixOffer | None
    script: ScriptOffer | None


@dataclass(frozen=True)
class Finding:
    """One finding: a root cause with its consequences.

    `outputs`: the model's output arrays concerned. `profiles`: names of the selected profiles that it
    breaks. `consequences`: arrays whose ops go float, or whose conversion fails, because of it.
    """

    code: str
    name: str
    severity: Severity
    message: str
    """One sentence: what is wrong."""
    node: str | None = None
    array: str | None = None
    outputs: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()
    consequences: tuple[str, ...] = ()
    path: tuple[Step, ...] = field(default=(), repr=False)
    advice: str = ""
    """What to change, where no fix of ours can do it: one sentence."""
    fix: FixOffer | None = None
    script: ScriptOffer | None = None
    """How the script is to be changed, where its call is at fault."""
    identity: str = field(default="", repr=False)
    """What stays the same of it from one graph to the next."""

    @property
    def fingerprint(self) -> str:
        """Its identity in 16 hexadecimal digits."""
        import hashlib

        return hashlib.sha256(self.identity.encode(errors="surrogatepass")).hexdigest()[:16]

    @property
    def place(self) -> str | None:
        """The node, or else the array, that it is about; None where it is about the whole graph."""
        return self.node or self.array

    @property
    def remedy(self) -> str:
        """What to do: the advice, and what `fix` does."""
        return " ".join(filter(None, (self.advice, self.fix and self.fix.description)))


def with_fingerprints(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings with fingerprints that survive renumbering (`Relu_1` -> `Relu_2`) and added layers.

    Findings alike but for numbers are distinguished by their place among each other.
    """
    seen: Counter[str] = Counter()
    outputs: dict[tuple[str, ...], str] = {}
    result = []
    for finding in findings:
        behind = outputs.get(finding.outputs)
        if behind is None:
            behind = outputs[finding.outputs] = "".join("\0" + _without_numbers(n) for n in finding.outputs)
        key = f"{finding.code}\0{_without_numbers(finding.place or '')}{behind}"
        seen[key] += 1
        result.append(replace(finding, identity=f"{key}\0{seen[key]}"))
    return tuple(result)


_NUMBER = re.compile(r"_\d+(?=$|[/:])")


def _without_numbers(name: str) -> str:
    return _NUMBER.sub("", name)


class Explanation(NamedTuple):
    """Why an op of a finished model is float: what is wrong in the graph that the model was made from."""

    graph: str
    """The graph's path."""
    array: str
    """The array in it that is to blame."""
    message: str
    code: str = ""
    """The rule that finds it there; empty where none does."""
    advice: str = ""

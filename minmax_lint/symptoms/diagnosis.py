"""What is known about a pasted message, and how to say it."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from minmax_lint.escaping import markdown_block, markdown_code, markdown_text
from minmax_lint.report.report import Report
from minmax_lint.rules.framework.finding import Finding

_MADE_BY_TOCO = re.compile(r"(_(mul|add)(_\d+)?(_param)?|_param|_reordered|/transpose|_requantized)$")
"""Endings that TOCO adds to the names of the arrays it makes itself (resolve_batch_normalization.cc,
import_tensorflow.cc)."""

_UNEXPLAINED = (
    "- no finding explains this message: is this the converted graph, with the same outputs? The script that converts "
    "may hold the cause: name it with `--script FILE.py`."
)


MOST_NODES = 6
"""Nodes of the user's graph that an explanation names."""


@dataclass(frozen=True)
class Diagnosis:
    """One recognised message.

    `codes`: rules that find the cause in a graph, the likeliest first. `named`: what the message names, by
    role: `array`, `output`, `consumer` (op type), `op`, `layer`.
    """

    symptom: str
    """Which wording it is, in kebab case."""
    speaker: str
    line: str
    """The line that was recognised."""
    codes: tuple[str, ...]
    cause: str
    remedy: str
    named: Mapping[str, str] = field(default_factory=dict)

    @property
    def array(self) -> str | None:
        """The array that the message names; None where it names none."""
        return self.named.get("array")

    @property
    def node(self) -> str | None:
        """The node of the source graph behind that array; TOCO's own endings are taken off."""
        if self.array is None:
            return None
        name = re.sub(r":\d+$", "", self.array)
        return _MADE_BY_TOCO.sub("", name)

    @property
    def op(self) -> str | None:
        """The op type that the message blames."""
        return self.named.get("op")

    def findings(self, report: Report) -> tuple[Finding, ...]:
        """The findings of a linted graph that explain the message.

        Those about the array that the message names, where there are any; else all of these rules.
        """
        of_rules = [found for found in report.findings if found.code in self.codes]
        names = {name for name in (self.array, self.node, self.named.get("output")) if name}
        about = [found for found in report.findings if names & set(_names(found))]
        return tuple(about or sorted(of_rules, key=lambda found: self.codes.index(found.code)))

    def nodes(self, report: Report) -> tuple[str, ...]:
        """The nodes of a linted graph that the message is about: of its name, else those of the op type it blames.

        TFLite's op names are those of the predicted models, TensorFlow's those of the graph.
        """
        if self.node is not None and self.node in report.source:
            return (self.node,)
        if self.op is None:
            return ()
        wanted = _plain(self.op)
        made = [op for one in report.predictions.values() for op in one.ops if _plain(op.op) == wanted]
        names = [name for op in made for name in (op.nodes or (op.output,))[-1:]]
        kept = (name for name in report.source.names if name in report.trace)
        names += [name for name in kept if _plain(report.source.op(name)) == wanted]
        return tuple(dict.fromkeys(names))

    def markdown(
        self,
        findings: Iterable[Finding] | None = None,
        command: str | None = None,
        nodes: Sequence[str] = (),
        note: str = "",
    ) -> str:
        """The explanation; `findings` and `nodes`: those of the user's own graph, `command`: what repairs it.

        `note`: how that graph was looked at, one sentence.
        """
        title = self.symptom.replace("-", " ").capitalize()
        code = f" ({self.codes[0]})" if self.codes else ""
        lines = [
            f"# {title}{code}",
            "",
            *([f"> {markdown_text(self.line)}", ""] if self.line else []),
            f"Printed by {self.speaker}.",
        ]
        if self.node:
            lines.append(
                f"It names the array {markdown_code(self.array or '')}" + _rename(self.array, self.node)
            )
        if self.op:
            lines.append(f"It names the op {markdown_code(self.op)}.")
        if findings is not None:
            entries = [_entry(finding) for finding in findings]
            lines += ["", "## In your graph", ""]
            lines += [note, ""] if note else []
            if nodes:
                shown = ", ".join(map(markdown_code, nodes[:MOST_NODES]))
                more = f" and {len(nodes) - MOST_NODES} more" if len(nodes) > MOST_NODES else ""
                lines += [f"It is about {'node' if len(nodes) == 1 else 'the nodes'} {shown}{more}.", ""]
            lines += entries or ([] if nodes else [_UNEXPLAINED])
            lines += ["", markdown_block(command, "sh")] if entries and command else []
        lines += ["", "## Cause", "", self.cause, "", "## What to do", "", self.remedy, ""]
        if self.codes:
            lines += ["## Rules", "", *(f"- `minmax-lint explain {code}`" for code in self.codes), ""]
        return "\n".join(lines)


def _plain(op: str) -> str:
    return op.replace("_", "").lower()


def _entry(finding: Finding) -> str:
    where = f" Node {markdown_code(finding.place)}." if finding.place else ""
    message, remedy = markdown_text(finding.message), markdown_text(finding.remedy)
    return f"- **{finding.code}** {message}.{where} {remedy}".rstrip()


def _names(finding: Finding) -> list[str]:
    return [name for name in (finding.node, finding.array, *finding.consequences) if name]


def _rename(array: str | None, node: str) -> str:
    return "." if array == node else f", made from the node {markdown_code(node)}."

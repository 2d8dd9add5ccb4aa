"""MM902: unused-ignore."""

from collections.abc import Iterator

from minmax_lint.graph.build import Builder
from minmax_lint.rules.framework import Example, Examples, Finding, Rule, Subject


class UnusedIgnore(Rule):
    """An ignore of the configuration fits no finding.

    ## What it does
    Reports every `ignore` entry of a `[[models]]` table that takes no finding of that model out.

    ## Why
    The defect that it excused is healed, or the node was renamed. If it stays, the entry will hide the
    next finding of the same kind, with a reason that no longer holds.

    ## Symptom
    None: converters know nothing of ignores.

    ## Fix
    Delete the entry, or correct its code or its node pattern.

    ## Converters
    All: it is about the configuration, not about a converter.
    """

    name = "unused-ignore"
    severity = "warning"

    def check(self, subject: Subject) -> Iterator[Finding]:
        yield from ()

    def unused(self, code: str, node: str | None, reason: str, origin: str) -> Finding:
        """The finding about one ignore: of the rule `code`, for nodes that fit `node`."""
        about = f" for {node!r}" if node else ""
        where = f" ({origin})" if origin else ""
        return self.finding(
            f"the ignore of {code}{about} fits no finding{where}",
            node=node,
            outputs=(code,),
            advice=f"Delete it; its reason was: {reason}",
        )

    def examples(self) -> Examples:
        b = Builder()
        x = b.fake_quant("input_quant", b.placeholder("input", [1, 4]), 0, 6)
        b.fake_quant("output", b.add("Relu6", "Relu6", x), 0, 6)
        return Examples(failing=Example(b.graph()), passing=Example(b.graph()))

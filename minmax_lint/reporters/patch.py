"""A fix as data: its part in the JSON of `fix` and of `convert`."""

from collections.abc import Iterator
from typing import Any

from minmax_lint.fixes.engine.patch import Patch
from minmax_lint.rules.framework.finding import Finding
from minmax_lint.rules.framework.rule import rule

KINDS = ("added", "removed", "rewired", "renamed", "changed")


def patch_data(patch: Patch) -> dict[str, Any]:
    """What was done, repair by repair and node by node, and what was not and why."""
    return {
        "strategy": patch.strategy,
        "safe": patch.safe,
        "reason": patch.reason,
        "outputs": list(patch.outputs),
        "repairs": [
            {
                "strategy": part.strategy,
                "applicability": "safe" if part.safe else "unsafe",
                "healed": [_place(finding) for finding in _findings_healed(patch, part.strategy)],
            }
            for part in patch.repair.parts
        ],
        "left": [_place(one) | {"message": one.message} for one in patch.after.findings],
        "refused": list(patch.refused),
        "changes": list(patch.diff()),
        "nodes": {
            kind: [
                {"node": change.node, "text": change.text} for change in patch.changes if change.kind == kind
            ]
            for kind in KINDS
        },
    }


def _findings_healed(patch: Patch, strategy: str) -> Iterator[Finding]:
    """Findings that are gone and that a repair of this kind heals."""
    name_before = patch.repair.name_before
    left = {(one.code, name_before(one.array or one.node or "")) for one in patch.after.findings}
    for finding in patch.before.findings:
        gone = (finding.code, finding.array or finding.node or "") not in left
        if gone and strategy in rule(finding.code).fixes:
            yield finding


def _place(finding: Finding) -> dict[str, Any]:
    return {
        "code": finding.code,
        "name": finding.name,
        "severity": finding.severity,
        "node": finding.node,
        "array": finding.array,
        "fingerprint": finding.fingerprint,
    }

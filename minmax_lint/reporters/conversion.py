"""A conversion and a patch as data: the JSON of `convert` and of `fix`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from minmax_lint.backends.conversion import TFLiteModel
from minmax_lint.backends.verification import Verification
from minmax_lint.escaping import json_text
from minmax_lint.fixes.engine.patch import Patch
from minmax_lint.reporters.document import (
    SCHEMA_VERSION,
    TOOL,
    fields_of,
    finite,
    prediction_data,
    report_data,
)
from minmax_lint.reporters.finished import tensor_data
from minmax_lint.rules.framework.finding import Finding
from minmax_lint.rules.framework.rule import rule
from minmax_lint.workflows.convert import Conversion


def print_json(out: TextIO, found: Conversion, destination: str) -> None:
    """Print the conversion as one JSON document."""
    content = {
        "schema_version": SCHEMA_VERSION,
        "tool": TOOL,
        "report": report_data(found.report),
        "fix": found.patch and patch_data(found.patch),
        **conversion_data(found, destination),
    }
    out.write(json_text(content))


def print_patch_json(out: TextIO, patch: Patch, written: Path | None, proof: Conversion | None) -> None:
    """One document: the graph before and after, the fix, and the real converter's proof where there is one."""
    proved = {"conversion": None, "verification": None, "unverified": None}
    content = {
        "schema_version": SCHEMA_VERSION,
        "tool": TOOL,
        "written": None if written is None else str(written),
        "report": report_data(patch.after),
        "before": report_data(patch.before),
        "fix": patch_data(patch),
        "others": [
            {
                "signatures": list(one.signatures),
                "report": report_data(one.after),
                "before": report_data(one.before),
                "fix": patch_data(one),
            }
            for one in patch.others
        ],
        "unchanged": dict(patch.unchanged),
        **(proved if proof is None else conversion_data(proof, None)),
    }
    out.write(json_text(content))


def conversion_data(found: Conversion, destination: str | None) -> dict[str, Any]:
    """What the converter did, and how near the model's values are; an error without end is null."""
    result, failure = found.result, found.result.failure
    return {
        "conversion": {
            "engine": result.engine,
            "flow": result.flow,
            "call": found.called,
            "tensorflow": result.tensorflow,
            "seconds": round(result.seconds, 3),
            "verdict": found.verdict,
            "message": found.message,
            "kind": failure and failure.kind,
            "array": failure and failure.array,
            "op": failure and failure.op,
            "predicted": found.prediction and prediction_data(found.prediction),
            "surprise": found.surprise,
            "model": found.contents and {"path": destination, **_model_data(found.contents)},
        },
        "verification": found.verification and _verification_data(found.verification, found),
        "unverified": found.unverified or None,
        "refused": found.refused or None,
    }


def _model_data(model: TFLiteModel) -> dict[str, Any]:
    return {
        "size": model.size,
        "ops": [
            {"op": op.name, "output": op.outputs[0].name if op.outputs else None, "float": op.is_float}
            for op in model.ops
        ],
        "inputs": [tensor_data(tensor) for tensor in model.inputs],
        "outputs": [tensor_data(tensor) for tensor in model.outputs],
    }


def _verification_data(verification: Verification, found: Conversion) -> dict[str, Any]:
    return {
        "samples": verification.samples,
        "source": verification.source or "random",
        "worst": finite(verification.worst),
        "threshold": found.threshold,
        "within_threshold": found.within_threshold,
        "first_error": verification.first_error or None,
        "clipped": dict(verification.clipped),
        "comparisons": [
            {
                **fields_of(one, "reference value output step"),
                "max_error": finite(one.max_error),
                "mean_error": finite(one.mean_error),
                "argmax_agreement": one.agreement,
            }
            for one in verification.comparisons
        ],
    }


KINDS = ("added", "removed", "rewired", "renamed", "changed")


def patch_data(patch: Patch) -> dict[str, Any]:
    """What was done, repair by repair and node by node, and what was not and why."""
    return {
        **fields_of(patch, "strategy safe reason outputs"),
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
    return fields_of(finding, "code name severity node array fingerprint")

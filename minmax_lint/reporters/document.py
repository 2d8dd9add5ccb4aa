"""Reports as plain data: the contract's JSON document and its parts."""

import math
from collections.abc import Mapping
from typing import Any

from minmax_lint.converters.prediction import Prediction
from minmax_lint.graph.tensor import Shape
from minmax_lint.report.report import Report
from minmax_lint.reporters.run import Run
from minmax_lint.rules.framework.finding import Finding
from minmax_lint.version import __version__

SCHEMA_VERSION = 1
TOOL = {"name": "minmax-lint", "version": __version__}


def finite(number: float) -> float | None:
    """A number as JSON can write it: null for NaN and infinity."""
    return number if math.isfinite(number) else None


def fields_of(source: object, names: str) -> dict[str, Any]:
    """These attributes, under their own names; a tuple as a list."""
    found = {name: getattr(source, name) for name in names.split()}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in found.items()}


def shapes_data(inputs: Mapping[str, Shape | None]) -> dict[str, list[int | None] | None]:
    """Shapes by array: null where nothing is known of one, and for a size that is not known."""
    return {name: None if shape is None else list(shape) for name, shape in inputs.items()}


def document(run: Run) -> dict[str, Any]:
    """The whole run as one JSON document (contract: "JSON")."""
    return {
        "schema_version": SCHEMA_VERSION,
        "tool": TOOL,
        "reports": [report_data(report) for report in run.reports],
        "unreadable": [{"path": failed.path, "message": failed.message} for failed in run.unreadable],
        "summary": summary_data(run),
    }


def summary_data(run: Run) -> dict[str, int]:
    """The counts over all models, as the JSON document has them."""
    return {
        "models": len(run.reports) + len(run.unreadable),
        "errors": run.count("error"),
        "warnings": run.count("warning"),
        "infos": run.count("info"),
        "fixable": run.fixable,
    }


def report_data(report: Report) -> dict[str, Any]:
    """One model's report, as the JSON document has it."""
    return {
        **fields_of(report, "path format"),
        "inputs": shapes_data(report.inputs),
        **fields_of(report, "outputs inferred inferred_how"),
        **({"chosen": report.chosen} if report.chosen else {}),
        **({"note": report.note} if report.note else {}),
        **fields_of(report, "nodes kept_nodes"),
        "predictions": {name: prediction_data(found) for name, found in report.predictions.items()},
        "findings": [finding_data(finding) for finding in report.findings],
    }


def prediction_data(prediction: Prediction) -> dict[str, Any]:
    """One prediction, as the JSON document has it."""
    worst = prediction.worst_float_op
    return {
        **fields_of(prediction, "verdict kind array op"),
        "float_ops": [list(pair) for pair in prediction.float_ops],
        **fields_of(prediction, "runs refused message integer_share integer_mac_share"),
        "worst_float_op": worst and {"op": worst.op, "array": worst.output, "macs": worst.macs},
        **_cpu_ops(prediction),
        **_weights(prediction),
    }


def _weights(prediction: Prediction) -> dict[str, Any]:
    """Of dynamic range and float16 alone: the ops with smaller weights."""
    if not prediction.weight_ops:
        return {}
    ops = [
        {"op": op.op, "output": op.output, **op.weights._asdict()}
        for op in prediction.weight_ops
        if op.weights is not None
    ]
    return {"weights": ops, "weight_mac_share": prediction.mac_share(prediction.weight_ops)}


def _cpu_ops(prediction: Prediction) -> dict[str, Any]:
    """Of a device alone: the ops that it leaves to the CPU."""
    if not prediction.cpu_ops:
        return {}
    return {"cpu_ops": [fields_of(one, "op output reason") for one in prediction.cpu_ops]}


def finding_data(finding: Finding) -> dict[str, Any]:
    """One finding, as the JSON document has it."""
    fix = finding.fix
    return {
        **fields_of(finding, "code name severity message node array outputs profiles consequences"),
        "path": [fields_of(step, "node op role note") for step in finding.path],
        **fields_of(finding, "advice fingerprint"),
        "fix": fix and fields_of(fix, "applicability description strategy"),
        **_script(finding),
    }


def _script(finding: Finding) -> dict[str, Any]:
    """Of a finding about a call in a script alone: how its text changes; places are characters of that text."""
    offer = finding.script
    if offer is None:
        return {}
    edits = [fields_of(edit, "start end text where") for edit in offer.edits]
    return {"script": {"path": finding.outputs[0].rpartition(":")[0], "safe": offer.safe, "edits": edits}}

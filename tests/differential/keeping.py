"""Keep a graph on which a model and its converter disagree, in the form of fixtures/corpus."""

import json
from pathlib import Path

from minmax_lint.writers.graphdef import encode
from tests.differential.comparison import Comparison, built_for


def keep(comparison: Comparison, name: str, folder: Path) -> Path:
    """Write folder/name/graph.pb and case.json; returns folder/name."""
    place = folder / name
    place.mkdir(parents=True, exist_ok=True)
    built = built_for(comparison.program, comparison.profile)
    (place / "graph.pb").write_bytes(encode(built.graph))
    p = comparison.prediction
    case = {
        "id": name,
        "program": repr(comparison.program),
        "graph": "graph.pb",
        "inputs": built.inputs,
        "outputs": built.outputs,
        "nodes": len(built.graph),
        "expected": {comparison.profile: comparison.expected},
        "predicted": {
            "verdict": p.verdict,
            "kind": p.kind,
            "array": p.array,
            "op": p.op,
            "float_ops": [list(op) for op in p.float_ops],
            "message": p.message,
        },
    }
    (place / "case.json").write_text(json.dumps(case, indent=1) + "\n")
    return place

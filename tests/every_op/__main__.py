"""Measure every op: `python -m tests.every_op SPECS PROFILE... [--out TABLE]`.

SPECS is what `find_graphs.py` wrote. Answers are added to the table (fixtures/every_op.jsonl by default), one line an
op. Interpreters: MINMAX_LINT_TF215, _TF221 (tests/interpreters.py).
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from minmax_lint.converters.profile import PROFILES, Profile
from minmax_lint.writers.graphdef import encode
from tests.differential.batch import convert_batch, returncode_in
from tests.differential.forked import expected_of, request_of
from tests.every_op.graph import TABLE, OpCase, cases
from tests.interpreters import tensorflow


def main() -> int:
    """Convert, and write what came of it."""
    parser = argparse.ArgumentParser(prog="python -m tests.every_op", description=__doc__)
    parser.add_argument("specs", type=Path)
    parser.add_argument("profiles", nargs="+", choices=list(PROFILES))
    parser.add_argument("--out", type=Path, default=TABLE)
    parser.add_argument("--only", nargs="*", help="measure these ops alone")
    parser.add_argument("--open", action="store_true", help="measure with an open first size")
    options = parser.parse_args()
    records = {case.op: dict(case.record) for case in cases(options.specs)}
    if options.out.exists():
        for case in cases(options.out):
            records.setdefault(case.op, dict(case.record))["answers"] = dict(case.answers)
    chosen = [op for op in sorted(records) if not options.only or op in options.only]
    key = "open" if options.open else "answers"
    for name in options.profiles:
        asked = [OpCase(records[op]).opened if options.open else OpCase(records[op]) for op in chosen]
        answers = measured([case for case in asked if case is not None], PROFILES[name])
        for op, answer in answers.items():
            records[op].setdefault(key, {})[name] = answer
        write(options.out, records)
    return 0


def write(path: Path, records: dict[str, dict[str, Any]]) -> None:
    """One line an op, in the order of their names."""
    lines = (json.dumps(records[op], separators=(",", ":")) for op in sorted(records))
    path.write_text("".join(f"{line}\n" for line in lines))


def measured(chosen: list[OpCase], profile: Profile) -> dict[str, Any]:
    """Op -> what the converter of `profile` does with its graph."""
    python = tensorflow("{}.{}".format(*profile.version))
    with tempfile.TemporaryDirectory(prefix="minmax-lint-every-op-") as name:
        root = Path(name)
        requests = []
        for case in chosen:
            folder = root / case.op
            folder.mkdir()
            (folder / "graph.pb").write_bytes(encode(case.graph))
            requests.append(request_of(folder, profile, case.inputs, case.outputs, 60.0))
        convert_batch(requests, python)
        return {case.op: compact(root / case.op, profile) for case in chosen}


def compact(folder: Path, profile: Profile) -> Any:
    """The answer in short: [verdict, ops of the model, float ops among them], or ["abort", kind, message]."""
    expected = expected_of(folder, profile.flow, returncode_in(folder))
    if expected["verdict"] == "abort":
        return ["abort", expected["kind"], in_short(expected["message"], folder)]
    float_ops = [op for op, _ in expected.get("float_ops", ())]
    return [expected["verdict"], " ".join(expected["ops"]), " ".join(float_ops)]


def in_short(message: str, folder: Path) -> str:
    """The converter's message; for an op without builtin or integer form, that."""
    if "is neither a custom op nor a flex op" in message:
        whole = json.loads((folder / "result.json").read_text())["message"]
        return "needs flex" if "ERROR_NEEDS_FLEX_OPS" in whole else "needs custom"
    if "for which the quantized form is not yet implemented" in message:
        return "no quantized form"
    return message.replace(str(folder), "")[:160]


if __name__ == "__main__":
    sys.exit(main())

"""The real converters' answers on what was looked at."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from minmax_lint.converters.profile import PROFILES
from minmax_lint.converters.releases import dotted
from tests.differential.batch import convert_batch, returncode_in
from tests.differential.forked import Expected, expected_of

Request = tuple[str, str, Mapping[str, Any]]
"""Model, profile, and the request for the converter."""
Answers = dict[tuple[str, str], Expected]
"""(model, profile) -> what the converter did."""
OUT_OF_TIME = -14
"""SIGALRM, as subprocess gives it."""


def ask(requests: Iterable[Request], pythons: Mapping[tuple[str, str], Path], kept: Answers) -> None:
    """Add the answers that are not there yet to `kept`; `pythons`: (engine, version) -> interpreter.

    A conversion that runs out of its time has no answer, nor has one without an interpreter.
    """
    by_python: dict[Path, list[Request]] = {}
    for model, name, asked in requests:
        python = pythons.get((PROFILES[name].engine, dotted(PROFILES[name].version)))
        if python is not None and (model, name) not in kept:
            by_python.setdefault(python, []).append((model, name, asked))
    for python, group in by_python.items():
        convert_batch([asked for _, _, asked in group], python)
        for model, name, asked in group:
            folder = Path(asked["result"]).parent
            code = returncode_in(folder)
            if code != OUT_OF_TIME:
                kept[model, name] = expected_of(folder, PROFILES[name].flow, code)


def read_answers(path: Path) -> Answers:
    """Those of an earlier sweep; none where there is no such file."""
    if not path.exists():
        return {}
    rows = (json.loads(line) for line in path.read_text().splitlines())
    return {(row["model"], row["profile"]): row["answer"] for row in rows}


def write_answers(path: Path, kept: Answers) -> None:
    """One JSON line an answer."""
    rows = ({"model": model, "profile": name, "answer": one} for (model, name), one in kept.items())
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))

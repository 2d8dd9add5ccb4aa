"""A graph says the same with its default attributes and without them.

python -m tests.corpus.test_default_attributes FOLDER     the same for any folder with cases.jsonl and graphs
"""

import difflib
import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from minmax_lint.api import lint
from minmax_lint.reporters.registry import renderer
from minmax_lint.reporters.run import Run
from tests.corpus.stripped import stripped
from tests.corpus.test_corpus import CORPUS

FORMATS = ("full", "json")


def rendered(content: bytes, case: dict[str, Any]) -> str:
    report = lint(
        content, inputs=case["inputs"], outputs=case["outputs"], converters=list(case["expected"]) or None
    )
    out = io.StringIO()
    for name in FORMATS:
        renderer(name)(Run((report,), verbose=True), out)
    return out.getvalue()


def differences(folder: Path) -> Iterator[tuple[str, str]]:
    """Case and first difference, for each case whose report changes; empty where it does not."""
    for line in (folder / "cases.jsonl").read_text().splitlines():
        case = json.loads(line)
        path = folder / case["graph"]
        if path.suffix != ".pb":
            continue
        content = path.read_bytes()
        bare = stripped(content)
        if len(bare) == len(content):
            continue
        before, after = rendered(content, case), rendered(bare, case)
        changed = [
            text
            for text in difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0)
            if before != after
        ]
        yield case["id"], "\n".join(changed[2:6])


def test_the_report_is_the_same_without_the_attributes_that_have_their_default() -> None:
    found = dict(differences(CORPUS))
    assert len(found) > 300, "the corpus states defaults, or nothing is tested"
    assert {case: change for case, change in found.items() if change} == {}


if __name__ == "__main__":
    results = dict(differences(Path(sys.argv[1])))
    print(
        f"{len(results)} graphs state a default; {sum(map(bool, results.values()))} reports change without them"
    )
    for case, change in results.items():
        if change:
            print(case, change, sep="\n", flush=True)

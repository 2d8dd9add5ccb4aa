"""A new TensorFlow, from its wheel to the entries that change: `python -m tests.versions measure 2.23`.

environment 2.23   make its environment (tests/versions.toml names the known ones; a new one is TF 2.23.*)
measure 2.23       convert the separating graphs in all flows, and print which behaviours differ from the newest
                   version known, with the tests that name them
fit 2.23           the same, and propose the entries: which bound explains which difference
list ci            the versions with that use
"""

import argparse
import re
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from minmax_lint.converters.releases import dotted
from tests.versions.measure import FLOWS, Answer, answers, mended
from tests.versions.registry import make, release, releases
from tests.versions.separating import Separating, separating

_TESTS = Path(__file__).parents[1]


def main(arguments: list[str] | None = None) -> int:
    """Do what is asked; 1 where a behaviour differs."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.versions",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("what", choices=("environment", "measure", "fit", "list"))
    parser.add_argument("version", help="TensorFlow version, such as 2.23; for `list` a use: ci, here, hand")
    parser.add_argument("--flow", action="append", choices=FLOWS, help="'' for the TF1 flow; default: all")
    options = parser.parse_args(arguments)
    if options.what == "list":
        print(*(one.tensorflow for one in releases().values() if one.use == options.version))
        return 0
    wanted = release(options.version)
    python = wanted.interpreter or make(wanted)
    if options.what == "environment":
        print(python)
        return 0
    started = time.monotonic()
    found, wrong = 0, defaultdict[Separating, list[Answer]](list)
    graphs, flows = separating(), options.flow or FLOWS
    for answer in answers(python, options.version, graphs, flows):
        found += 1
        if found % 50 == 0:
            print(f"{found} of {len(graphs) * len(flows)} answers", file=sys.stderr)
        if not answer.agrees:
            wrong[answer.graph].append(answer)
    minutes = (time.monotonic() - started) / 60
    agreeing = found - sum(map(len, wrong.values()))
    print(
        f"TensorFlow {options.version}: {agreeing} of {found} answers are as modelled, in {minutes:.1f} minutes"
    )
    for graph, differing in wrong.items():
        print("\n".join(_described(graph, differing)))
        if options.what == "fit":
            print("\n".join(f"  {line}" for line in proposals(options.version, differing)))
    if wrong and options.what == "measure":
        print(f"Next: python -m tests.versions fit {options.version} proposes the bounds that explain this.")
    return int(bool(wrong))


def _described(graph: Separating, differing: Sequence[Answer]) -> list[str]:
    lines = [graph.name]
    for answer in differing:
        prediction = answer.predicted()
        modelled = f"{prediction.verdict} {' '.join(op for op, _ in prediction.float_ops)}".strip()
        lines.append(f"  {answer.profile.name} has {modelled}; real: {spelled(answer)}")
    named = [str(path.relative_to(_TESTS.parent)) for path in naming(graph.name)]
    lines.append(f"  named by {', '.join(named) or 'no test but the examples'}")
    return lines


def spelled(answer: Answer) -> str:
    """The real answer in a few words."""
    real = answer.real
    ops = " ".join(op for op, _ in real.get("float_ops", ()))
    return f"{real['verdict']} {ops or real.get('message', '')[:100]}".strip()


def naming(name: str) -> list[Path]:
    """The test files that name a pattern, a behaviour or a row of a table."""
    word = re.compile(rf"\b{re.escape(name.partition('[')[0])}\b")
    files = sorted(path for path in _TESTS.rglob("test_*.py"))
    return [path for path in files if word.search(path.read_text())]


def proposals(version: str, differing: Sequence[Answer]) -> list[str]:
    """The entries whose bounds explain what differs on a graph: each alone makes all its answers right."""
    number = release(version).number
    before = dotted((number[0], number[1] - 1))
    found = [
        f"propose: {one.name} gets until={before}, so that {version} lacks it"
        if one.bounds.holds(differing[0].profile.version)
        else f"propose: {one.name} gets since={version}, or an until that is not below it, so that {version} has it"
        for one in separating()
        if all(mended(answer, one) for answer in differing)
    ]
    return found or ["no single bound explains it: a new pattern or behaviour, or a row of a table"]


if __name__ == "__main__":
    sys.exit(main())

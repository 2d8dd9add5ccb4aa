"""Fresh random graphs through real converters and the models: `python -m tests.differential --n 5000`.

A disagreement is shrunk and written to a folder: the graph, and one JSON line as in fixtures/corpus.
Interpreters: those of `tests/versions.toml` that have an environment.
"""

import argparse
import sys
from collections import Counter
from itertools import product
from pathlib import Path

from minmax_lint.converters.profile import profile
from minmax_lint.converters.releases import dotted
from tests.corpus_maker.pieces import NotApplicable
from tests.corpus_maker.program import Program
from tests.corpus_maker.random_programs import random_program
from tests.differential.comparison import Comparer, Comparison
from tests.differential.keeping import keep
from tests.differential.shrinking import shrink
from tests.versions.registry import interpreters


def main(arguments: list[str] | None = None) -> int:
    """Compare, shrink, keep; exit code 1 where a model disagrees with its converter."""
    options = _options(arguments)
    tally: dict[str, Counter[str]] = {name: Counter() for name in options.profile}
    try:
        with Comparer(interpreters()) as comparer:
            for seed, name in product(range(options.seed, options.seed + options.n), options.profile):
                _compare(comparer, seed, name, tally[name], options)
    finally:  # a run that is interrupted says what it has found so far
        for name, counts in tally.items():
            print(f"{name:14} {', '.join(f'{count} {outcome}' for outcome, count in counts.most_common())}")
    return int(any(counts["disagrees"] for counts in tally.values()))


def _compare(
    comparer: Comparer, seed: int, name: str, counts: Counter[str], options: argparse.Namespace
) -> None:
    try:
        comparison = comparer.compare(random_program(seed), name)
    except NotApplicable:  # it states ranges without FakeQuants
        return
    counts[comparison.outcome] += 1
    counts["right in verdict"] += comparison.same_verdict and comparison.outcome != "unstable"
    if comparison.outcome == "disagrees" or options.undetermined == comparison.outcome:
        _report(comparer, comparison, seed, options.keep, shrinks=options.shrink)


def _report(
    comparer: Comparer, comparison: Comparison, seed: int, folder: Path, *, shrinks: bool = True
) -> None:
    def same(program: Program) -> bool:
        return comparer.compare(program, comparison.profile).kind == comparison.kind

    smallest = comparison
    if shrinks:
        smallest = comparer.compare(shrink(comparison.program, same), comparison.profile)
    path = keep(smallest, f"random-{seed}-{smallest.profile}", folder)
    wanted = {k: v for k, v in smallest.expected.items() if k not in ("message", "output_types")}
    p = smallest.prediction
    print(f"seed {seed}, {smallest.profile}: {path}\n  {smallest.program}\n  real  {wanted}")
    print(f"  model {p.verdict} {p.kind} {p.array} {p.op} {list(p.float_ops)} {p.message}", flush=True)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.differential", description=__doc__)
    parser.add_argument("--n", type=int, default=300, help="graphs (default: 300)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the first graph (default: 0)")
    parser.add_argument(
        "--profile",
        action="append",
        metavar="NAME",
        help="toco-2.12, mlir-2.18-v2, ... (default: toco-2.15, mlir-2.15)",
    )
    parser.add_argument(
        "--keep", type=Path, default=Path("fixtures/disagreements"), help="folder (default: %(default)s)"
    )
    parser.add_argument(
        "--undetermined",
        action="store_const",
        const="undetermined",
        help="also shrink and keep what a model leaves undetermined though the converter is stable",
    )
    parser.add_argument(
        "--whole", dest="shrink", action="store_false", help="keep disagreements as they are, which is faster"
    )
    options = parser.parse_args(arguments)
    names = options.profile or ["toco-2.15", "mlir-2.15"]
    wanted = [profile(name) for name in names]
    options.profile = [one.name for one in wanted]
    for lacking in {one.version for one in wanted} - interpreters().keys():
        parser.error(
            f"no environment has TensorFlow {dotted(lacking)}: "
            f"python -m tests.versions environment {dotted(lacking)} makes it"
        )
    return options


if __name__ == "__main__":
    sys.exit(main())

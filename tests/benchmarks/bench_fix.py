"""Repairing nets of some 840 nodes: predictions a profile, and the CPU time of a fix against that of a lint."""

from collections.abc import Iterator

import minmax_lint
from minmax_lint.writers.graphdef import encode
from tests.benchmarks.clock import best_cpu
from tests.benchmarks.figure import Figure
from tests.fixes.nets import NETS, SHAPE, counted

OPTIONS: dict[str, dict[str, object]] = {
    "safe": {},
    "unsafe": {"unsafe": True, "default_range": (-6.0, 6.0)},
}
PREDICTIONS, LINTS = 8, 5


def measure() -> Iterator[Figure]:
    """Both figures of each net and each kind of fix."""
    for name, (build, blocks) in NETS.items():
        graph = encode(build(blocks).graph())
        ends = {"inputs": {"input": SHAPE}, "outputs": ["output"], "converters": ["toco", "mlir"]}
        lint = best_cpu(lambda graph=graph, ends=ends: minmax_lint.lint(graph, **ends))
        yield Figure(f"{name}: lint", lint, "s")
        for kind, options in OPTIONS.items():
            with counted() as found:
                minmax_lint.fix(graph, **ends, **options)
            yield Figure(f"{name}: predictions, {kind} fix", max(found.values()), "", PREDICTIONS)
            fix = best_cpu(
                lambda graph=graph, ends=ends, options=options: minmax_lint.fix(graph, **ends, **options), 3
            )
            yield Figure(f"{name}: {kind} fix / lint", fix / lint, "", LINTS)

"""Which optimization passes run in which version, in their order.

Source: tf_tfl_passes.cc; read off the dumps that the converters of TensorFlow 2.14 to 2.22 write (`ir_dump_dir`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

from minmax_lint.converters.mlir.behaviours import OPTIMIZE_BATCH_MATMUL_FIRST
from minmax_lint.converters.mlir.bounds import FIRST, LAST, Bounds
from minmax_lint.converters.mlir.ir import Function
from minmax_lint.converters.mlir.optimize.optimize_pass import (
    OPTIMIZE_BATCH_MATMUL,
    OPTIMIZE_BROADCAST_LIKE,
    PHASE_0,
    PHASE_1,
    PHASE_2,
    PUSH_TRANSPOSE_THROUGH_EWISE,
)
from minmax_lint.converters.mlir.pattern import RewritePattern, by_root
from minmax_lint.converters.mlir.rewriter import Rewriter
from minmax_lint.converters.mlir.verify.verifiers import check_shapes
from minmax_lint.converters.mlir.version import Version
from minmax_lint.converters.releases import Number

Phase = tuple[RewritePattern, ...]
"""Patterns that are applied together until none of them fits."""


@cache
def _roots(phase: Phase) -> frozenset[str]:
    """The operations at which its patterns start."""
    return frozenset(root for one in phase for root in one.roots)


@dataclass(frozen=True, eq=False)
class Pass(Bounds):
    """One run of a pass; its bounds are the versions that run it at this place."""

    name: str = field(kw_only=True)
    phases: tuple[Phase, ...] = field(kw_only=True)


# It goes from the last operation to the first: it meets the product before its operands.
_BATCH_MATMUL = (OPTIMIZE_BATCH_MATMUL[:1], OPTIMIZE_BATCH_MATMUL[1:])
_PHASES: dict[str, tuple[Phase, ...]] = {
    "OptimizeBatchMatmulPass": _BATCH_MATMUL,
    "OptimizeBroadcastLikePass": (OPTIMIZE_BROADCAST_LIKE,),
    "OptimizePass": (PHASE_0, PHASE_1, PHASE_2),
    "PushTransposeThroughEwisePass": (PUSH_TRANSPOSE_THROUGH_EWISE,),
}


def _run(name: str, since: Number = FIRST, until: Number = LAST) -> Pass:
    return Pass(since, until, name=name, phases=_PHASES[name])


_FIRST = OPTIMIZE_BATCH_MATMUL_FIRST.since, OPTIMIZE_BATCH_MATMUL_FIRST.until
# In 2.14 its patterns belong to OptimizePass.
_OPTIMIZE_BATCH_MATMUL_EARLY = Pass(until=(2, 14), name="OptimizePass", phases=_BATCH_MATMUL)

BEFORE_QUANTIZATION = (
    _run("OptimizeBatchMatmulPass", *_FIRST),
    _run("PushTransposeThroughEwisePass", (2, 17)),
    _run("OptimizeBroadcastLikePass", (2, 19)),
    _run("OptimizePass"),
    _OPTIMIZE_BATCH_MATMUL_EARLY,
    _run("OptimizeBatchMatmulPass", (2, 18)),
    _run("PushTransposeThroughEwisePass", (2, 18)),
    _run("OptimizeBroadcastLikePass", (2, 19)),
    _run("OptimizePass", (2, 18)),
    _run("OptimizeBatchMatmulPass", (2, 18)),
)
"""What runs behind LegalizeTFPass; everything runs twice since 2.18."""

AFTER_QUANTIZATION = (
    _run("OptimizeBatchMatmulPass", *_FIRST),
    _run("OptimizePass"),
    _OPTIMIZE_BATCH_MATMUL_EARLY,
    _run("OptimizeBatchMatmulPass", (2, 18)),
)
"""What runs behind OptimizeOpOrderPass."""


def optimize(function: Function, passes: Sequence[Pass], version: Version) -> None:
    """Run the passes that the version has.

    A phase that ended is run again only where something has changed since. Raises ConversionError where a pass leaves
    what MLIR verifies behind it to be wrong.
    """
    changes, settled, names = 0, dict[Phase, int](), {op.name for op in function}
    for one in passes:
        before = changes
        for phase in one.phases:
            if settled.get(phase) == changes or _roots(phase).isdisjoint(names):
                continue
            if one.changes and not version.has(one):
                continue
            if Rewriter(function, by_root(phase, version.number), version).run():
                changes, names = changes + 1, {op.name for op in function}
            settled[phase] = changes
            if phase is PHASE_2:  # it has all patterns of the phase before it
                settled[PHASE_1] = changes
        if changes > before:
            check_shapes(function)
    function.sweep()

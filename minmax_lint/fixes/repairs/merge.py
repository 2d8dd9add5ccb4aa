"""Merge: a FakeQuant with a range for each channel becomes one with a single range, where a converter wants that."""

import math
from collections.abc import Collection

from minmax_lint.fixes.edit.draft import Draft
from minmax_lint.fixes.edit.fake_quant import as_float32, with_zero
from minmax_lint.fixes.edit.repair import CannotRepair, Repair
from minmax_lint.graph.fakequant import FakeQuant
from minmax_lint.graph.graph import Graph


def merge(graph: Graph, fake_quants: Collection[FakeQuant]) -> Repair:
    """Give each per-channel FakeQuant of `fake_quants` the union of its channels' ranges, for the whole array.

    TOCO does not know FakeQuantWithMinMaxVarsPerChannel (import_tensorflow.cc has no converter for it), so
    the weights behind it are no constants and have no range. MLIR has no builtin for that of an activation,
    and the TRANSPOSE through which a MatMul reads its weights keeps no range for each channel (measured on
    2.15 and 2.21). Unsafe: channels of small values are rounded more coarsely. Raises CannotRepair where none
    of them has constant ranges for its channels.
    """
    draft = Draft(graph)
    healed: list[str] = []
    for found in fake_quants:
        bounds = [bound for channel in found.ranges for bound in channel]
        if not found.per_channel or found.range is None or not all(map(math.isfinite, bounds)):
            continue
        union = as_float32(with_zero(found.range))
        draft.keep_inputs(found.node, 1, waits_for=graph[found.node].control_inputs)
        draft.set_attrs(found.node, {"min": union.min, "max": union.max}, op="FakeQuantWithMinMaxArgs")
        healed.append(found.node)
    if not healed:
        raise CannotRepair("no FakeQuant has constant ranges for its channels")
    return draft.repair("merge", safe=False, heals=healed)

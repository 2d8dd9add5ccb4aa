"""Widen: ranges that hold no zero or no grid of values, or are computed, give way to constant ones that do."""

from minmax_lint.fixes.bounds.sources import RangeSource
from minmax_lint.fixes.edit.draft import Draft
from minmax_lint.fixes.edit.fake_quant import as_float32, with_zero
from minmax_lint.fixes.edit.repair import CannotRepair, Repair
from minmax_lint.graph.fakequant import RANGE_FROM_ATTRS, FakeQuant, Range, fake_quants
from minmax_lint.graph.graph import Graph
from minmax_lint.graph.names import Edge
from minmax_lint.graph.trace import Kept
from minmax_lint.inference.inference import Inference


def widen(graph: Graph, kept: Kept, inference: Inference, source: RangeSource) -> Repair:
    """Give every kept FakeQuant whose range misses zero, is NaN, infinite, empty or reversed a sound one.

    A range that only misses zero is widened to it, as TensorFlow nudges it; the others come from `source`:
    what the user gives, calibration, the values of weights. So does the range of one that computes it from
    the batch, as training graphs do. The new bounds are the FakeQuant's own, for others may share the old.
    Unsafe. Raises CannotRepair where no range is unsound, or none is known.
    """
    draft = Draft(graph)
    healed: list[str] = []
    for found in fake_quants(kept.graph, kept.order):
        sound = None if found.per_channel else _sound(found, inference, source)
        if sound is None:
            continue
        set_range(draft, found, sound)
        healed += [found.node, found.array]
    if not healed:
        raise CannotRepair("no range is unsound, or no sound one is known")
    return draft.repair("widen", safe=False, heals=healed)


def _sound(found: FakeQuant, inference: Inference, source: RangeSource) -> Range | None:
    now = found.range
    if now is None:
        given = source.given(found.node) or source.of(found.array)
        return None if given is None else with_zero(given)
    if not now.known and not _is_nan(found, inference):
        return None
    ordered = now.finite and now.min < now.max
    if ordered and now.min <= 0.0 <= now.max:
        return None
    given = source.given(found.node) or source.given(found.array)
    if given is None and ordered:
        return with_zero(now)
    given = given or source.of(found.array)
    return None if given is None else with_zero(given)


def _is_nan(found: FakeQuant, inference: Inference) -> bool:
    """Whether the bounds are given, and NaN; `Range` does not distinguish that from bounds that are not given."""
    if found.op in RANGE_FROM_ATTRS:
        return True
    bounds = [inference.constant(edge.array) for edge in inference.kept.graph[found.node].inputs[1:3]]
    return all(bound is not None and bound.known for bound in bounds)


def set_range(draft: Draft, found: FakeQuant, sound: Range) -> None:
    """Give a FakeQuant bounds of its own: others may share the old ones."""
    sound = as_float32(sound)
    if found.op in RANGE_FROM_ATTRS:
        draft.set_attrs(found.node, {"min": sound.min, "max": sound.max})
        return
    node = draft.graph[found.node]
    for slot, (word, value) in enumerate((("min", sound.min), ("max", sound.max)), start=1):
        place = node.inputs[slot].node
        name = draft.add_scalar(draft.free_name(f"{found.node}/{word}"), value, place)
        draft.read(found.node, slot, Edge(name, 0).array)

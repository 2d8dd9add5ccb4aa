"""Where the range of an array without one comes from."""

from minmax_lint.fixes.bounds.bounds import Bounds
from minmax_lint.fixes.bounds.fixed_by_ops import fixed_range, origin_of
from minmax_lint.fixes.edit.options import FixOptions
from minmax_lint.fixes.edit.repair import Repair
from minmax_lint.graph.fakequant import Range, is_fake_quant, read_fake_quant
from minmax_lint.graph.names import canonical_array, parse_edge
from minmax_lint.inference.inference import Inference
from minmax_lint.ops.table import IDENTITIES


class RangeSource:
    """Ranges for the arrays of one graph, in this order: the scale that ops fix or hand on, what the user gives, what
    calibration saw, the bounds of the ops, the default. Constants have the range of their values, symmetric about zero.

    `done` is the repair that made the graph of the user's: what the user names goes by names before it.
    """

    def __init__(self, inference: Inference, options: FixOptions, done: Repair) -> None:
        self._inference = inference
        self._options = options
        self._done = done
        self._bounds = Bounds(inference)

    def of(self, array: str) -> Range | None:
        """The range to insert for `array`; None where none is known."""
        if self._inference.is_constant(array):
            return symmetric(self._bounds.of(array))
        return self._passed_through(array) or self._own(array)

    def _passed_through(self, array: str) -> Range | None:
        """The range that ops in front of `array` fix, or hand on to it."""
        kept, origin = self._inference.kept, origin_of(self._inference.kept, array)
        node = parse_edge(origin).node
        if node not in kept or kept.is_cut(node) or self._inference.is_constant(origin):
            return None
        fixed = fixed_range(kept.graph, kept.graph[node])
        if fixed is not None or origin == array:
            return fixed
        return self._fake_quant(node) or self._own(origin)

    def _own(self, array: str) -> Range | None:
        given = self.given(array)
        if given is not None:
            return given
        bounds = self._bounds.of(array)
        if bounds is not None:
            return bounds
        default = self._options.default_range
        return None if default is None else Range(*map(float, default))

    def of_values(self, array: str) -> Range | None:
        """The range that the values of `array` are in: of the FakeQuant that makes it, else the one to insert."""
        kept = self._inference.kept
        front = parse_edge(array).node
        while front in kept and not kept.is_cut(front) and kept.graph.op(front) in IDENTITIES:
            front = kept.graph[front].inputs[0].node
        return self._fake_quant(front) or self.of(array)

    def of_readers(self, array: str) -> Range | None:
        """The range of the FakeQuant that reads `array`, else the one that is given."""
        quants = (self._fake_quant(use.node) for use in self._inference.kept.uses(array))
        return next(filter(None, quants), None) or self.given(array)

    def _fake_quant(self, node: str) -> Range | None:
        kept = self._inference.kept
        if node not in kept or not is_fake_quant(kept.graph.op(node)):
            return None
        found = read_fake_quant(kept.graph, kept.graph[node]).range
        return found if found is not None and found.finite and found.min < found.max else None

    def given(self, array: str) -> Range | None:
        """The user's range of `array`, else the calibrated one."""
        name = canonical_array(self._done.name_before(array))
        for ranges in (self._options.ranges, self._options.calibrated):
            for spelled in (name, f"{name}:0"):
                if spelled in ranges:
                    return Range(*map(float, ranges[spelled]))
        return None


def symmetric(found: Range | None) -> Range | None:
    """The range widened to have zero in its middle, as integer weights want it."""
    if found is None:
        return None
    limit = max(abs(found.min), abs(found.max)) or 1.0
    return Range(-limit, limit)

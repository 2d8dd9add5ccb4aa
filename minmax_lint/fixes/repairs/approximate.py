"""Approximate: functions without quantized form, such as elu, become piecewise linear ones in integer layers."""

from collections.abc import Collection, Iterator, Sequence

import numpy as np

from minmax_lint.fixes.bounds.elementwise import Elementwise, elementwise
from minmax_lint.fixes.bounds.sources import RangeSource
from minmax_lint.fixes.edit.draft import Draft
from minmax_lint.fixes.edit.fake_quant import with_zero
from minmax_lint.fixes.edit.repair import CannotRepair, Repair
from minmax_lint.fixes.repairs.layers import COLUMN, layout
from minmax_lint.fixes.repairs.pieces import Grid, Pieces, pieces_of
from minmax_lint.graph.fakequant import Range
from minmax_lint.graph.graph import Graph
from minmax_lint.graph.node import Node
from minmax_lint.inference.inference import Inference

LARGEST_ERROR = 1.25
"""In steps of the output. Measured: 27 functions over five ranges each stay below 1.13, nearly all below 1."""
MOST_PIECES = 64
"""Each is a byte of memory for every element, and two multiplications."""
_LISTED_PIECES = 3


def approximate(
    graph: Graph, inference: Inference, nodes: Collection[str], source: RangeSource, form: str = COLUMN
) -> Repair:
    """Write elementwise functions out as a sum of ramps, `first + sum(rise_k * Relu6(slope_k * x + start_k))`.

    Two matrix products with a Relu6 between compute it on every element, under the same name: ops that all
    converters know as integer ones. The ranges of input and result must be known; the knots lie on the
    input's grid of 256 values and the slopes on that of the weights, so that only the heights of ramps and
    their weighted sum are rounded. As few ramps are taken as keep the result within one step of its grid,
    where that is possible. In the form `column` the array is reshaped before and after; MLIR moves some ops in
    front of a reshape, and then finds two ranges. The form `channels` has none: the weights are sparse, and
    there are as many as the square of the channels. Unsafe: results differ by the stated error; right at a jump,
    as floor has, by up to its height.
    Raises CannotRepair where that would be above LARGEST_ERROR, the ramps more than MOST_PIECES, or a range or
    the shape is not known.
    """
    draft = Draft(graph)
    healed: list[str] = []
    reasons: list[tuple[float, str]] = []
    for node, found in _functions(inference, nodes):
        try:
            pieces = _pieces(inference, node, found, source)
            write = layout(form, inference, node, found.source, pieces)
        except CannotRepair:
            continue
        write(draft)
        healed.append(node.name)
        words = (
            f"{node.op} {node.name!r} over {pieces.source.range} becomes {len(pieces.ramps)} linear pieces"
        )
        reasons.append((pieces.error, words))
    if not healed:
        raise CannotRepair("none of these ops is a function that can be approximated")
    return draft.repair("approximate", safe=False, heals=healed, reason=_reason(reasons))


def _reason(pieces: Sequence[tuple[float, str]]) -> str:
    """The worst first, and the others by their number."""
    first, *others = sorted(pieces, key=lambda one: -one[0])[:_LISTED_PIECES]
    more = len(pieces) - 1 - len(others)
    sentences = [f"{words}, at most {error:.2f} output steps off." for error, words in (first, *others)]
    return " ".join(sentences) + (
        f" {more} more functions become linear pieces, none of them further off." if more else ""
    )


def hindrances(inference: Inference, nodes: Collection[str], source: RangeSource) -> Iterator[str]:
    """Why functions among `nodes` cannot be approximated."""
    for node, found in _functions(inference, nodes):
        try:
            layout(COLUMN, inference, node, found.source, _pieces(inference, node, found, source))
        except CannotRepair as error:
            yield str(error)


def _functions(inference: Inference, nodes: Collection[str]) -> Iterator[tuple[Node, Elementwise]]:
    for node in inference.kept.computed(nodes):
        found = elementwise(inference, node)
        if found is not None:
            yield node, found


def _pieces(inference: Inference, node: Node, found: Elementwise, source: RangeSource) -> Pieces:
    before = source.of_values(found.source.array)
    if before is None:
        raise CannotRepair(f"no range is known for {found.source.array}, which {node.op} {node.name!r} reads")
    grid = Grid.of(with_zero(before))
    after = source.of_readers(node.name) or _image(found, grid)
    if after is None:
        raise CannotRepair(f"{node.op} {node.name!r} has no value over {grid.range}")
    pieces = pieces_of(found.function, grid, with_zero(after))
    if pieces.error > LARGEST_ERROR or len(pieces.ramps) > MOST_PIECES:
        raise CannotRepair(
            f"{node.op} {node.name!r} over {grid.range} is too uneven: {len(pieces.ramps)} linear pieces "
            f"are still {pieces.error:.2f} output steps off"
        )
    return pieces


def _image(found: Elementwise, grid: Grid) -> Range | None:
    """The smallest and the largest finite value over the grid."""
    values = found.function(grid.values())
    values = values[np.abs(values) < np.finfo("float32").max]
    return Range(float(values.min()), float(values.max())) if values.size else None

"""Replace: an op without quantized form gives way to ops that have one: a square becomes a product."""

from collections.abc import Callable, Collection, Mapping, Sequence

from minmax_lint.fixes.edit.draft import Draft, int32s
from minmax_lint.fixes.edit.place import Place
from minmax_lint.fixes.edit.repair import CannotRepair, Repair
from minmax_lint.fixes.edit.slices import write_slices
from minmax_lint.graph.attr import Attr
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.graph import Graph
from minmax_lint.graph.names import Edge
from minmax_lint.graph.node import Node
from minmax_lint.graph.tensor import Tensor
from minmax_lint.inference.inference import Inference
from minmax_lint.inference.new_axes import new_axes
from minmax_lint.ops.table import SPLITS
from minmax_lint.rules.framework.ranges import USUAL_BITS
from minmax_lint.rules.framework.replaceable import (
    MOST_COPIES,
    POWERS,
    SUMS,
    copies,
    integers,
    inverse,
    is_exact,
    scalar_operand,
    slot_of_zeros,
)

_OF_ANY_TYPE = frozenset({"StridedSlice"})
"""Ops that are written out for integers and truths as well."""
_LONGEST = 1 << 16
"""Of an axis that a constant of indices turns around."""


def replace(graph: Graph, inference: Inference, nodes: Collection[str], *, inexact: bool = False) -> Repair:
    """Write the ops `nodes` out in ops that converters know as integer ones, under the same name.

    `Square(x)` becomes `Mul(x, x)`, `Neg(x)` becomes `Mul(x, -1)`, and so on (`RULES`). Of an Unpack or a
    split with results that nothing reads, which converters need ranges of, the read ones become slices. Safe
    where TensorFlow computes the very same values. `inexact`: those ops as well of which the last bit can
    differ (`is_exact`); then the repair is not safe. Raises CannotRepair where none of the ops can be written so.
    """
    draft = Draft(graph)
    outputs: dict[str, str] = {}
    healed: list[str] = []
    safe = True
    for node in inference.kept.computed(nodes):
        if not node.inputs or (
            inference.dtype(node.output(0)) is not DType.FLOAT and node.op not in _OF_ANY_TYPE
        ):
            continue
        exact = is_exact(inference, node)
        if node.op in SPLITS:
            done = write_slices(draft, inference, node, outputs)
        else:
            rule = RULES.get(node.op) if exact or inexact else None
            done = rule is not None and rule(_Site(draft, inference, node)) is not None
        if done:
            healed.append(node.name)
            safe = safe and exact
    if not healed:
        raise CannotRepair("none of these ops can be written out in ops with a quantized form")
    return draft.repair("replace", outputs=outputs, safe=safe, heals=healed)


class _Site(Place):
    """The place of one op that is replaced."""

    def __init__(self, draft: Draft, inference: Inference, node: Node) -> None:
        super().__init__(draft, node, node.inputs[0])
        self.inference = inference
        self.node = node

    def scalar(self, suffix: str, value: float) -> Edge:
        """Add a constant of one float."""
        return self.constant(suffix, Tensor.of(DType.FLOAT, [], [value]))


def _square(site: _Site) -> Edge | None:
    return site.op("Mul", "", site.node.inputs[0], site.node.inputs[0])


def _neg(site: _Site) -> Edge | None:
    return site.op("Mul", "", site.node.inputs[0], site.scalar("minus_one", -1.0))


def _abs(site: _Site) -> Edge | None:
    negative = site.op("Mul", "negative", site.node.inputs[0], site.scalar("minus_one", -1.0))
    return site.op("Maximum", "", site.node.inputs[0], negative)


def _replace_squared_difference(site: _Site) -> Edge | None:
    difference = site.op("Sub", "difference", *site.node.inputs)
    return site.op("Mul", "", difference, difference)


def _add_n(site: _Site) -> Edge | None:
    *terms, last = site.node.inputs
    if not terms:
        return None
    total = terms[0]
    for term in terms[1:]:
        total = site.op("Add", "sum", total, term)
    return site.op("Add", "", total, last)


def _pow(site: _Site) -> Edge | None:
    exponent = scalar_operand(site.inference, site.node, 1)
    if exponent is None or exponent not in POWERS:
        return None
    power = base = site.node.inputs[0]
    for _ in range(int(exponent) - 2):
        power = site.op("Mul", "power", power, base)
    return site.op("Mul", "", power, base)


def _divide(site: _Site) -> Edge | None:
    factor = inverse(site.inference, site.node)
    if factor is None:
        return None
    return site.op("Mul", "", site.node.inputs[0], site.scalar("inverse", factor))


def _reverse(site: _Site) -> Edge | None:
    axes, shape = (
        integers(site.inference, site.node.inputs[1]),
        site.inference.shape(site.node.inputs[0].array),
    )
    if axes is None or len(axes) != 1 or shape is None:
        return None
    axis = axes[0] % len(shape) if shape else 0
    size = shape[axis] if shape else None
    if size is None or size > _LONGEST:
        return None
    order, along = (
        site.constant("order", int32s(range(size)[::-1])),
        site.constant("axis", int32s([axis], scalar=True)),
    )
    types: dict[str, Attr] = {"Tparams": DType.FLOAT, "Tindices": DType.INT32, "Taxis": DType.INT32}
    return site.add("", Node("", "GatherV2", (site.node.inputs[0], order, along), attrs=types))


def _strided_slice(site: _Site) -> Edge | None:
    """`x[:, None]` becomes ExpandDims, which MLIR takes where several sizes are open."""
    found = new_axes(site.inference, site.node)
    if found is None:
        return None
    value, dtype = site.node.inputs[0], site.inference.dtype(site.node.output(0))
    if not found.whole:
        words = ("begin", "end", "strides")
        bounds = [
            site.constant(word, int32s(values)) for word, values in zip(words, found.bounds, strict=True)
        ]
        attrs: dict[str, Attr] = {"T": dtype, "Index": DType.INT32, "new_axis_mask": 0, **found.masks}
        value = site.add("slice", Node("", "StridedSlice", (value, *bounds), attrs=attrs))
    for place, axis in enumerate(found.axes, start=1):
        along = site.constant("axis", int32s([axis], scalar=True))
        name = "" if place == len(found.axes) else "expand_dims"
        value = site.op("ExpandDims", name, value, along, T=dtype, Tdim=DType.INT32)
    return value


def _tile(site: _Site) -> Edge | None:
    multiples = copies(site.inference, site.node)
    return _tile_axes(site, site.node.inputs[0], multiples) if multiples else None


def _broadcast(site: _Site) -> Edge | None:
    source, shape = site.node.inputs[0], site.inference.shape(site.node.output(0))
    before = site.inference.shape(source.array)
    if before is None or shape is None or len(before) > len(shape) or not all((*before, *shape)):
        return None
    sizes = [size or 1 for size in before]
    sizes = [*(1 for _ in range(len(shape) - len(sizes))), *sizes]
    multiples = [(wide or 1) // size for wide, size in zip(shape, sizes, strict=True)]
    if max(multiples, default=1) == 1:
        return None
    if len(sizes) > len(before):
        source = site.op(
            "Reshape", "reshape", source, site.constant("shape", int32s(sizes)), Tshape=DType.INT32
        )
    return _tile_axes(site, source, multiples)


def _tile_axes(site: _Site, tiled: Edge, multiples: Sequence[int]) -> Edge:
    """One op for each axis that grows, the last of which takes the name: ConcatV2, or Tile where copies are many."""
    *first, last = (axis for axis, times in enumerate(multiples) if times > 1)
    for axis in first:
        tiled = _repeat(site, "tile", tiled, axis, multiples)
    return _repeat(site, "", tiled, last, multiples)


def _repeat(site: _Site, name: str, source: Edge, axis: int, multiples: Sequence[int]) -> Edge:
    """Copies along one axis. What is more than MOST_COPIES is made of that many at a time."""
    times = multiples[axis]
    if times > MOST_COPIES**2:
        only = [times if i == axis else 1 for i in range(len(multiples))]
        return site.op("Tile", name, source, site.constant("multiples", int32s(only)), Tmultiples=DType.INT32)
    along = site.constant("axis", int32s([axis], scalar=True))

    def concat(name: str, parts: Sequence[Edge]) -> Edge:
        return site.op("ConcatV2", name, *parts, along, N=len(parts), Tidx=DType.INT32)

    many, rest = divmod(times, MOST_COPIES)
    if times <= MOST_COPIES:
        return concat(name, [source] * times)
    block = concat("tile", [source] * MOST_COPIES)
    return concat(name, [block] * many + [source] * rest)


def _quantize_and_dequantize(site: _Site) -> Edge | None:
    """Its grid: whole numbers times the largest step that lets the range hold (quantize_and_dequantize_op.h).

    Unsigned, it has all 256 bytes also where it asks for a narrow range.
    """
    node = site.node
    low, high = (site.inference.constant(edge.array) for edge in node.inputs[1:3])
    given = (
        node.flag("range_given")
        and node.integer("axis", -1) < 0
        and node.integer("num_bits", 8) == USUAL_BITS
    )
    if not given or low is None or high is None or not (low.known and high.known):
        return None
    narrow, signed = node.flag("narrow_range"), node.flag("signed_input", True)
    least, most = (-128 + narrow, 127) if signed else (0, 255)
    sides = [(bound.item(), end) for bound, end in ((low, least), (high, most)) if bound.item() * end > 0]
    if not sides:
        return None
    step = max(bound / end for bound, end in sides)
    attrs: dict[str, Attr] = {"min": least * step, "max": most * step, "num_bits": USUAL_BITS}
    attrs["narrow_range"] = narrow and signed
    return site.add("", Node("", "FakeQuantWithMinMaxArgs", node.inputs[:1], attrs=attrs))


def _without_zeros(site: _Site) -> Edge | None:
    slot = slot_of_zeros(site.inference, site.node)
    if slot is None:
        return None
    other = site.node.inputs[1 - slot]
    if slot == 0 and site.node.op == "Sub":
        return site.op("Mul", "", other, site.scalar("minus_one", -1.0))
    return site.op("Identity", "", other)


RULES: Mapping[str, Callable[[_Site], Edge | None]] = {
    "Abs": _abs,
    **dict.fromkeys(SUMS, _without_zeros),
    "AddN": _add_n,
    "BroadcastTo": _broadcast,
    "Div": _divide,
    "Neg": _neg,
    "Pow": _pow,
    "QuantizeAndDequantizeV2": _quantize_and_dequantize,
    "RealDiv": _divide,
    "ReverseV2": _reverse,
    "Square": _square,
    "SquaredDifference": _replace_squared_difference,
    "StridedSlice": _strided_slice,
    "Tile": _tile,
}
"""Op -> what writes it out: the edge that takes its place; None where this one cannot be."""

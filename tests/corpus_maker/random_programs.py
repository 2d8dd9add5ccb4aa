"""Seeded random FakeQuant DAGs: every op of both converters, every kind of FakeQuant."""

import random
from typing import NamedTuple

from tests.corpus_maker.pieces import PIECES, NotApplicable, Sizes
from tests.corpus_maker.program import Program, Quant, Ref, Step, assemble, build

RANGES = ((-1.0, 1.0), (-2.0, 2.0), (0.0, 6.0), (0.0, 1.0), (-1.0, 3.0), (-8.0, 8.0))
ODD_RANGES = ((1.0, 3.0), (-6.0, -2.0), (0.0, 0.0), (2.0, -2.0), (0.0, 7.97127724), (-3.0, 1.0))
SHAPES: tuple[Sizes, ...] = (
    (1, 4, 4, 4),
    (1, 8, 8, 4),
    (1, 8, 8, 2),
    (1, 6, 6, 4),
    (1, 8),
    (1, 16),
    (1, 4, 8),
)
# Nets are made of these; a uniform choice over all pieces would hardly ever convert.
COMMON = (
    "Relu", "Relu6", "Add", "AddV2", "Mul", "AddConstant", "MulConstant", "Dense", "Conv", "ConvStride",
    "Depthwise", "MaxPool", "AvgPool", "Flatten", "Concat", "Mean", "Sigmoid", "Softmax", "Sub", "Maximum",
    "Identity", "Split", "StridedSlice", "Pad", "BatchNorm", "MinimumGuard", "Transpose", "ExpandDims", "Pack",
    "LeakyRelu", "Tanh", "DenseRaw", "ConvNoBias", "DilatedConv", "Input", "SplitV",
)  # fmt: skip


class Style(NamedTuple):
    """How a random graph is drawn; chances are in [0, 1]."""

    coverage: float
    """Of a result to have a FakeQuant."""
    common: float
    """Of a piece to be one that nets are made of."""
    favourites: tuple[str, ...]
    """Three pieces that this graph tries more often, so that rare ones meet."""
    odd: float
    """Of a FakeQuant to be of an uncommon kind, width or range."""
    raw: float
    """Of a reader to read in front of the FakeQuant."""


def random_program(seed: int) -> Program:
    """The program of that seed: 1 to 10 steps, at least one output."""
    draw = random.Random(seed)
    style = Style(
        coverage=draw.choice((0.5, 0.8, 0.9, 0.95, 1.0)),
        common=draw.choice((0.4, 0.7, 0.95)),
        favourites=tuple(draw.sample(sorted(PIECES), 3)),
        odd=draw.choice((0.0, 0.0, 0.05, 0.3)),
        raw=draw.choice((0.0, 0.04, 0.15)),
    )
    program = Program(draw.choice(SHAPES), (), (), _quant(draw, style._replace(coverage=0.4)))
    for _ in range(draw.choice((1, 2, 3, 4, 5, 6, 8, 10))):
        program = _longer(draw, program, style)
    return _with_outputs(draw, program, style)


def _with_outputs(draw: random.Random, program: Program, style: Style) -> Program:
    """What nobody reads comes out, and now and then something inside."""
    count = len(program.steps)
    read = {ref.step for step in program.steps for ref in step.reads}
    ends = [Ref(i, draw.random() < max(style.raw, 0.1)) for i in range(1, count + 1) if i not in read]
    if draw.random() < 0.2:
        ends.append(Ref(draw.randint(1, count), draw.random() < 0.3))
    if len(ends) > 1 and draw.random() < 0.4:
        ends = draw.sample(ends, draw.randint(1, len(ends)))
    found = Program(program.shape, program.steps, tuple(dict.fromkeys(ends)), program.quant)
    try:
        build(found)
    except NotApplicable:  # all that is left is an input
        return Program(
            program.shape, (*program.steps, Step("Relu6", (Ref(0),))), (Ref(count + 1),), program.quant
        )
    return found


def _longer(draw: random.Random, program: Program, style: Style) -> Program:
    """The program with one more step that fits."""
    while True:
        pieces = style.favourites if draw.random() < 0.4 else tuple(PIECES)
        name = draw.choice(COMMON if draw.random() < style.common else pieces)
        newest = len(program.steps)
        reads = tuple(
            Ref(_recent(draw, newest), draw.random() < style.raw, draw.choice((0, 0, 0, 1)))
            for _ in range(PIECES[name].reads)
        )
        quants = tuple(_quant(draw, style) for _ in range(draw.choice((1, 1, 2))))
        after = (draw.randint(0, newest),) if draw.random() < 0.02 else ()
        steps = (*program.steps, Step(name, reads, quants, after))
        longer = Program(program.shape, steps, (), program.quant)
        try:
            assemble(longer)
        except NotApplicable:
            continue
        return longer


def _recent(draw: random.Random, newest: int) -> int:
    """Mostly the newest result: else graphs are wide and flat."""
    return newest if draw.random() < 0.7 else draw.randint(0, newest)


def _quant(draw: random.Random, style: Style) -> Quant | None:
    if draw.random() >= style.coverage:
        return None
    low, high = draw.choice(RANGES)
    if draw.random() >= style.odd:
        return Quant(low, high)
    return draw.choice(
        (
            Quant(*draw.choice(ODD_RANGES)),
            Quant(low, high, narrow=True),
            Quant(low, high, bits=draw.choice((4, 7, 16))),
            Quant(low, high, kind="identity"),
            Quant(low, high, kind="args"),
            Quant(*draw.choice(ODD_RANGES), kind="args"),
            Quant(low, high, kind="channels"),
        )
    )

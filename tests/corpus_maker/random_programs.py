"""Seeded random FakeQuant DAGs."""

from __future__ import annotations

import random

from tests.corpus_maker.pieces import PIECES, NotApplicable, Sizes
from tests.corpus_maker.program import Program, Ref, Step, build

RANGES = ((-1.0, 1.0), (-2.0, 2.0), (0.0, 6.0), (0.0, 1.0), (-1.0, 3.0), (-8.0, 8.0))
SHAPES: tuple[Sizes, ...] = ((1, 4, 4, 4), (1, 8, 8, 4), (1, 8), (1, 16))
# Nets are made of these; a uniform choice over all pieces would hardly ever convert.
COMMON = (
    "Relu", "Relu6", "Add", "AddV2", "Mul", "AddConstant", "MulConstant", "Dense", "Conv", "ConvStride",
    "Depthwise", "MaxPool", "AvgPool", "Flatten", "Concat", "Mean", "Sigmoid", "Softmax", "Sub", "Maximum",
    "Identity", "Split", "SplitSecond", "StridedSlice", "Pad", "BatchNorm", "MinimumGuard",
)  # fmt: skip


def random_program(seed: int) -> Program:
    """The program of that seed: 1 to 10 steps, at least one output."""
    draw = random.Random(seed)
    coverage = draw.choice((0.5, 0.8, 0.9, 0.95, 1.0))
    """How many of the results have a FakeQuant."""
    common = draw.choice((0.7, 0.9, 1.0))
    program = Program(draw.choice(SHAPES), (), (), _range(draw, 0.4))
    for _ in range(draw.choice((1, 2, 3, 4, 5, 6, 8, 10))):
        program = _longer(draw, program, coverage, common)
    count = len(program.steps)
    read = {ref.step for step in program.steps for ref in step.reads}
    ends = [Ref(i, draw.random() < 0.15) for i in range(1, count + 1) if i not in read]
    if draw.random() < 0.15:
        ends.append(Ref(draw.randint(1, count), draw.random() < 0.3))
    return Program(program.shape, program.steps, tuple(dict.fromkeys(ends)), program.range)


def _longer(draw: random.Random, program: Program, coverage: float, common: float) -> Program:
    """The program with one more step that fits."""
    while True:
        piece = draw.choice(COMMON if draw.random() < common else tuple(PIECES))
        newest = len(program.steps)
        reads = tuple(
            Ref(_recent(draw, newest), raw=draw.random() < 0.04) for _ in range(PIECES[piece].reads)
        )
        bits = 8 if draw.random() < 0.98 else draw.choice((4, 16))
        step = Step(piece, reads, _range(draw, coverage), bits)
        longer = Program(program.shape, (*program.steps, step), (Ref(newest + 1),), program.range)
        try:
            build(longer)
        except NotApplicable:
            continue
        return longer


def _recent(draw: random.Random, newest: int) -> int:
    """Mostly the newest result: else graphs are wide and flat."""
    return newest if draw.random() < 0.7 else draw.randint(0, newest)


def _range(draw: random.Random, chance: float) -> tuple[float, float] | None:
    return draw.choice(RANGES) if draw.random() < chance else None

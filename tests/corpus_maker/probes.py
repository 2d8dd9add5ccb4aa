"""Probes: one piece alone, with FakeQuants around it in one of the places they can have."""

from collections.abc import Iterator

from tests.corpus_maker.pieces import PIECES, NotApplicable, Sizes
from tests.corpus_maker.program import Program, Quant, Ref, Step, assemble, build, chain

WIDE = Quant(-4.0, 4.0)
SHAPES: tuple[Sizes, ...] = ((1, 4, 4, 4), (1, 8), (1, 1, 1, 8), (1, 2, 8))


def probes(*, every: bool = False) -> Iterator[tuple[str, Program]]:
    """Each piece in one place, in turn; `every`: in all places it can stand in."""
    for number, piece in enumerate(PIECES):
        around = [(name, program) for name, program in _around(piece) if _stands(program)]
        if not around:
            continue
        for name, program in around if every else [around[number % len(around)]]:
            yield f"probe-{piece}-{name}", program


def _stands(program: Program) -> bool:
    try:
        build(program)
    except NotApplicable:
        return False
    return True


def _around(piece: str) -> Iterator[tuple[str, Program]]:
    for shape in SHAPES:
        reads = (Ref(0),) * PIECES[piece].reads
        try:
            assemble(Program(shape, (Step(piece, reads),), ()))
        except NotApplicable:
            continue
        yield "enclosed", chain(shape, (piece, WIDE), quant=WIDE)
        yield "behind", chain(shape, (piece, WIDE), quant=WIDE, raw=True)
        yield "between", chain(shape, piece, ("AddConstant", WIDE), quant=WIDE)
        yield "bare-input", chain(shape, (piece, WIDE))
        yield "chained", chain(shape, ("AddConstant", WIDE), piece, "Relu", ("Softmax", WIDE))
        yield "read-raw", _read_twice(shape, piece)
        return


def _read_twice(shape: Sizes, piece: str) -> Program:
    """One reader through the FakeQuant, one raw."""
    steps = (
        Step(piece, (Ref(0),) * PIECES[piece].reads, (WIDE,)),
        Step("AddConstant", (Ref(1),), (WIDE,)),
        Step("MulConstant", (Ref(1, raw=True),), (WIDE,)),
    )
    return Program(shape, steps, (Ref(2), Ref(3)), WIDE)

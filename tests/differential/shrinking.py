"""Make a program that shows something smaller while it still shows it."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from tests.corpus_maker.pieces import NotApplicable
from tests.corpus_maker.program import Program, Quant, Ref, Step

Shows = Callable[[Program], bool]


def shrink(program: Program, shows: Shows) -> Program:
    """The smallest program found that `shows`: greedily, until no smaller neighbour does.

    `shows` may raise NotApplicable, which counts as no.
    """
    while True:
        for smaller in _smaller(program):
            try:
                found = shows(smaller)
            except NotApplicable:
                continue
            if found:
                program = smaller
                break
        else:
            return program


def _smaller(program: Program) -> Iterator[Program]:
    """Neighbours, the greatest savings first."""
    if len(program.outputs) > 1:
        for i in range(len(program.outputs)):
            yield _pruned(replace(program, outputs=program.outputs[:i] + program.outputs[i + 1 :]))
    for number in range(len(program.steps), 0, -1):
        yield from _without(program, number)
    if program.quant is not None:
        yield replace(program, quant=None)
    for i, step in enumerate(program.steps):
        for simpler in _simpler(step):
            yield replace(program, steps=(*program.steps[:i], simpler, *program.steps[i + 1 :]))


def _without(program: Program, number: int) -> Iterator[Program]:
    """Without step `number`: its readers read one of what it read."""
    step = program.steps[number - 1]
    for source in dict.fromkeys(step.reads):

        def moved(ref: Ref, source: Ref = source) -> Ref:
            if ref.step == number:
                return source
            return ref._replace(step=ref.step - 1) if ref.step > number else ref

        steps = [
            s._replace(
                reads=tuple(moved(ref) for ref in s.reads),
                after=tuple(i - (i > number) for i in s.after if i != number),
            )
            for s in program.steps[: number - 1] + program.steps[number:]
        ]
        outputs = tuple(dict.fromkeys(moved(ref) for ref in program.outputs))
        yield replace(program, steps=tuple(steps), outputs=outputs)


def _pruned(program: Program) -> Program:
    """Without the steps at the end that no output needs."""
    last = max(ref.step for ref in program.outputs)
    return replace(program, steps=program.steps[:last])


def _simpler(step: Step) -> Iterator[Step]:
    if step.after:
        yield step._replace(after=())
    for i, quant in enumerate(step.quants):
        if quant is None:
            continue
        simpler: list[Quant | None] = [None]
        if quant != (plain := Quant(-1.0, 1.0)):
            simpler.append(plain)
        for other in simpler:
            yield step._replace(quants=(*step.quants[:i], other, *step.quants[i + 1 :]))
    for i, ref in enumerate(step.reads):
        if ref.raw:
            reads = (*step.reads[:i], ref._replace(raw=False), *step.reads[i + 1 :])
            yield step._replace(reads=reads)

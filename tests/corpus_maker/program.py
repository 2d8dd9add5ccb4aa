"""A generated graph as a program: a list of steps, easy to draw at random, to shrink and to print."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from minmax_lint.graph.build import Builder
from minmax_lint.graph.graph import Graph
from tests.corpus_maker.pieces import PIECES, Array, NotApplicable, Sizes

INPUT = "input"


class Ref(NamedTuple):
    """What step `step` made (0 is the input): behind its FakeQuant, or `raw`, before it."""

    step: int
    raw: bool = False


class Step(NamedTuple):
    """One piece and the FakeQuant on its result, if there is a range."""

    piece: str
    reads: tuple[Ref, ...]
    range: tuple[float, float] | None = None
    bits: int = 8


@dataclass(frozen=True)
class Program:
    """Input of shape `shape`, steps numbered from 1, and what comes out."""

    shape: Sizes
    steps: tuple[Step, ...]
    outputs: tuple[Ref, ...]
    range: tuple[float, float] | None = None
    """Of a FakeQuant on the input."""

    @property
    def inputs(self) -> dict[str, list[int]]:
        """Input array -> shape, as the converters take it."""
        return {INPUT: list(self.shape)}


class Built(NamedTuple):
    """The graph of a program."""

    graph: Graph
    inputs: dict[str, list[int]]
    outputs: list[str]


def build(program: Program) -> Built:
    """The graph. Raises NotApplicable where a step cannot read what it names."""
    b = Builder()
    plain = [Array(b.placeholder(INPUT, program.shape), program.shape)]
    quantized = [_behind(b, plain[0], program.range, 8)]
    for number, step in enumerate(program.steps, 1):
        if any(ref.step >= number for ref in step.reads):
            raise NotApplicable
        arrays = [_chosen(ref, plain, quantized) for ref in step.reads]
        piece = PIECES[step.piece]
        if len(arrays) != piece.reads or len({array.shape for array in arrays}) != 1:
            raise NotApplicable
        plain.append(piece.make(b, f"{step.piece.lower()}_{number}", arrays))
        quantized.append(_behind(b, plain[-1], step.range, step.bits))
    outputs = dict.fromkeys(_chosen(ref, plain, quantized).name for ref in program.outputs)
    if INPUT in outputs:
        raise NotApplicable
    return Built(b.graph(), program.inputs, list(outputs))


def _behind(b: Builder, array: Array, limits: tuple[float, float] | None, bits: int) -> Array:
    if limits is None:
        return array
    name = f"{array.name.replace(':', '_')}/quant"
    return Array(b.fake_quant(name, array.name, *limits, num_bits=bits), array.shape)


def _chosen(ref: Ref, plain: list[Array], quantized: list[Array]) -> Array:
    return plain[ref.step] if ref.raw else quantized[ref.step]


def chain(shape: Sizes, *steps: str | tuple[str, tuple[float, float] | None], **options: object) -> Program:
    """A program without branches: the last step, behind its FakeQuant unless `raw`, is the output."""
    made = []
    for number, step in enumerate(steps):
        name, limits = (step, None) if isinstance(step, str) else step
        made.append(Step(name, (Ref(number),) * PIECES[name].reads, limits))
    limits = options.get("range")
    assert limits is None or isinstance(limits, tuple)
    return Program(shape, tuple(made), (Ref(len(made), bool(options.get("raw"))),), limits)

"""A generated graph as a program: a list of steps, easy to draw at random, to shrink and to print."""

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from minmax_lint.graph.dtype import DType
from minmax_lint.graph.graph import Graph
from tests.corpus_maker.pieces import PIECES, Array, Maker, NotApplicable, Sizes

INPUT = "input"


class Ref(NamedTuple):
    """Array `port` of what step `step` made (0 is the input): behind its FakeQuant, or `raw`, before it."""

    step: int
    raw: bool = False
    port: int = 0


class Quant(NamedTuple):
    """A FakeQuant. `kind`: the range in constants, behind Identity, in attributes, or one per channel."""

    low: float
    high: float
    bits: int = 8
    narrow: bool = False
    kind: Literal["vars", "identity", "args", "channels"] = "vars"


class Step(NamedTuple):
    """One piece, the FakeQuants on what it makes (by port), and the steps it waits for (control edges)."""

    piece: str
    reads: tuple[Ref, ...]
    quants: tuple[Quant | None, ...] = ()
    after: tuple[int, ...] = ()


@dataclass(frozen=True)
class Program:
    """Input of shape `shape`, steps numbered from 1, and what comes out."""

    shape: Sizes
    steps: tuple[Step, ...]
    outputs: tuple[Ref, ...]
    quant: Quant | None = None
    """On the input."""


class Built(NamedTuple):
    """The graph of a program."""

    graph: Graph
    inputs: dict[str, list[int]]
    outputs: list[str]


@dataclass
class Results:
    """What the steps so far made: by step, the arrays as made and the arrays behind their FakeQuants."""

    made: list[tuple[Array, ...]] = field(default_factory=list)
    quantized: list[tuple[Array, ...]] = field(default_factory=list)

    def __getitem__(self, ref: Ref) -> Array:
        arrays = (self.made if ref.raw else self.quantized)[ref.step]
        if ref.port >= len(arrays):
            raise NotApplicable
        return arrays[ref.port]

    def add(self, b: Maker, made: tuple[Array, ...], quants: tuple[Quant | None, ...]) -> None:
        """Hang a step's FakeQuants behind what it made."""
        wanted = (*quants, *(None,) * len(made))
        self.made.append(made)
        self.quantized.append(tuple(_behind(b, array, q) for array, q in zip(made, wanted, strict=False)))


def build(program: Program) -> Built:
    """The graph. Raises NotApplicable where a step cannot read what it names, or an output is an input."""
    b, results = assemble(program)
    outputs = dict.fromkeys(results[ref].name for ref in program.outputs)
    graph = b.graph()
    inputs = {node.name: _shape(node.attrs["shape"]) for node in graph if node.op == "Placeholder"}
    if not outputs or inputs.keys() & outputs:
        raise NotApplicable
    return Built(graph, inputs, list(outputs))


def assemble(program: Program) -> tuple[Maker, Results]:
    """All nodes, and what each step made. Raises NotApplicable where a step cannot read what it names."""
    b, results = Maker(), Results()
    results.add(b, (Array(b.placeholder(INPUT, program.shape), program.shape),), (program.quant,))
    for number, step in enumerate(program.steps, 1):
        if any(ref.step >= number for ref in step.reads):
            raise NotApplicable
        results.add(b, _run(b, step, number, results), step.quants)
    return b, results


def _run(b: Maker, step: Step, number: int, results: Results) -> tuple[Array, ...]:
    piece = PIECES[step.piece]
    arrays = [results[ref] for ref in step.reads]
    if len(arrays) != piece.reads or len({array.shape for array in arrays}) != 1:
        raise NotApplicable
    if any(array.dtype is not piece.dtype for array in arrays):
        raise NotApplicable
    name = f"{step.piece.lower()}_{number}"
    if step.after:
        # A control edge on an Identity in front of the piece, so that every piece can have one.
        waits = [results.made[i][0].name.partition(":")[0] for i in step.after if i < number]
        first = b.add("Identity", f"{name}/wait", arrays[0].name, after=waits, T=arrays[0].dtype)
        arrays[0] = arrays[0]._replace(name=first)
    made = piece.make(b, name, arrays)
    return (made,) if isinstance(made, Array) else made


def _behind(b: Maker, array: Array, quant: Quant | None) -> Array:
    if quant is None or array.dtype is not DType.FLOAT:
        return array
    name = f"{array.name.replace(':', '_')}/quant"
    attrs = {"num_bits": quant.bits, "narrow_range": quant.narrow}
    if quant.kind == "args":
        b.add("FakeQuantWithMinMaxArgs", name, array.name, min=quant.low, max=quant.high, **attrs)
        return array._replace(name=name)
    shape = array.shape[-1:] if quant.kind == "channels" else []
    bounds = [b.const(f"{name}/{key}", [v], shape) for key, v in (("min", quant.low), ("max", quant.high))]
    if quant.kind == "identity":
        bounds = [b.add("Identity", f"{bound}/read", bound) for bound in bounds]
    suffix = "PerChannel" if quant.kind == "channels" else ""
    b.add(f"FakeQuantWithMinMaxVars{suffix}", name, array.name, *bounds, **attrs)
    return array._replace(name=name)


def _shape(value: object) -> list[int]:
    assert isinstance(value, tuple)
    return [int(size) for size in value]


def chain(
    shape: Sizes, *steps: str | tuple[str, Quant | None], quant: Quant | None = None, raw: bool = False
) -> Program:
    """A program without branches: the last step, behind its FakeQuant unless `raw`, is the output."""
    made = []
    for number, step in enumerate(steps):
        name, behind = (step, None) if isinstance(step, str) else step
        made.append(Step(name, (Ref(number),) * PIECES[name].reads, (behind,)))
    return Program(shape, tuple(made), (Ref(len(made), raw),), quant)

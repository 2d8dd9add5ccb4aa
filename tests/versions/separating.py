"""The separating graphs: small ones that show what some TensorFlow versions do and others do not, one a behaviour.

They are the examples that patterns and behaviours keep, and one for each row of a table that has a first version.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from minmax_lint.converters.example import Before, Net
from minmax_lint.converters.mlir import behaviours, tables
from minmax_lint.converters.mlir.bounds import Bounds
from minmax_lint.converters.mlir.legacy.operator_property import PROPERTIES
from minmax_lint.converters.mlir.legalize.rules import RULES
from minmax_lint.converters.mlir.optimize.optimize_pass import PATTERNS
from minmax_lint.converters.mlir.pattern import Pattern
from minmax_lint.converters.mlir.version import Behaviour
from minmax_lint.graph.graph import Graph
from minmax_lint.loaders.parse import parse
from minmax_lint.writers.graphdef import encode
from tests.corpus_maker.post_training import stripped


@dataclass(frozen=True, eq=False)
class Separating:
    """One graph that reads `input`, and what it shows."""

    name: str
    """Of the pattern or behaviour, as the code has it, or `QUANTIZABLE_SINCE[DIV]`."""
    before: Before = field(repr=False)
    bounds: Bounds = field(repr=False)
    """Those of the pattern, the behaviour or the row of a table."""

    def built(self, *, floating: bool = False) -> tuple[Graph, str]:
        """The graph and its output; `floating`: without FakeQuants, as post-training quantization takes it."""
        net = Net()
        output = self.before(net)
        graph = parse(encode(net.graph())).graph
        return (stripped(graph) if floating else graph), output


def separating() -> tuple[Separating, ...]:
    """All of them."""
    return (*_patterns((*RULES, *PATTERNS)), *_behaviours(), *_rows())


def _patterns(patterns: Iterable[Pattern[..., object]]) -> Iterator[Separating]:
    for one in patterns:
        yield Separating(one.name, one.before, one)


def _behaviours() -> Iterator[Separating]:
    for name, one in vars(behaviours).items():
        if isinstance(one, Behaviour):
            yield Separating(name, one.before, one)


def _concatenation(n: Net) -> str:
    narrow = n.fake_quant("narrow", n.x(), -1.0, 1.0, num_bits=4)
    return n.op("Elu", n.op("ConcatV2", narrow, narrow, n.i(1)))


def _narrow(op: Callable[[Net, str], str]) -> Before:
    return lambda n: n.op(
        "Elu", op(n, n.fake_quant("narrow", n.placeholder("input", (2, 8)), -1.0, 1.0, num_bits=4))
    )


def _slice(n: Net, array: str) -> str:
    return n.op("Slice", array, n.ints(0, 1), n.ints(1, 4))


_ROWS: Mapping[str, Mapping[str, Before]] = {
    "QUANTIZABLE_SINCE": {
        "DIV": lambda n: n.fq(n.op("RealDiv", y := n.fq(n.op("Abs", n.x())), y)),
        "EXP": lambda n: n.fq(n.op("Exp", n.x())),
        "LOG": lambda n: n.fq(n.op("Log", n.fake_quant("p", n.op("Abs", n.x()), 0.0, 1.0))),
        "SQRT": lambda n: n.fq(n.op("Sqrt", n.fq(n.op("Abs", n.x())))),
    },
    "SAME_SCALE_SINCE": {
        "BROADCAST_TO": lambda n: n.op("BroadcastTo", n.x(), n.ints(4, 8)),
    },
    "FOUR_BITS_SINCE": {
        "CONCATENATION": _concatenation,
        "SLICE": _narrow(_slice),
        "TRANSPOSE": _narrow(lambda n, array: n.transpose(array, 1, 0)),
    },
    "PROPERTIES": {
        "EXP": lambda n: n.op("Exp", n.x()),
        "LOG": lambda n: n.op("Log", n.op("Abs", n.x())),
        "MIRROR_PAD": lambda n: n.op("MirrorPad", n.x(), n.ints(0, 0, 1, 1, shape=[2, 2]), mode=b"REFLECT"),
        "SPACE_TO_BATCH_ND": lambda n: n.op(
            "SpaceToBatchND", n.image(), n.ints(2, 2), n.ints(0, 0, 0, 0, shape=[2, 2])
        ),
        "SQRT": lambda n: n.op("Sqrt", n.op("Abs", n.x())),
    },
}
"""Table of converters/mlir/tables.py, or legacy/operator_property.py -> row -> its graph."""


def _rows() -> Iterator[Separating]:
    bounds: Mapping[str, Mapping[str, Bounds]] = {
        "QUANTIZABLE_SINCE": tables.QUANTIZABLE_SINCE,
        "SAME_SCALE_SINCE": tables.SAME_SCALE_SINCE,
        "FOUR_BITS_SINCE": tables.FOUR_BITS_SINCE,
        "PROPERTIES": {
            op: Bounds(known.since) for op, known in PROPERTIES.items() if known.since != tables.ALWAYS
        },
    }
    for table, rows in _ROWS.items():
        assert rows.keys() == bounds[table].keys(), f"{table} and its separating graphs differ"
        for row, before in rows.items():
            yield Separating(f"{table}[{row}]", before, bounds[table][row])

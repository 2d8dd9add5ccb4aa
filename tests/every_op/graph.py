"""One small graph an op: `input` -> Tanh -> `output`, and the op `y` beside it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from minmax_lint.graph.attr import UnknownRank
from minmax_lint.graph.build import Builder
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.graph import Graph, graph_of
from minmax_lint.graph.names import parse_edge
from minmax_lint.graph.node import Node
from minmax_lint.graph.op_defaults import read_attr

TABLE = Path(__file__).parents[2] / "fixtures" / "every_op.jsonl"


@dataclass(frozen=True)
class OpCase:
    """An op with inputs and attributes that TensorFlow takes, and what the converters answered."""

    record: Mapping[str, Any]

    @property
    def op(self) -> str:
        """The op."""
        return str(self.record["op"])

    @property
    def answers(self) -> Mapping[str, Any]:
        """Profile, or `mlir` for every MLIR profile -> what its converter did."""
        found: Mapping[str, Any] = self.record.get("answers", {})
        return found

    def answer(self, profile: str) -> Any:
        """What the converter of a profile did: [verdict, ops, float ops] or ["abort", kind, message]."""
        return self.answers.get(profile, self.answers.get("mlir"))

    @property
    def opened(self) -> OpCase | None:
        """The op on a first placeholder whose first size is open, as a batch is; None where it has no size."""
        inputs = [list(one) for one in self.record["inputs"]]
        first = next((one for one in inputs if one[2] is None), None)
        if first is None or not first[1]:
            return None
        first[1] = [None, *first[1][1:]]
        return OpCase({**self.record, "inputs": inputs, "answers": self.record.get("open", {})})

    @property
    def inputs(self) -> dict[str, list[int | None] | None]:
        """Placeholder -> its shape."""
        placeholders = {f"x{i}": one[1] for i, one in enumerate(self.record["inputs"]) if one[2] is None}
        return placeholders | ({} if placeholders and self.record["results"] else {"input": [1, 4]})

    @property
    def outputs(self) -> tuple[str, ...]:
        """The op; a Tanh beside it where it has no result, or reads no input."""
        if not self.record["results"]:
            return ("output",)
        return ("y",) if "input" not in self.inputs else ("y", "output")

    @cached_property
    def graph(self) -> Graph:
        """The op, its inputs, and what stands in where a model would have no input or no output."""
        b = Builder()
        names = []
        for number, (dtype, shape, values) in enumerate(self.record["inputs"]):
            kind = DType[dtype]
            if values is None:
                names.append(_placeholder(b, f"x{number}", shape, kind))
            else:
                listed = [one.encode() if isinstance(one, str) else one for one in values]
                names.append(b.const(f"x{number}", listed, shape, kind))
        attrs = {key: read_attr(value) for key, value in self.record["attrs"].items() if value is not None}
        nodes = [Node("y", self.op, tuple(parse_edge(name) for name in names), (), attrs)]
        if "output" in self.outputs:
            inside = Builder()
            after = () if self.record["results"] else ("y",)
            inside.add("Tanh", "output", inside.placeholder("input", (1, 4)), after=after)
            nodes += inside.graph()
        return graph_of((*b.graph(), *nodes))


def _placeholder(b: Builder, name: str, shape: list[int | None] | None, dtype: DType) -> str:
    if shape is not None:
        return b.placeholder(name, shape, dtype)
    return b.add("Placeholder", name, dtype=dtype, shape=UnknownRank())


def cases(path: Path = TABLE) -> Iterator[OpCase]:
    """Every op of the table that has a graph."""
    with path.open() as lines:
        for line in lines:
            record = json.loads(line)
            if "inputs" in record:
                yield OpCase(record)

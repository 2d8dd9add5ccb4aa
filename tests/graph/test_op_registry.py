"""The table of ops is what the OpDefs of TF 1.15, 2.15 and 2.21 say, and result types follow from it."""

from __future__ import annotations

import pytest

from minmax_lint.graph.dtype import DType
from minmax_lint.graph.node import Node
from minmax_lint.graph.op_registry import is_registered, registered_op
from minmax_lint.inference.element_types import element_type
from tests.graph.make_op_defaults import installed_ops
from tests.graph.make_op_registry import TABLE, entry
from tests.interpreters import tensorflow

WRITE = ".venv/bin/python -m tests.graph.make_op_registry writes it anew"


def test_the_newest_table_is_tensorflows() -> None:
    theirs = installed_ops(tensorflow("2.21"))
    lines = TABLE.read_text(encoding="utf-8")
    assert len(theirs) > 1400
    for name, op in theirs.items():
        inputs, results, references = entry(op)
        assert is_registered(name, (2, 21)), WRITE
        assert f'"{name}": "{inputs}|{results}|' in lines, WRITE
        assert lines.split(f'"{name}": "', 1)[1].split('"', 1)[0].endswith(f"|{references}"), WRITE


@pytest.mark.parametrize(
    ("op", "version", "has"),
    [
        ("Conv2D", (1, 15), True),
        ("BatchMatMulV3", (1, 15), False),
        ("BatchMatMulV3", (2, 12), True),
        ("_nGraphEncapsulate", (2, 21), False),
    ],
)
def test_an_op_is_registered_in_its_versions_alone(op: str, version: tuple[int, int], has: bool) -> None:
    assert is_registered(op, version) == has


@pytest.mark.parametrize(
    ("node", "types"),
    [
        (Node("y", "TopKV2", attrs={"T": DType.FLOAT}), (DType.FLOAT, DType.INT32)),
        (Node("y", "Split", attrs={"T": DType.HALF, "num_split": 3}), (DType.HALF,) * 3),
        (
            Node("y", "DecodeCSV", attrs={"OUT_TYPE": [DType.FLOAT, DType.STRING]}),
            (DType.FLOAT, DType.STRING),
        ),
        (Node("y", "IsNan", attrs={"T": DType.FLOAT}), (DType.BOOL,)),
    ],
)
def test_the_types_of_results_follow_from_the_attributes(node: Node, types: tuple[DType, ...]) -> None:
    known = registered_op(node.op)
    assert known is not None
    assert tuple(known.result_type(node, port) for port in range(known.result_count(node))) == types
    assert known.result_type(node, len(types)) is DType.INVALID
    assert tuple(element_type(node, port) for port in range(len(types))) == types


def test_references_and_state_are_known() -> None:
    assign, random = registered_op("Assign"), registered_op("RandomUniform")
    assert assign is not None
    assert assign.references == {0}
    assert random is not None
    assert random.stateful

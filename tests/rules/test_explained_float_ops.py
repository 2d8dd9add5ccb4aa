"""Every float op of a prediction is explained, and blamed on a node that became it."""

import json
from pathlib import Path

import pytest

import minmax_lint
from minmax_lint.graph.build import Builder
from minmax_lint.ops.table import IDENTITIES
from tests.rules.linted import lint

CORPUS = Path(__file__).parents[2] / "fixtures" / "corpus"
CASES = [json.loads(line) for line in (CORPUS / "cases.jsonl").read_text().splitlines()]
PARTS = 8


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_every_float_op_is_blamed_on_its_own_node(part):
    for case in CASES[part::PARTS]:
        report = minmax_lint.lint(
            CORPUS / case["graph"],
            inputs=case["inputs"],
            outputs=case["outputs"],
            converters=["mlir-2.15", "mlir-2.21-v2"],
        )
        blamed = {array for finding in report.findings for array in (finding.array, *finding.consequences)}
        nodes = {finding.node for finding in report.findings if finding.code == "MM401"}
        for name, prediction in report.predictions.items():
            if prediction.verdict != "float":
                continue
            left = [array for _, array in prediction.float_ops if array not in blamed]
            assert left == [], (case["id"], name)
            made = {op.output: op.nodes for op in prediction.ops}
            for obstacle in prediction.obstacles:
                own = made.get(obstacle.array)
                if obstacle.kind == "no-kernel" and own:
                    assert obstacle.node in own, (case["id"], name, obstacle)
        graph = report.graph
        ops = {graph.nodes[node]["op"] for node in nodes if node in graph}
        assert not ops & IDENTITIES, case["id"]


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_every_abort_of_toco_is_blamed_on_the_array_that_it_names(part):
    """And on no Identity; what TOCO takes a batch norm apart into counts as the batch norm."""
    for case in CASES[part::PARTS]:
        report = minmax_lint.lint(
            CORPUS / case["graph"], inputs=case["inputs"], outputs=case["outputs"], converters=["toco-2.15"]
        )
        prediction = report.predictions["toco-2.15"]
        found = [one for one in report.findings if one.severity == "error"]
        assert bool(found) == (prediction.verdict != "quantized"), case["id"]
        if prediction.kind == "minmax":
            named = {array for one in found for array in (one.array, one.node, *one.consequences)}
            # MM120 is about the ranges of no single array.
            assert prediction.array.removesuffix("_mul_0") in named or found[0].code == "MM120", case["id"]
        nodes = {one.node for one in found if one.code in ("MM401", "MM403")}
        ops = {report.graph.nodes[node]["op"] for node in nodes if node in report.graph}
        assert not ops & IDENTITIES, case["id"]


def test_an_op_behind_which_an_identity_is_gone_is_blamed_itself():
    b = Builder()
    x = b.fake_quant("x/quant", b.placeholder("x", [1, 4]), -1, 1)
    y = b.add("FloorMod", "mod", x, b.fake_quant("y/quant", b.placeholder("y", [1, 4]), 1, 2))
    b.add("Identity", "output", y)
    report = lint(b, {"x": (1, 4), "y": (1, 4)}, ["output"], ["mlir"])
    assert [finding.node for finding in report.findings if finding.code == "MM401"] == ["mod"]


def normalized(scale):
    b = Builder()
    x = b.placeholder("x", [1, 4, 4, 2])
    empty = [b.const(name, [], [0]) for name in ("mean", "variance")]
    vectors = [b.const("scale", [scale, scale]), b.const("offset", [0.0, 0.0]), *empty]
    b.add("FusedBatchNormV3", "norm", x, *vectors, epsilon=0.001, data_format=b"NHWC", is_training=True)
    return b


@pytest.mark.parametrize(
    ("scale", "read", "codes"), [(1.0, False, []), (0.5, False, ["MM130"]), (1.0, True, ["MM130"])]
)
def test_a_layer_normalization_is_no_training_op(scale, read, codes):
    b = normalized(scale)
    if read:
        b.add("Sub", "moving", "norm:1", "mean")
    report = lint(b, {"x": (1, 4, 4, 2)}, ["norm"], ["mlir"])
    assert [finding.code for finding in report.findings if finding.code == "MM130"] == codes

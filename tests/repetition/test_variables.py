"""TF2 graphs, whose weights and ranges are variables that the output waits for."""

from __future__ import annotations

from minmax_lint import linting
from minmax_lint.converters.profile import profiles
from minmax_lint.graph.build import Builder
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.graph import Graph
from minmax_lint.graph.tensor import Tensor
from minmax_lint.loaders.model import Model
from minmax_lint.predicting import subject_by_repetition
from minmax_lint.report import Report
from tests.repetition.test_random_chains import differences

LAYERS = 30


class Values:
    """Every range a little wider than the one before, and weights that no two layers share."""

    def value(self, node: str) -> Tensor | None:
        kind, layer = node.split("_")
        number = 3 + int(layer) / 7
        if kind == "weights":
            return Tensor.of(DType.FLOAT, [4, 4], [1 / (number + place) for place in range(16)])
        return Tensor.of(DType.FLOAT, [], [{"low": -number, "high": number}[kind]])


def variable(b: Builder, name: str, shape: list[int]) -> str:
    handle = b.add("VarHandleOp", name, dtype=DType.FLOAT, shape=tuple(shape))
    return b.add("ReadVariableOp", f"{name}/read", handle, dtype=DType.FLOAT)


def graph() -> Graph:
    b = Builder()
    x = b.fake_quant("input/quant", b.placeholder("input", [1, 4]), -1, 1)
    for layer in range(LAYERS):
        weights = b.fake_quant(f"weights_{layer}/quant", variable(b, f"weights_{layer}", [4, 4]), -1, 1)
        product = b.add("MatMul", f"product_{layer}", x, weights)
        ends = (variable(b, f"{end}_{layer}", []) for end in ("low", "high"))
        x = b.add("FakeQuantWithMinMaxVars", f"quant_{layer}", product, *ends, num_bits=8, narrow_range=False)
    reads = [node.name for node in b.graph() if node.op == "ReadVariableOp"]
    b.add("NoOp", "all_read", after=reads)
    b.add("Identity", "Identity", x, after=["all_read"])
    return b.graph()


def test_layers_that_read_variables_are_told_of_each_other() -> None:
    model, inputs, outputs = (
        Model(None, "graphdef", graph(), variables=Values()),
        {"input": None},
        ("Identity",),
    )
    chosen = profiles(("toco", "mlir", "mlir-v2"))
    whole = linting.lint_model(model, inputs, outputs, chosen, path="x")
    found = subject_by_repetition(model, inputs, outputs, chosen, ())
    assert found is not None
    findings = linting.findings_on(*found)
    told: Report = linting.report_on(found[0], model, inputs, outputs, path="x", findings=findings)
    assert differences(whole, told) == []
    assert found[0].unfrozen

"""What converters do with a variable that nothing initializes, as measured with TF 2.21 on SavedModels of Keras 3."""

import pytest

from minmax_lint.converters.prediction import Prediction
from minmax_lint.graph.build import Builder
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.graph import Function, Graph, graph_of
from minmax_lint.graph.tensor import Tensor
from minmax_lint.loaders.model import Model
from minmax_lint.report.report import Report
from minmax_lint.workflows.opened import open_model
from tests.rules.linted import found

TYPE = {"dtype": DType.FLOAT}


class Unrestored:
    """A checkpoint whose saver does not restore the variable that is read."""

    prefix = "variables"
    keys = ("kernel",)
    restores = True

    def value(self, node: str) -> Tensor | None:
        return Tensor.of(DType.FLOAT, [4, 4], [0.5])

    def key(self, node: str) -> str:
        return node

    def is_restored(self, node: str) -> bool:
        return False

    def is_uninitialized(self, node: str) -> bool:
        return True


def report(profile: str) -> Report:
    model = Model(None, "savedmodel", net().graph(), variables=Unrestored())
    return open_model(model, {"input": (1, 4)}, ("output",), converters=[profile]).lint()


def net() -> Builder:
    b = Builder()
    kernel = b.add("VarHandleOp", "kernel", **TYPE, shape=(4, 4))
    read = b.add("ReadVariableOp", "kernel/read", kernel, **TYPE)
    product = b.add("MatMul", "product", b.placeholder("input", [1, 4]), read, T=DType.FLOAT)
    b.add("Relu", "output", product, T=DType.FLOAT)
    return b


def predicted(profile: str) -> Prediction:
    return report(profile).predictions[profile]


@pytest.mark.parametrize("profile", ["mlir-2.21-dynamic", "mlir-2.21-float16", "mlir-2.21-v2"])
def test_where_nothing_runs_it_stays_a_variable_in_float(profile: str) -> None:
    prediction = predicted(profile)
    assert prediction.verdict == "float"
    assert [op for op, _ in prediction.float_ops] == ["READ_VARIABLE", "BATCH_MATMUL"]


def branching() -> Graph:
    """An If of which one branch is a dense layer of the variable."""
    b = Builder()
    b.add("VarHandleOp", "kernel", **TYPE, shape=(4, 4))
    b.placeholder("input", [1, 4])
    b.placeholder("condition", [], DType.BOOL)
    attrs = {"Tcond": DType.BOOL, "Tin": [DType.RESOURCE, DType.FLOAT], "Tout": [DType.FLOAT]}
    b.add("Relu", "output", b.add("If", "if", "condition", "kernel", "input", **attrs), T=DType.FLOAT)
    branches = []
    for role in ("then", "else"):
        inside = Builder()
        kernel = inside.add("VarHandleOp", "kernel", **TYPE, shape=(4, 4))
        read = inside.add("ReadVariableOp", f"{role}/read", kernel, **TYPE)
        x = inside.placeholder(f"{role}/x", [1, 4])
        if role == "then":
            inside.add("MatMul", "then/y", x, read, T=DType.FLOAT)
        else:
            inside.add("Elu", "else/y", x, T=DType.FLOAT)
        branches.append(Function(role, inside.graph(), {f"{role}/x": "input"}, (f"{role}/y",)))
    return graph_of(list(b.graph()), {"if": tuple(branches)})


@pytest.mark.parametrize("profile", ["mlir-2.21-dynamic", "mlir-2.21-float16"])
def test_a_branch_reads_it_too_and_cannot_run(profile: str) -> None:
    model = Model(None, "savedmodel", branching(), variables=Unrestored())
    inputs: dict[str, tuple[int, ...]] = {"input": (1, 4), "condition": ()}
    prediction = open_model(model, inputs, ("output",), converters=[profile]).lint().predictions[profile]
    assert sorted(op for op, _ in prediction.float_ops) == [
        "BATCH_MATMUL",
        "ELU",
        "IF",
        "READ_VARIABLE",
        "RELU",
    ]
    assert prediction.runs is False


def test_what_reads_it_cannot_run() -> None:
    assert predicted("mlir-2.21-dynamic").runs is False


@pytest.mark.parametrize(
    ("profile", "message"),
    [
        ("mlir-2.21-int8", "variable != nullptr was not true"),
        ("mlir-2.21-16x8-fallback", "variable != nullptr was not true"),
        ("mlir-2.21", "Could not find variable kernel"),
        ("toco-2.15", "Could not find variable kernel"),
    ],
)
def test_calibration_and_tf1s_freezing_end_at_it(profile: str, message: str) -> None:
    assert (predicted(profile).verdict, predicted(profile).kind) == ("abort", "other")
    assert message in (predicted(profile).message or "")


@pytest.mark.parametrize("profile", ["mlir-2.21-int8", "mlir-2.21-v2"])
def test_the_advice_is_to_export_the_keras_model(profile: str) -> None:
    (finding,) = found(report(profile), "MM403")
    assert "model.export" in (finding.advice or "")

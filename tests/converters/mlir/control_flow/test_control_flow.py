"""Control flow of TF1 and TF2 in frozen graphs: the verdicts that the real converters gave."""

import csv
from pathlib import Path

import pytest

import minmax_lint
from minmax_lint.converters.mlir.control_flow.fold_constant_branches import fold_constant_branches
from minmax_lint.converters.mlir.control_flow.functionalize_control_flow import functionalize_control_flow
from minmax_lint.graph.build import Builder
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.trace import trace
from minmax_lint.inference.inference import Inference
from minmax_lint.loaders import load
from tests.converters.predicted import predicted_of

FIXTURES = Path(__file__).parents[4] / "fixtures" / "control_flow"
MEASURED = [
    (row["graph"], row["profile"], row["verdict"])
    for row in csv.DictReader((FIXTURES / "measured.csv").open())
]


@pytest.mark.parametrize("name", sorted({name for name, _, _ in MEASURED}))
def test_verdicts_are_those_of_the_real_converters(name):
    measured = {profile: verdict for graph, profile, verdict in MEASURED if graph == name}
    report = minmax_lint.lint(FIXTURES / f"{name}.pb", outputs=["y"], converters=list(measured))
    assert {profile: one.verdict for profile, one in report.predictions.items()} == measured


def rewritten(name):
    kept = trace(load(FIXTURES / f"{name}.pb").graph, ["x", "flag"], ["y"])
    return functionalize_control_flow(*fold_constant_branches(kept, Inference(kept, {})))[0]


@pytest.mark.parametrize(
    ("name", "node", "op", "roles"),
    [
        ("cond_quant", "cond/Merge_if", "If", ["then branch", "else branch"]),
        ("two", "cond/Merge_if", "If", ["then branch", "else branch"]),
        ("loop", "while/LoopCond", "While", ["loop condition", "loop body"]),
    ],
)
def test_control_flow_of_tf1_becomes_functional_under_tensorflows_names(name, node, op, roles):
    graph = rewritten(name).graph
    assert graph.op(node) == op
    assert [function.role for function in graph.functions[node]] == roles


def test_a_branch_holds_what_the_author_put_into_it():
    then, other = rewritten("cond_quant").graph.functions["cond/Merge_if"]
    assert "cond/Relu6" in then.graph
    assert "cond/MatMul" in then.graph
    assert "cond/MatMul" not in other.graph
    assert set(then.inputs.values()) == {"x"}


@pytest.mark.parametrize("name", ["cond_const", "cond_const-v2cf", "dropout_like", "dropout_like-v2cf"])
def test_of_a_choice_that_a_constant_decides_one_branch_stays(name):
    kept = rewritten(name)
    ops = {kept.graph.op(node) for node in kept.nodes}
    assert not ops & {"Switch", "Merge", "If", "StatelessIf", "RandomUniform"}


def test_a_graph_without_control_flow_is_left_alone():
    kept = trace(load(FIXTURES.parent / "founding" / "eval-frozen.pb").graph, (), ["output"])
    inference = Inference(kept, {})
    assert functionalize_control_flow(*fold_constant_branches(kept, inference)) == (kept, inference)


@pytest.mark.parametrize("name", ["mlir-2.15", "mlir-2.21", "mlir-2.21-v2", "mlir-2.21-int8"])
def test_an_output_that_is_the_exit_of_a_loop_is_lost(name):
    graph = load(FIXTURES / "loop.pb").graph
    exits = sorted(graph.of_ops({"Exit"}))
    report = minmax_lint.lint(FIXTURES / "loop.pb", outputs=["y", *exits], converters=[name])
    answer = report.predictions[name]
    assert (answer.verdict, answer.message) == ("abort", f"Graph does not contain node: {exits[0]}")


def condition(b: Builder, name: str, predicate: str, x: str, sizes: tuple[int, int]) -> str:
    """Of one convolution of TF1's cond or the other, to so many channels each."""
    ends = []
    for port, channels in enumerate(sizes):
        filters = b.const(f"{name}/filters_{port}", 0.5, [1, 1, 4, channels])
        inputs = [
            f"{b.add('Switch', f'{name}/{what}_{port}', array, predicate)}:{port}"
            for what, array in (("x", x), ("w", filters))
        ]
        attrs = {"strides": [1, 1, 1, 1], "padding": b"SAME"}
        ends.append(b.add("Conv2D", f"{name}/conv_{port}", *inputs, **attrs))
    return b.add("Merge", f"{name}/merge", *ends, N=2)


@pytest.mark.parametrize(("sizes", "verdict"), [((4, 4), "float"), ((4, 8), "abort")])
@pytest.mark.parametrize("name", ["mlir-2.15", "mlir-2.21"])
def test_what_both_branches_of_a_condition_give_has_their_shape(
    name: str, sizes: tuple[int, int], verdict: str
) -> None:
    """A convolution behind it needs its rank, as far inside a branch as outside."""
    b = Builder()
    first, second = (b.placeholder(one, (), DType.BOOL) for one in ("first", "second"))
    x = b.add("Elu", "elu", b.placeholder("input", [None, 8, 8, 4]))
    decides = b.add("Switch", "pass_second", second, first, T=DType.BOOL)
    passed = b.add("Switch", "pass", x, first)
    inner = condition(b, "inner", f"{decides}:1", f"{passed}:1", sizes)
    other = b.add("Relu", "other", b.add("Switch", "stop", x, first))
    outer = b.add("Merge", "outer", inner, other, N=2)
    filters = b.const("filters", 0.5, [1, 1, 4, 4])
    b.add("Conv2D", "y", outer, filters, strides=[1, 1, 1, 1], padding=b"SAME")
    assert predicted_of(b, "y", name, ["input", "first", "second"]).verdict == verdict

"""A branch that several Ifs call is one function of the converted model; a loop's body is copied for each loop.

Counts as TF 2.15 and 2.21 make them of such frozen graphs and SavedModels.
"""

from collections import Counter

import pytest

import minmax_lint
from minmax_lint.converters.mlir import pipeline
from minmax_lint.schema.messages import message_class

FLOAT, INT32, BOOL = 1, 3, 10
PROFILES = ("mlir-2.15", "mlir-2.15-v2", "mlir-2.21", "mlir-2.21-v2")


def graph():
    """A GraphDef with `input` [1, 8] and the flag `p`."""
    made = message_class("GraphDef")()
    for name, dtype, dims in (("input", FLOAT, (1, 8)), ("p", BOOL, ())):
        node = made.node.add(name=name, op="Placeholder")
        node.attr["dtype"].type = dtype
        node.attr["shape"].shape.SetInParent()
        for size in dims:
            node.attr["shape"].shape.dim.add(size=size)
    return made


def function(made, name, arguments, results):
    """A function without nodes: argument or result -> type."""
    added = made.library.function.add()
    added.signature.name = name
    for listed, named in ((added.signature.input_arg, arguments), (added.signature.output_arg, results)):
        for one, dtype in named.items():
            listed.add(name=one, type=dtype)
    return added


def choice(node, then, other, x):
    """Make `node` an If of the flag `p` between two functions of (x, p)."""
    node.op = "StatelessIf"
    node.input.extend(["p", x, "p"])
    node.attr["then_branch"].func.name, node.attr["else_branch"].func.name = then, other
    node.attr["Tcond"].type = BOOL
    node.attr["Tin"].list.type.extend([FLOAT, BOOL])
    node.attr["Tout"].list.type.append(FLOAT)


def leaf(made, name, op, output):
    body = function(made, name, {"x": FLOAT, "p": BOOL}, {"y": FLOAT})
    body.node_def.add(name=op.lower(), op=op, input=["x"]).attr["T"].type = FLOAT
    body.ret["y"] = f"{op.lower()}:{output}:0"


def levels(count):
    """Ifs within Ifs; both branches of each are the next one."""
    made = graph()
    for level in range(count - 1):
        body = function(made, f"f{level}", {"x": FLOAT, "p": BOOL}, {"y": FLOAT})
        choice(body.node_def.add(name="c"), f"f{level + 1}", f"f{level + 1}", "x")
        body.ret["y"] = "c:output:0"
    leaf(made, f"f{count - 1}", "Relu", "activations")
    choice(made.node.add(name="out"), "f0", "f0", "input")
    return made


def two_choices():
    """Two Ifs in a row between the same functions."""
    made = graph()
    leaf(made, "then", "Relu", "activations")
    leaf(made, "else", "Tanh", "y")
    choice(made.node.add(name="one"), "then", "else", "input")
    choice(made.node.add(name="out"), "then", "else", "one")
    return made


def two_decided_choices():
    """The same, decided by a constant: each has its own copy."""
    made = two_choices()
    flag = next(node for node in made.node if node.name == "p")
    flag.op = "Const"
    flag.attr["value"].tensor.dtype = BOOL
    flag.attr["value"].tensor.bool_val.append(False)
    del flag.attr["shape"]
    return made


def two_loops():
    """Two loops in a row of the same body."""
    made = graph()
    count = made.node.add(name="count", op="Const")
    bodies = [function(made, name, {"i": INT32, "x": FLOAT}, results) for name, results in LOOP.items()]
    constants = [count, *(body.node_def.add(name="k", op="Const") for body in bodies)]
    for constant in constants:
        constant.attr["dtype"].type = constant.attr["value"].tensor.dtype = INT32
        constant.attr["value"].tensor.int_val.append(3)
    test, body = bodies
    test.node_def.add(name="less", op="Less", input=["i", "k:output:0"]).attr["T"].type = INT32
    test.ret["go"] = "less:z:0"
    body.node_def.add(name="add", op="AddV2", input=["i", "k:output:0"]).attr["T"].type = INT32
    body.node_def.add(name="tanh", op="Tanh", input=["x"]).attr["T"].type = FLOAT
    body.ret["j"], body.ret["y"] = "add:z:0", "tanh:y:0"
    for name, x in (("one", "input"), ("out", "one:1")):
        node = made.node.add(name=name, op="StatelessWhile", input=["count", x])
        node.attr["cond"].func.name, node.attr["body"].func.name = LOOP
        node.attr["T"].list.type.extend([INT32, FLOAT])
    return made


LOOP = {"test": {"go": BOOL}, "body": {"j": INT32, "y": FLOAT}}


def predictions(made, folder, output="out"):
    path = folder / "graph.pb"
    path.write_bytes(made.SerializeToString())
    return minmax_lint.lint(path, outputs=[output], converters=PROFILES).predictions.values()


@pytest.mark.parametrize(
    ("made", "ops"),
    [
        (two_choices(), {"IF": 2, "RELU": 1, "TANH": 1}),
        (two_decided_choices(), {"TANH": 2}),
        (levels(3), {"IF": 3, "RELU": 1}),
        (levels(13), {"IF": 13, "RELU": 1}),
    ],
    ids=["two choices", "two decided choices", "3 levels", "13 levels"],
)
def test_a_branch_is_one_function_for_all_that_call_it(made, ops, tmp_path):
    for prediction in predictions(made, tmp_path):
        assert Counter(op.op for op in prediction.ops if op.op != "DEQUANTIZE") == ops
        assert Counter(op for op, _ in prediction.float_ops) in (ops, {})


def test_every_loop_has_its_own_copy_of_its_body(tmp_path):
    for prediction in predictions(two_loops(), tmp_path, "out:1"):
        assert Counter(op.op for op in prediction.ops)["TANH"] == 2


@pytest.mark.parametrize("strict", [False, True])
def test_each_function_is_predicted_once(strict, tmp_path, monkeypatch):
    calls = []

    def counted(*arguments, **named):
        calls.append(arguments)
        return predict(*arguments, **named)

    predict = pipeline.predict_function
    monkeypatch.setattr(pipeline, "predict_function", counted)
    profile = "mlir-2.21-16x8" if strict else "mlir-2.21-v2"
    found = []
    for count in (10, 20, 30):
        path = tmp_path / f"{count}.pb"
        path.write_bytes(levels(count).SerializeToString())
        calls.clear()
        minmax_lint.lint(path, outputs=["out"], converters=[profile])
        found.append(len(calls))
    assert found[1] - found[0] == found[2] - found[1] <= 20

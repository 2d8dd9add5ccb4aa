"""Rules about checkpoints, on checkpoints that TensorFlow wrote (fixtures/checkpoints) and on made ones."""

from pathlib import Path

import pytest

import minmax_lint
from minmax_lint.cli import main
from minmax_lint.graph.build import Builder
from minmax_lint.graph.dtype import DType
from minmax_lint.rules.framework.made_example import MadeCheckpoint, quantized_net
from minmax_lint.rules.framework.rule import Example
from tests.rules.linted import found, lint_example

FIXTURES = Path(__file__).parents[2] / "fixtures" / "checkpoints"
EVAL = FIXTURES / "eval.pb"


def findings(checkpoint, **kwargs):
    report = minmax_lint.lint(EVAL, outputs=["output"], checkpoint=checkpoint, select=["MM30"], **kwargs)
    return report.findings


@pytest.mark.parametrize(
    ("checkpoint", "codes"),
    [("trained", []), ("misspelt", ["MM301"]), ("float", ["MM301"]), ("clone", ["MM303"])],
)
def test_a_graph_is_compared_with_a_checkpoint_that_lies_elsewhere(checkpoint, codes):
    assert [finding.code for finding in findings(FIXTURES / checkpoint)] == codes


def test_a_misspelt_key_is_told_with_the_one_that_is_there():
    (finding,) = findings(FIXTURES / "misspelt" / "model.ckpt")
    assert "has no 'act_quant/max', the range of 'Relu6'; did you mean act_quant/maxx?" in finding.message


def test_a_checkpoint_of_a_float_training_is_one_finding_about_all_ranges():
    (finding,) = findings(FIXTURES / "float")
    assert "none of the 6 range variables" in finding.message
    assert len(finding.consequences) == 6


def trainable_only(kept):
    """A net of two range FakeQuants and a moving average, with a checkpoint that holds `kept` alone."""
    b = Builder()

    def read(name):
        variable = b.add("VariableV2", name, dtype=DType.FLOAT, shape=())
        return b.add("Identity", f"{name}/read", variable)

    x = b.add("Mul", "scaled", b.placeholder("input", [1, 4]), read("gamma"))
    x = b.add("AddV2", "moved", x, read("moving_mean"))
    for name in ("first", "second"):
        bounds = (read(f"{name}/min"), read(f"{name}/max"))
        x = b.add("FakeQuantWithMinMaxVars", name, b.add("Relu6", f"{name}/act", x), *bounds)
    return Example(b.graph(), {"input": (1, 4)}, (x,), variables=MadeCheckpoint(dict.fromkeys(kept, 1.0)))


@pytest.mark.parametrize(
    ("kept", "reason"),
    [
        (("gamma",), "nor has it 'moving_mean', so its saver left out what is not trained"),
        (("gamma", "moving_mean"), "it is of a training without quantization"),
    ],
)
def test_a_saver_of_trainable_variables_is_told_from_a_float_training(kept, reason):
    (finding,) = found(lint_example(trainable_only(kept)), "MM301")
    assert finding.message.endswith(reason)


def test_a_moved_scope_comes_with_the_map_of_all_variables():
    (finding,) = findings(FIXTURES / "clone")
    assert finding.advice == (
        "Restore through this map (checkpoint -> graph): clone_0/act_quant/max -> act_quant/max, "
        "clone_0/act_quant/min -> act_quant/min, clone_0/dense/bias -> dense/bias, "
        "clone_0/dense/weights -> dense/weights, clone_0/input_quant/max -> input_quant/max, "
        "clone_0/input_quant/min -> input_quant/min, clone_0/weights_quant/max -> weights_quant/max, "
        "clone_0/weights_quant/min -> weights_quant/min"
    )


def test_ranges_that_the_saver_leaves_out_are_found_and_read_all_the_same():
    report = minmax_lint.lint(FIXTURES / "partial", outputs=["output"], select=["MM302"])
    (finding,) = report.findings
    assert len(finding.consequences) == 6
    assert finding.message.endswith("for the range of 'input', 'dense/Identity' and 'Relu6'")
    assert report.source["act_quant/max"].tensor().values() == (6.0,)


@pytest.mark.parametrize(
    ("wanted_scope", "held_scope"),
    [
        ("", "clone_0/"),
        ("", "tower_1/"),
        ("net_1/", "net/"),
        ("net/", "net_1/"),
        ("", "model/"),
        ("a/b/", "b/"),
    ],
)
def test_scopes_that_differ_in_towers_numbers_or_a_scope_in_front_are_the_same(wanted_scope, held_scope):
    example = quantized_net(MadeCheckpoint({}))
    keys = {f"{wanted_scope}act_quant/{end}": f"{held_scope}act_quant/{end}" for end in ("min", "max")}

    class Moved(MadeCheckpoint):
        def key(self, node):
            return f"{wanted_scope}{node}"

    example = example._replace(variables=Moved(dict.fromkeys(keys.values(), 1.0)))
    report = lint_example(example)
    assert not found(report, "MM301")
    (finding,) = found(report, "MM303")
    assert all(f"{held} -> {wanted}" in finding.advice for wanted, held in keys.items())


def test_another_variable_of_that_name_is_no_drift():
    report = lint_example(quantized_net(MadeCheckpoint({"other/weights/min": 0.0, "act_quant/min": 0.0})))
    assert not found(report, "MM303")
    assert found(report, "MM301")


def test_a_graph_without_checkpoint_says_nothing_about_one():
    assert findings(None) == ()


@pytest.mark.parametrize(
    ("checkpoint", "message"),
    [
        ("version1/model.ckpt", "checkpoint of version 1"),
        ("trained/modle.ckpt", r"model\.ckpt.index is missing|did you mean"),
        ("", "holds no checkpoint"),
        ("gone", "no such checkpoint"),
    ],
)
def test_what_is_no_checkpoint_is_one_line_and_exit_code_2(checkpoint, message, capsys):
    assert main(["check", str(EVAL), "-o", "output", "--checkpoint", str(FIXTURES / checkpoint)]) == 2
    error = capsys.readouterr().err
    assert any(part in error for part in message.replace("\\", "").split("|"))
    assert "Traceback" not in error


def test_the_configuration_names_the_checkpoint_of_a_model(tmp_path, monkeypatch, capsys):
    (tmp_path / "minmax-lint.toml").write_text(
        f'[[models]]\npath = "{EVAL}"\noutputs = ["output"]\ncheckpoint = "{FIXTURES}/clone/model.ckpt"\n'
    )
    monkeypatch.chdir(tmp_path)
    assert main(["check", "--select", "MM303", "--output-format", "concise"]) == 1
    assert "MM303" in capsys.readouterr().out

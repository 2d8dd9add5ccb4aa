"""The Edge TPU profile: each limit of the public list, on finished models and on predicted ones."""

from __future__ import annotations

from pathlib import Path

import pytest

import minmax_lint
from minmax_lint.cli import main
from minmax_lint.converters.edgetpu import SUPPORTED, left_to_cpu, why_not
from minmax_lint.converters.finished import OpInfo, TensorInfo
from minmax_lint.errors import UnknownName

TFLITE = Path(__file__).parents[2] / "fixtures" / "tflite"


def data(*shape, dtype="int8", name="x", dynamic=False):
    return TensorInfo(name, dtype, shape, 0.1, 0, dynamic=dynamic)


def constant(*shape, values=None, dtype="int32"):
    return TensorInfo("constant", dtype, shape, constant=True, values=values)


def op(name, *inputs, output=None, **options):
    return OpInfo(name, inputs or (data(1, 8, 8, 4),), (output or data(1, 8, 8, 4, name="y"),), 0, options)


WEIGHTS = constant(4, 3, 3, 4, dtype="int8")
ROW = data(1, 10)


@pytest.mark.parametrize(
    ("refused", "taken", "reason"),
    [
        (op("LEAKY_RELU"), op("RELU6"), "no such op"),
        (op("ADD", output=data(1, 8, dtype="float32")), op("ADD"), "computes in float32"),
        (op("ADD", data(1, 8, dtype="int16")), op("ADD", data(1, 8)), "its data is int16"),
        (op("ADD", data(1, 5, 8, dynamic=True)), op("ADD", data(1, 5, 8)), "only when the model runs"),
        (op("ADD", data(2, 8, 8, 4)), op("ADD", data(1, 8, 8, 4)), "three innermost dimensions"),
        (op("MAX_POOL_2D", FusedActivationFunction=1), op("MAX_POOL_2D"), "activation is fused"),
        (op("AVERAGE_POOL_2D", FusedActivationFunction=1), op("CONV_2D", data(1, 8, 8, 4), WEIGHTS), "fused"),
        (
            op("CONV_2D", data(1, 8, 8, 4), WEIGHTS, DilationWFactor=2, DilationHFactor=1),
            op("CONV_2D", data(1, 8, 8, 4), WEIGHTS, DilationWFactor=2, DilationHFactor=2),
            "its dilation is 2 in x and 1 in y",
        ),
        (op("CONV_2D", data(1, 8, 8, 4), data(4, 3, 3, 4)), op("TRANSPOSE_CONV"), "weights are no constant"),
        (
            op("CONCATENATION", data(1, 4), data(1, 4), constant(1, 4)),
            op("CONCATENATION", data(1, 4), constant(1, 4)),
            "is a constant",
        ),
        (
            op("CONCATENATION", data(1, 4), constant(1, 2, values=(0, 3), dtype="int8")),
            op("CONCATENATION", data(1, 4), constant(1, 2, values=(0, 0), dtype="int8")),
            "not all zeros",
        ),
        (
            op("CONV_2D", data(1, 8, 8, 4), WEIGHTS, data(4)),
            op("CONV_2D", data(1, 8, 8, 4), WEIGHTS, constant(4)),
            "bias is no constant",
        ),
        (
            op("MEAN", data(1, 8, 8, 6), constant(1, values=(-1,))),
            op("MEAN", data(1, 8, 8, 8), constant(1, values=(3,))),
            "6 is no multiple of 4",
        ),
        (
            op("FULLY_CONNECTED", ROW, WEIGHTS, output=data(5, 10)),
            op("FULLY_CONNECTED", ROW, WEIGHTS, output=data(1, 10)),
            "more than one dimension",
        ),
        (
            op("FULLY_CONNECTED", ROW, WEIGHTS, output=ROW, WeightsFormat=1),
            op("FULLY_CONNECTED", ROW, WEIGHTS, output=ROW, WeightsFormat=0),
            "default format",
        ),
        (
            op("MEAN", data(1, 8, 8, 4), constant(2, values=(0, 1))),
            op("MEAN", data(1, 8, 8, 4), constant(2, values=(1, 2))),
            "along the batch",
        ),
        (
            op("REDUCE_MAX", data(1, 8, 8, 4), constant(1, values=(-4,))),
            op("REDUCE_MAX", data(1, 8, 8, 4), constant(1, values=(-1,))),
            "along the batch",
        ),
        (
            op("SPLIT", constant(values=(0,)), data(1, 8)),
            op("SPLIT", constant(values=(1,)), data(1, 8)),
            "along the batch",
        ),
        (
            op("PAD", data(1, 4), constant(2, 2, values=(1, 0, 0, 0))),
            op("PAD", data(1, 4), constant(2, 2, values=(0, 0, 1, 1))),
            "pads the batch",
        ),
        (op("PACK", Axis=0), op("PACK", Axis=1), "packs along the batch"),
        (
            op("PRELU", data(1, 8, 8, 4), constant(8, 8, 4)),
            op("PRELU", data(1, 8, 8, 4), constant(1, 1, 4)),
            "alpha",
        ),
        (op("SOFTMAX", data(1, 20_000)), op("SOFTMAX", data(1, 1000)), "16000 elements"),
        (op("SOFTMAX", data(1, 7, 10)), op("SOFTMAX", data(1, 1, 10)), "more than one dimension"),
        (
            op("SQUEEZE", data(5, 1, 10), output=data(5, 10)),
            op("SQUEEZE", data(1, 5, 10), output=data(5, 10)),
            "drops a dimension behind",
        ),
        (
            op("STRIDED_SLICE", ROW, constant(), constant(), constant(2, values=(1, 2))),
            op("STRIDED_SLICE", ROW, constant(), constant(), constant(2, values=(1, 1))),
            "a stride is not 1",
        ),
        (op("STRIDED_SLICE", EllipsisMask=1), op("STRIDED_SLICE"), "ellipsis"),
    ],
    ids=lambda value: value.name if isinstance(value, OpInfo) else None,
)
def test_what_breaks_a_limit_is_refused_and_what_keeps_it_is_taken(refused, taken, reason):
    assert reason in why_not(refused)
    assert why_not(taken) == ""


def test_every_supported_op_is_a_builtin_op():
    tflite = pytest.importorskip("tflite")
    assert set(SUPPORTED) <= set(vars(tflite.BuiltinOperator))


def test_the_first_refused_op_takes_everything_behind_it_along():
    first, second = left_to_cpu([op("RELU"), op("LEAKY_RELU"), op("ADD"), op("GELU"), op("MUL")])
    assert (first.op, first.behind, second.op, second.behind) == ("LEAKY_RELU", ("y", "y"), "GELU", ())


def test_float_ends_alone_leave_nothing_to_the_cpu():
    report = minmax_lint.lint(TFLITE / "gap-filled-io.tflite", converters=["edgetpu"])
    assert report.predictions["edgetpu"].cpu_ops == ()
    assert [finding.code for finding in report.findings] == ["MM502", "MM502"]


def test_a_finished_model_is_only_measured_against_the_device_when_asked():
    assert "edgetpu" not in minmax_lint.lint(TFLITE / "gap.tflite").predictions
    report = minmax_lint.lint(TFLITE / "gap.tflite", converters=["edgetpu"], select=["MM404"])
    (finding,) = report.findings
    assert finding.message.startswith("CONV_2D 'second/Relu6' and 1 more CONV_2D will run on the CPU")


@pytest.mark.parametrize("name", ["gap", "gap-filled"])
def test_a_predicted_model_leaves_the_same_ops_to_the_cpu_as_the_real_one(name):
    predicted = minmax_lint.lint(
        TFLITE / f"{name}.pb", outputs=["third/act_quant"], converters=["edgetpu"]
    ).predictions["edgetpu"]
    real = minmax_lint.lint(TFLITE / f"{name}.tflite", converters=["edgetpu"]).predictions["edgetpu"]
    assert [(one.op, one.reason) for one in predicted.cpu_ops] == [(o.op, o.reason) for o in real.cpu_ops]


def test_the_profile_is_no_converter_of_its_own(capsys):
    assert main(
        ["check", str(TFLITE / "gap-filled.pb"), "-o", "third/act_quant", "--converter", "edgetpu"]
    ) in (0, 1)
    assert "Edge TPU" in capsys.readouterr().out
    with pytest.raises(UnknownName, match="did you mean edgetpu"):
        minmax_lint.lint(TFLITE / "gap.tflite", converters=["edgetpux"])

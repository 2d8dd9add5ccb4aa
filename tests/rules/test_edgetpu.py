"""The Edge TPU profile: each limit of the public list, on finished models and on predicted ones."""

from pathlib import Path

import pytest

import minmax_lint
from minmax_lint.cli import main
from minmax_lint.converters.edgetpu import SUPPORTED, ops_left_to_cpu, why_not
from minmax_lint.converters.finished import BOUNDARY_OPS, OpInfo, TensorInfo
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
        (op("SOFTMAX", data(1, 20_000)), op("SOFTMAX", data(1, 16_384)), "16384 elements"),
        (
            op("RESIZE_BILINEAR", data(1, 33, 33, 19), output=data(1, 513, 513, 19)),
            op("RESIZE_BILINEAR", data(1, 33, 33, 19), output=data(1, 33, 33, 19)),
            "enlarges a side of 33 to 513",
        ),
        (
            op("RESIZE_BILINEAR", data(1, 1, 1, 256), output=data(1, 33, 33, 256)),
            op("RESIZE_BILINEAR", data(1, 12, 12, 32), output=data(1, 24, 24, 32)),
            "enlarges a side of 1 to 33",
        ),
        (
            op("SPLIT", constant(values=(0,)), data(1, 8), NumSplits=2),
            op("SPLIT", constant(values=(0,)), data(1, 8), NumSplits=1),
            "along the batch",
        ),
        (
            OpInfo("ADD", (ROW,), (ROW,), subgraph=1),
            op("TILE", data(1, 1, 1, 128), output=data(1, 33, 33, 128)),
            "body of a loop",
        ),
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


def chain(*names):
    """Ops that read each other's outputs: `name` reads the one before, `name<k` the output of op k."""
    ops = []
    for place, name in enumerate(names):
        kind, _, source = name.partition("<")
        read = data(1, 8, name=f"y{source or place - 1}")
        ops.append(OpInfo(kind, (read,), (data(1, 8, name=f"y{place}"),)))
    return ops


@pytest.mark.parametrize(
    ("ops", "placed"),
    [
        (
            ("RELU", "LEAKY_RELU", "ADD", "GELU", "MUL"),
            [("LEAKY_RELU", ("y2",)), ("GELU", ("y4",))],
        ),
        (("RELU", "LEAKY_RELU", "ADD<0", "MUL"), [("LEAKY_RELU", ())]),
        (("FLOOR", "RELU", "ADD"), [("FLOOR", ())]),
        (("FLOOR", "RELU", "GELU<0", "ADD<2", "MUL"), [("FLOOR", ()), ("GELU", ())]),
        (("edgetpu-custom-op", "GELU", "ADD"), [("GELU", ("y2",))]),
        (("RELU", "GELU", "QUANTIZE", "ADD"), [("GELU", ("y2", "y3"))]),
    ],
    ids=["behind", "beside", "in front", "in front of all", "compiled", "from one scale to another"],
)
def test_a_refused_op_takes_along_what_waits_for_it_and_the_device_both(ops, placed):
    assert [(one.op, one.behind) for one in ops_left_to_cpu(chain(*ops))] == placed


def test_a_converter_can_be_named_and_the_one_that_is_assumed_is_said(capsys):
    words = ["check", str(TFLITE / "gap-filled.pb"), "-o", "third/act_quant"]
    main([*words, "--converter", "edgetpu", "--converter", "edgetpu@2.15-v2"])
    out = capsys.readouterr().out
    assert "Edge TPU after MLIR (TF 2.21)" in out
    assert "Edge TPU after MLIR (TF 2.15, TF2 flow)" in out
    with pytest.raises(UnknownName, match=r"did you mean edgetpu@2\.15-v2"):
        minmax_lint.lint(TFLITE / "gap.tflite", converters=["edgetpu@2.15v2"])


RECURRENT = sorted((Path(__file__).parents[2] / "fixtures" / "recurrent").glob("*.pb"))


@pytest.mark.parametrize("graph", RECURRENT, ids=lambda path: path.stem)
def test_the_body_of_a_loop_runs_on_the_cpu(graph):
    found = minmax_lint.lint(graph, converters=["edgetpu", "edgetpu@2.15-v2"])
    for name in ("edgetpu", "edgetpu@2.15-v2"):
        prediction = found.predictions[name]
        outputs = {placement.output for placement in prediction.cpu_ops}
        inside = {
            op.output
            for op in prediction.ops
            if op.op not in BOUNDARY_OPS and op.nodes and not set(op.nodes) & set(found.kept)
        }
        assert inside <= outputs


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

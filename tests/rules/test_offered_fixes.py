"""What a finding offers heals it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from minmax_lint.api import fix, lint
from minmax_lint.fixes.bounds.elementwise import BINARY, UNARY
from minmax_lint.fixes.edit.options import FixOptions
from minmax_lint.fixes.repairs.replace import RULES
from minmax_lint.graph.build import Builder
from minmax_lint.graph.dtype import DType
from minmax_lint.loaders.model import Model
from minmax_lint.rules.framework.replaceable import APPROXIMATED, APPROXIMATED_OF_TWO, REPLACED
from minmax_lint.rules.framework.rule import Rule, rules
from minmax_lint.workflows.opened import open_model
from minmax_lint.writers.graphdef import encode
from tests.rules.linted import found, lint_example

OFFERING = [
    rule
    for rule in rules()
    if rule.fixes and any(f.fix for f in found(lint_example(rule.examples().failing), rule.code))
]


@pytest.mark.parametrize("rule", OFFERING, ids=lambda rule: rule.code)
def test_the_repair_that_the_failing_example_is_offered_heals_it(rule: Rule) -> None:
    example = rule.examples().failing
    (finding,) = found(lint_example(example), rule.code)
    assert finding.fix is not None
    assert finding.fix.strategy in rule.fixes
    unsafe = finding.fix.applicability == "unsafe"
    options = FixOptions(unsafe=unsafe, default_range=(-4.0, 4.0) if unsafe else None)
    model = Model(None, "graphdef", example.graph)
    opened = open_model(model, example.inputs, example.outputs, converters=example.profiles)
    patch = opened.fix(options)
    assert not found(patch.after, rule.code)
    assert patch.safe is not unsafe


def test_most_rules_with_a_repair_offer_it_for_their_example() -> None:
    offering = {rule.code for rule in OFFERING}
    assert offering >= {
        "MM101",
        "MM102",
        "MM103",
        "MM104",
        "MM110",
        "MM112",
        "MM113",
        "MM114",
        "MM130",
        "MM201",
        "MM401",
    }


def test_every_op_that_is_offered_to_be_written_out_can_be() -> None:
    assert set(REPLACED) == set(RULES)


def test_every_function_that_is_offered_to_be_approximated_can_be() -> None:
    assert (set(UNARY), set(BINARY)) == (APPROXIMATED, APPROXIMATED_OF_TWO)


def test_a_training_graph_is_offered_all_that_fix_does() -> None:
    founding = Path(__file__).parents[2] / "fixtures" / "founding"
    report = lint(founding / "training", script=founding / "train.py")
    assert (report.outputs, report.inferred_how) == (
        ("output",),
        f"inputs and outputs from {founding / 'train.py'}:36",
    )
    assert [(one.code, one.fix and one.fix.applicability) for one in report.findings] == [
        ("MM101", "safe"),
        ("MM130", "safe"),
    ]
    assert not fix(founding / "training", outputs=["output"]).after.findings


def normal(b: Builder, x: str) -> str:
    """As the layer normalization of Keras 2 computes it: statistics of the batch, a scale of one."""
    image = b.add("Reshape", "image", x, b.const("sizes", [1, 2, 4, 1], dtype=DType.INT32))
    vectors = [b.const(name, value, [2]) for name, value in (("scale", 1.0), ("offset", 0.0))]
    nothing = [b.const(name, [], [0]) for name in ("mean", "variance")]
    attrs = {"epsilon": 0.1, "data_format": b"NCHW", "is_training": True}
    return b.add("FusedBatchNormV3", "op", image, *vectors, *nothing, U=DType.FLOAT, **attrs)


WRITTEN_OUT: dict[str, tuple[Callable[[Builder, str], str], str | None]] = {
    "Expm1": (lambda b, x: b.add("Expm1", "op", x), "approximate"),
    "Softplus": (lambda b, x: b.add("Softplus", "op", x), "approximate"),
    "Selu": (lambda b, x: b.add("Selu", "op", x), "approximate"),
    "Xlogy": (lambda b, x: b.add("Xlogy", "op", x, x), None),
    "FusedBatchNormV3": (normal, None),
}
"""Op of which MLIR makes several, with arrays between them -> what heals it."""


@pytest.mark.parametrize("op", WRITTEN_OUT)
@pytest.mark.parametrize("profile", ["mlir-2.15", "mlir-2.21-v2"])
def test_no_fake_quant_is_offered_for_what_lies_inside_an_op(op: str, profile: str) -> None:
    make, strategy = WRITTEN_OUT[op]
    b = Builder()
    x = b.fake_quant("input/quant", b.placeholder("input", [2, 4]), -1, 1)
    b.fake_quant("output", b.add("Tanh", "tanh", make(b, x)), -1, 1)
    report = lint(encode(b.graph()), outputs=["output"], converters=[profile])
    (finding,) = (one for one in report.findings if one.severity == "error" and one.array == "op")
    patch = fix(
        encode(b.graph()), outputs=["output"], converters=[profile], unsafe=True, default_range=(-4.0, 4.0)
    )
    assert (finding.code, finding.fix.strategy if finding.fix else None) == ("MM110", strategy)
    assert (patch.after.predictions[profile].verdict == "quantized") is (strategy is not None)
    assert (strategy in patch.strategy.split("+")) is (strategy is not None)


@pytest.mark.parametrize("shape", [[None, 4], [None, None, 4], [None, None, 2, 4], [None, 2, 2, 4]])
def test_a_function_is_offered_to_be_approximated_where_its_shape_is_known(shape: list[int | None]) -> None:
    b = Builder()
    x = b.fake_quant("input/quant", b.placeholder("input", shape), -1, 1)
    b.fake_quant("output", b.add("Elu", "elu", x), -1, 1)
    report = lint(encode(b.graph()), outputs=["output"], converters=["mlir-2.21"])
    (finding,) = found(report, "MM401")
    patch = fix(encode(b.graph()), outputs=["output"], converters=["mlir-2.21"], unsafe=True)
    assert bool(finding.fix) is (patch.after.predictions["mlir-2.21"].verdict == "quantized")


@pytest.mark.parametrize("profile", ["mlir-2.15-16x8", "mlir-2.21-16x8", "mlir-2.21-16x8-fallback"])
def test_no_function_is_offered_to_be_approximated_with_16_bits(profile: str) -> None:
    b = Builder()
    b.add("Tanh", "output", b.add("Elu", "elu", b.placeholder("input", [1, 4])))
    assert not any(
        one.fix for one in lint(encode(b.graph()), outputs=["output"], converters=[profile]).findings
    )
    patch = fix(encode(b.graph()), outputs=["output"], converters=[profile], unsafe=True)
    assert patch.empty

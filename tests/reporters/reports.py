"""Reports made by hand, so that reporters are tested apart from rules and converter models."""

from dataclasses import replace

from minmax_lint.converters.prediction import OpOutcome, Prediction
from minmax_lint.graph.build import Builder
from minmax_lint.graph.trace import trace
from minmax_lint.report.report import Report
from minmax_lint.reporters import Run, Unreadable
from minmax_lint.rules.framework.finding import Finding, FixOffer, Step, with_fingerprints

ABORT = (
    "Array output does not have MinMax information, and is not a constant array. "
    "Cannot proceed with quantization."
)


def founding_graph() -> Builder:
    """The founding case: a dense layer whose FakeQuant stands behind the output."""
    b = Builder()
    x = b.placeholder("input", [None, 2])
    w = b.fake_quant("weights_quant", b.const("w", 0.5, [2, 1]), -1, 1)
    y = b.add("Relu6", "output", b.add("Add", "add", b.add("MatMul", "MatMul", x, w), b.const("b", 0.5, [1])))
    b.fake_quant("act_quant/FakeQuantWithMinMaxVars", y, 0, 6)
    return b


MM101 = Finding(
    "MM101",
    "output-fakequant-outside",
    "error",
    "output array 'output' is cut off in front of its FakeQuant, which no converter reads",
    node="act_quant/FakeQuantWithMinMaxVars",
    array="output",
    outputs=("output",),
    profiles=("toco-2.15", "mlir-2.21"),
    consequences=("output",),
    path=(
        Step("add", "Add", "kept"),
        Step("output", "Relu6", "output", "the output, no range"),
        Step("act_quant/FakeQuantWithMinMaxVars", "FakeQuantWithMinMaxVars", "outside", "[0, 6]"),
    ),
    fix=FixOffer("retarget", "safe", "Make the FakeQuant the output, under the name 'output'."),
)

MM110 = Finding(
    "MM110",
    "activation-without-range",
    "warning",
    "array 'block/add' has no range\nand 41 ops need one",
    node="block/add",
    array="block/add",
    outputs=("output",),
    profiles=("mlir-2.21",),
    consequences=tuple(f"block/layer_{i}/Relu" for i in range(41)),
    advice="Put a FakeQuant behind 'block/add' in the model code; 100% of its readers: need it.",
)


def report(*findings: Finding, path: str = "eval.pb", inferred_how: str = "") -> Report:
    """A report on the founding graph with these findings."""
    graph = founding_graph().graph()
    broken = bool(findings)
    dense = OpOutcome("FULLY_CONNECTED", "output", ("MatMul", "add", "output"), not broken)
    return Report(
        path,
        "graphdef",
        {"input": (None, 2)},
        ("output",),
        inferred_how,
        {
            "toco-2.15": Prediction("toco-2.15", "abort", "minmax", "output", None, (), ABORT)
            if broken
            else Prediction("toco-2.15", "quantized", ops=(dense,)),
            "mlir-2.21": Prediction(
                "mlir-2.21", "float", float_ops=(("FULLY_CONNECTED", "output"),), ops=(dense,)
            )
            if broken
            else Prediction("mlir-2.21", "quantized", ops=(dense,)),
        },
        with_fingerprints(findings),
        graph,
        trace(graph, ["input"], ["output"]),
    )


BROKEN = Run((report(MM101),), endpoint_options=("-i", "input=1,2", "-o", "output"))
CLEAN = Run((report(path="clean.pb", inferred_how="inputs and outputs inferred from the graph's ends"),))
MIXED = Run((report(MM101, MM110), report(path="clean.pb")))
MANY = Run(
    (
        report(
            *(
                replace(MM110, node=f"tower/layer_{i}/add", array=f"tower/layer_{i}/add", consequences=())
                for i in range(12)
            )
        ),
    )
)
_SCOPE = "InceptionV3/InceptionV3/Mixed_5b/Branch_2/Conv2d_0b_3x3"
LONG = Run(
    (
        report(
            replace(
                MM101,
                array=f"{_SCOPE}/Relu",
                path=(
                    *(Step(f"{_SCOPE}/layer_{i}/BiasAdd", "BiasAdd", "kept") for i in range(9)),
                    Step(f"{_SCOPE}/Relu", "Relu", "output", "the output, no range"),
                    Step(f"{_SCOPE}/flat", "Reshape", "outside"),
                    Step(f"{_SCOPE}/quant", "FakeQuantWithMinMaxVars", "outside", "[0, 6]"),
                ),
            )
        ),
    )
)
UNEXPLAINED = Run((replace(report(MM101), findings=()),))
ACCEPTED = Run(
    (replace(report(MM101), findings=(), ignored=report(MM101).findings, left_out={"the baseline": 1}),)
)
VERBOSE = replace(MIXED, verbose=True)
QUIET = replace(MIXED, quiet=True)
STATISTICS = replace(MANY, statistics=True, unreadable=(Unreadable("gone.pb", "gone.pb: no such file"),))

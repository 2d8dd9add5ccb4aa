"""MM406: no-uint8-kernel."""

from __future__ import annotations

from collections.abc import Iterator

from minmax_lint.graph.build import Builder
from minmax_lint.graph.graph import Graph
from minmax_lint.rules.framework.finding import Finding
from minmax_lint.rules.framework.rule import Example, Rule
from minmax_lint.rules.framework.subject import Subject

WITHOUT_UINT8 = frozenset("ABS EXP LOG REDUCE_PROD RSQRT SQRT SQUARED_DIFFERENCE".split())
"""Ops whose uint8 form the converter makes, and TFLite's interpreter refuses; int8 runs (measured, 2.15 and 2.21)."""


class NoUint8Kernel(Rule):
    """An op becomes a uint8 op that TFLite's interpreter cannot run.

    ## What it does
    Reports every op that the MLIR converter makes integer in the TF1 flow, or that is in a finished model, and that
    the interpreter has no uint8 kernel for.

    ## Why
    The converter writes the op with uint8 arrays and reports success. The kernels of ABS, EXP, LOG, RSQRT, SQRT,
    REDUCE_PROD and SQUARED_DIFFERENCE know int8 and float, no uint8. The model fails on the device: when its arrays
    are allocated, or at the first run.

    ## Symptom
    ```
    Type UINT8 is unsupported by op Rsqrt.Node number 0 (RSQRT) failed to prepare.
    Type 3 is currently not supported by Exp.Node number 0 (EXP) failed to invoke.
    ```

    ## Fix
    Convert to int8: `inference_type=tf.int8` in the TF1 flow, or the TF2 flow. Or write the op in ops that have a
    uint8 kernel, or end the model in front of it.

    ## Converters
    MLIR in the TF1 flow with uint8 (warning: the conversion itself succeeds). In the TF2 flow the ops are int8, and run.
    """

    code = "MM406"
    name = "no-uint8-kernel"
    severity = "warning"
    about = frozenset({"graph", "finished"})

    def check(self, subject: Subject) -> Iterator[Finding]:
        """One finding an op, for all profiles that make it uint8."""
        if subject.finished is not None:
            for made in subject.finished.ops:
                if made.name in WITHOUT_UINT8 and any(tensor.dtype == "uint8" for tensor in made.outputs):
                    yield self._told(made.name, made.output, None, ())
            return
        found: dict[tuple[str, str], tuple[str, ...]] = {}
        places: dict[tuple[str, str], str | None] = {}
        for profile in subject.profiles:
            if profile.engine != "mlir" or profile.flow != "tf1" or profile.device:
                continue
            for op in subject.predictions[profile.name].ops:
                if op.integer and op.computes and op.op in WITHOUT_UINT8:
                    key = op.op, op.output
                    found[key] = (*found.get(key, ()), profile.name)
                    places.setdefault(key, op.nodes[-1] if op.nodes else None)
        for (name, output), profiles in found.items():
            yield self._told(name, output, places[name, output], profiles)

    def _told(self, op: str, output: str, node: str | None, profiles: tuple[str, ...]) -> Finding:
        return self.finding(
            f"{op} {output!r} becomes a uint8 op, which TFLite's interpreter cannot run",
            node=node,
            array=output,
            profiles=profiles,
            advice="Convert to int8 (inference_type=tf.int8, or the TF2 flow), or leave the op out.",
        )

    @classmethod
    def failing(cls) -> Example:
        """An absolute value."""
        return Example(_net("Abs"), {"input": (1, 4)}, ("output",), ("mlir-2.15", "mlir-2.21"))

    @classmethod
    def passing(cls) -> Example:
        """RELU in its place."""
        return Example(_net("Relu"), {"input": (1, 4)}, ("output",), ("mlir-2.15", "mlir-2.21"))


def _net(op: str) -> Graph:
    b = Builder()
    x = b.fake_quant("input/quant", b.placeholder("input", [1, 4]), -1, 1)
    b.fake_quant("output", b.add(op, "y", x), 0, 1)
    return b.graph()

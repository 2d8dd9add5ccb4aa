"""MM406: no-uint8-kernel."""

from collections.abc import Iterator

from minmax_lint.converters.kernels import KERNELS, PER_CHANNEL, refusal_of
from minmax_lint.converters.profile import profile
from minmax_lint.graph.graph import Graph
from minmax_lint.rules.framework import Example, Examples, Finding, FixOffer, Rule, Subject, quantized_input
from minmax_lint.rules.framework.replaceable import replacement


class NoKernel(Rule):
    """An op becomes an integer op that TFLite's interpreter cannot run.

    ## What it does
    Reports every op that the MLIR converter makes integer, or that is in a finished model, and that the interpreter has
    no kernel for in that type: uint8, int8 or 16 bits. Most are of uint8, as the rule's name says.

    ## Why
    The converter writes the op and reports success: it does not ask which kernels there are. The model fails on the
    device, when its arrays are allocated or at the first run. In uint8 (TF1 flow) that is so of ABS, EXP, LOG, RSQRT,
    SQRT, REDUCE_PROD and SQUARED_DIFFERENCE, and of convolutions whose filter has a range for each channel; in int8 of
    REVERSE_SEQUENCE and of a convolution whose filter is computed (and the data decides of a DIV, which from 2.20 on
    refuses a divisor whose integer is 0, the middle of its range); in 16x8 of TILE, SQUARED_DIFFERENCE (layer normalization,
    variance), SCATTER_ND, and of ops that are left half float, as PADV2 with its constant. The whole table, op by op
    and version by version, is `converters/kernels.py`.

    ## Symptom
    ```
    Type UINT8 is unsupported by op Rsqrt.Node number 0 (RSQRT) failed to prepare.
    Type 3 is currently not supported by Exp.Node number 0 (EXP) failed to invoke.
    Type 'INT16' is not supported by tile.Node number 3 (TILE) failed to invoke.
    input->type == kTfLiteInt8 || input->type == kTfLiteInt16 was not true.Node number 0 (CONV_2D) failed to prepare.
    SquaredDifference only supports FLOAT32 and INT32 now, got 7.Node number 2 (SQUARED_DIFFERENCE) failed to prepare.
    ```

    ## Fix
    Of a uint8 model: convert to int8, `inference_type=tf.int8` in the TF1 flow, or the TF2 flow. Of a 16x8 model:
    `minmax-lint fix` writes a squared difference as a SUB and a MUL, and a TILE of up to 256 copies as CONCATENATION
    (`replace`); else convert to int8. Or end the model in front of the op.

    ## Converters
    MLIR in every flow (warning: the conversion itself succeeds). `runs` of a prediction says the same.
    """

    name = "no-uint8-kernel"
    severity = "warning"
    fixes = ("replace",)
    about = frozenset({"graph", "finished"})

    def check(self, subject: Subject) -> Iterator[Finding]:
        if subject.finished is not None:
            for made in subject.finished.ops:
                if reason := refusal_of(made):
                    yield self._finding(subject, made.name, made.output, reason, None, ())
            return
        found: dict[tuple[str, str, str], tuple[str, ...]] = {}
        places: dict[tuple[str, str, str], str | None] = {}
        for one in subject.profiles:
            prediction = subject.predictions[one.name]
            if one.device or prediction.verdict not in ("quantized", "float"):
                continue
            for op in prediction.ops:
                if op.refused:
                    key = op.op, op.output, op.refused
                    found[key] = (*found.get(key, ()), one.name)
                    places.setdefault(key, op.nodes[-1] if op.nodes else None)
        for (name, output, reason), profiles in found.items():
            yield self._finding(subject, name, output, reason, places[name, output, reason], profiles)

    def _finding(
        self,
        subject: Subject,
        op: str,
        output: str,
        reason: str,
        node: str | None,
        profiles: tuple[str, ...],
    ) -> Finding:
        cause_text = reason.partition(": ")[2] or reason
        return self.finding(
            f"{op} {output!r} becomes an integer op that TFLite's interpreter cannot run ({cause_text.rstrip('.')})",
            node=node,
            array=output,
            profiles=profiles,
            advice="Convert to int8 (inference_type=tf.int8, or the TF2 flow)."
            if (op in PER_CHANNEL or (op in KERNELS and "uint8" in KERNELS[op].lacks))
            and not any("16" in name.rpartition("-")[2] for name in profiles)
            else "Write it in ops that have a kernel, or end the model in front of it.",
            fix=_offer(subject, node, profiles),
        )

    def examples(self) -> Examples:
        return Examples(
            failing=Example(_net("Abs"), profiles=("mlir-2.15", "mlir-2.21")),
            passing=Example(_net("Relu"), profiles=("mlir-2.15", "mlir-2.21")),
        )


def _offer(subject: Subject, node: str | None, profiles: tuple[str, ...]) -> FixOffer | None:
    """After training; a uint8 model becomes int8 instead."""
    if not profiles or any(profile(name).trained for name in profiles):
        return None
    return replacement(subject.coverage, subject.coverage.producer(node), profiles)


def _net(op: str) -> Graph:
    b, x = quantized_input()
    b.fake_quant("output", b.add(op, "y", x), 0, 1)
    return b.graph()

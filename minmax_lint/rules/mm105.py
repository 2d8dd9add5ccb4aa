"""MM105: output-stays-float."""

from collections.abc import Iterator

from minmax_lint.graph.graph import Graph
from minmax_lint.graph.names import parse_edge
from minmax_lint.rules.framework import Example, Examples, Finding, Rule, Subject, quantized_input
from minmax_lint.rules.framework.drawing import in_front_of, step


class OutputStaysFloat(Rule):
    """An output has a range, and its op is integer, but the model gives it out as float.

    ## What it does
    Reports outputs that MLIR returns behind a DEQUANTIZE, although they are quantized inside.

    ## Why
    The array has a second reader in float: an op that stays float, or the same array in front of its FakeQuant, which
    is an output as well. MLIR makes one DEQUANTIZE for all of them, and then returns what stands behind it.

    ## Symptom
    None. The output of the converted model is float32, although `inference_type` is uint8.

    ## Fix
    Heal the float op that reads it, or export either the array or its FakeQuant, not both.

    ## Converters
    MLIR in the TF1 flow gives the output out as float (error). In the TF2 flow float ends are normal. TOCO is not
    concerned.
    """

    name = "output-stays-float"
    severity = "error"

    def check(self, subject: Subject) -> Iterator[Finding]:
        for cause in subject.causes(self.code):
            name = parse_edge(cause.named_array).node
            known = name in subject.graph
            yield self.from_cause(
                subject,
                cause,
                f"output {cause.named_array!r} has a range, but comes out as float: a float reader shares it",
                path=(*in_front_of(subject, cause.named_array), step(subject, name, "float", "the output"))
                if known
                else (),
                advice="Heal the float op that reads it, or export either the array or its FakeQuant, not both.",
            )

    def examples(self) -> Examples:
        return Examples(
            failing=Example(_net(), {"input": (1, 4)}, ("dense", "dense/quant")),
            passing=Example(_net(), {"input": (1, 4)}, ("dense/quant",)),
        )


def _net() -> Graph:
    b, x = quantized_input()
    b.fake_quant("dense/quant", b.dense("dense", x, 4, 2), -4, 4)
    return b.graph()

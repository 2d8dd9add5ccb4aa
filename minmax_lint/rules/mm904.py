"""MM904: input-not-used."""

from collections.abc import Iterator

from minmax_lint.graph.dtype import DType
from minmax_lint.graph.graph import Graph
from minmax_lint.graph.names import parse_edge
from minmax_lint.rules.framework import Example, Examples, Finding, Rule, Subject, quantized_input


class InputNotUsed(Rule):
    """No output depends on an input that was asked for.

    ## What it does
    Reports every input that no output depends on, or whose values a converter folds away, as in `x * 0`.

    ## Why
    The labels of a training program, a switch for dropout, a leftover placeholder: named as inputs, though the
    outputs do without them.

    ## Symptom
    ```
    Check failed: array.data_type == array.final_data_type Array "labels" has mis-matching actual and final data types (data_type=float, final_data_type=uint8).
    Specified input array "labels" is not consumed by any op in this graph
    ```

    ## Fix
    Leave it out of the inputs.

    ## Converters
    TOCO aborts at a float input (error). MLIR keeps an input that nothing reads (warning).
    """

    name = "input-not-used"
    severity = "warning"

    def check(self, subject: Subject) -> Iterator[Finding]:
        broken = {cause.array: cause for cause in subject.causes(self.code)}
        for array in subject.kept.inputs:
            cause = broken.get(array)
            if cause is None and (parse_edge(array).node in subject.kept or not subject.kept.outputs):
                continue
            profiles = cause.profiles if cause is not None else ()
            yield self.finding(
                f"no output depends on input {array!r}",
                severity=subject.severity(profiles, otherwise="warning"),
                node=parse_edge(array).node,
                array=array,
                profiles=profiles,
                advice="Leave it out of the inputs.",
            )

    def examples(self) -> Examples:
        return Examples(
            failing=Example(_net(), {"input": (1, 4), "labels": (1, 2)}, ("output",)), passing=Example(_net())
        )


def _net() -> Graph:
    b, x = quantized_input()
    b.placeholder("labels", [1, 2], DType.FLOAT)
    b.fake_quant("output", b.dense("dense", x, 4, 2), -4, 4)
    return b.graph()

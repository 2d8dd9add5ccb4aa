"""MM901: array-not-found."""

from collections.abc import Iterator

from minmax_lint.graph.build import Builder
from minmax_lint.graph.names import did_you_mean, parse_edge
from minmax_lint.rules.framework import Example, Examples, Finding, Rule, Subject, quantized_input

_FEW = 4
"""Placeholders that a finding names."""


class ArrayNotFound(Rule):
    """An input or output that was asked for is not in the graph.

    ## What it does
    Reports every name given with `-i` or `-o`, in the configuration or by a signature, that no node of the
    graph has. It names near ones.

    ## Why
    A name with a typing error, a scope that was added or dropped, or the name of a Keras layer in place of
    its output array. The other outputs are linted all the same.

    ## Symptom
    ```
    ValueError: Invalid tensors 'outptu' were found.
    ```

    ## Fix
    Give the name that is meant; `minmax-lint inspect GRAPH` lists inputs, outputs and signatures.

    ## Converters
    All of them refuse. It is bad usage: `check` exits with 2.
    """

    name = "array-not-found"
    severity = "error"

    def check(self, subject: Subject) -> Iterator[Finding]:
        for role, names in (("output", subject.unknown_outputs), ("input", subject.unknown_inputs)):
            for array in names:
                wanted = parse_edge(array).node
                ends = sorted(subject.graph.of_ops({"Placeholder"})) if role == "input" else []
                meant = did_you_mean(wanted, ends) or did_you_mean(wanted, subject.graph.names)
                yield self.finding(
                    f"{role} {array!r} is not in the graph{meant}",
                    array=array,
                    outputs=(array,) if role == "output" else (),
                    profiles=subject.profile_names,
                    advice=f"The graph begins at {', '.join(map(repr, ends))}."
                    if 0 < len(ends) <= _FEW
                    else ""
                    if meant
                    else "`minmax-lint inspect` lists inputs, outputs and signatures of the graph.",
                )

    def examples(self) -> Examples:
        return Examples(
            failing=Example(_net().graph(), {"input": (1, 4)}, ("outptu",)), passing=Example(_net().graph())
        )


def _net() -> Builder:
    b, x = quantized_input()
    b.fake_quant("output", b.add("Relu6", "relu", x), 0, 6)
    return b

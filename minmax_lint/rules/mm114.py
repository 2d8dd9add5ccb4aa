"""MM114: consumer-bypasses-fakequant."""

from collections.abc import Iterator, Sequence

from minmax_lint.graph.fakequant import is_fake_quant
from minmax_lint.graph.graph import Graph
from minmax_lint.graph.names import parse_edge
from minmax_lint.rules.framework import Example, Examples, Finding, FixOffer, Rule, Subject, quantized_input
from minmax_lint.rules.framework.drawing import step
from minmax_lint.rules.framework.finding import Step


class ConsumerBypassesFakeQuant(Rule):
    """One consumer reads an array through its FakeQuant, another one reads it raw.

    ## What it does
    Reports an array that has a FakeQuant, while an op of the kept subgraph, or an output, reads the array in front of
    it.

    ## Why
    The classic residual bug: the main path reads the FakeQuant, and the shortcut reads the convolution itself. MLIR
    quantizes an op only if the FakeQuant is the *only* reader of its result: with a second reader the op and the
    raw reader stay float. The same happens where the FakeQuant leads to no output: it is thrown away, and the raw
    reader finds no range.

    ## Symptom
    MLIR says nothing. The converted model holds the op in float, with a QUANTIZE behind it for the other reader. TOCO
    gives the FakeQuant's range to all readers, unless the FakeQuant lies outside what it keeps:
    ```
    Array block/add, which is an input to the Conv operator producing the output array block/conv, is lacking min/max data, which is necessary for quantization.
    ```

    ## Fix
    `minmax-lint fix` lets the raw reader read the FakeQuant (`rewire`, safe). In the model code: use the quantized
    tensor on both paths.

    ## Converters
    MLIR leaves ops in float (error). TOCO aborts only where the FakeQuant lies outside (error).
    """

    name = "consumer-bypasses-fakequant"
    severity = "error"
    fixes = ("rewire",)

    def check(self, subject: Subject) -> Iterator[Finding]:
        for cause in subject.causes(self.code):
            array, graph = cause.named_array, subject.graph
            quants = [
                use.node for use in graph.uses(array) if use.slot == 0 and is_fake_quant(graph.op(use.node))
            ]
            raw = [use.node for use in subject.kept.uses(array) if not is_fake_quant(graph.op(use.node))]
            reader = repr(raw[0]) if raw else "the output"
            more = f" and {len(raw) - 1} more" if len(raw) > 1 else ""
            yield self.from_cause(
                subject,
                cause,
                f"{reader}{more} reads {array!r} around its FakeQuant"
                + (f" {quants[0]!r}" if quants else ""),
                path=tuple(_path(subject, array, quants, raw)),
                advice="" if raw else f"Export {quants[0]!r} instead of {array!r}." if quants else "",
                fix=FixOffer("rewire", "safe", f"Let {reader}{more} read {quants[0]!r}.")
                if raw and quants
                else None,
            )

    def examples(self) -> Examples:
        return Examples(failing=Example(_net("sum")), passing=Example(_net("sum/quant")))


def _path(subject: Subject, array: str, quants: Sequence[str], raw: Sequence[str]) -> Iterator[Step]:
    yield step(subject, parse_edge(array).node)
    for name in quants[:1]:
        yield step(subject, name, "kept" if name in subject.kept else "outside")
    for name in raw[:2]:
        yield step(subject, name, "float", "reads around it")


def _net(read: str) -> Graph:
    b, x = quantized_input()
    b.fake_quant("sum/quant", b.dense("sum", x, 4, 4), -4, 4)
    b.fake_quant("output", b.dense("next", read, 4, 4), -4, 4)
    return b.graph()

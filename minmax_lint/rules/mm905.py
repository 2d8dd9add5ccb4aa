"""MM905: graph-over-2-gib."""

from collections.abc import Iterator

from minmax_lint.converters.limits import MOST_BYTES, serialized_size
from minmax_lint.graph.build import Builder
from minmax_lint.graph.graph import Graph, Serialized
from minmax_lint.rules.framework import Example, Examples, Finding, Rule, Subject


class GraphOver2GiB(Rule):
    """The graph is larger than 2 GiB: no converter can read the file.

    ## What it does
    Reports a GraphDef of more than 2 GiB. The graph is linted all the same.

    ## Why
    TensorFlow stores graphs as protocol buffers, and a protocol buffer ends at 2 GiB. minmax-lint walks the
    file record by record and does not mind; TensorFlow parses it as one message and cannot.

    ## Symptom
    ```
    UnicodeDecodeError: 'utf-8' codec can't decode byte 0x80 in position 59: invalid start byte
    ```
    The converter takes what it cannot parse for text; TensorFlow itself says `Error parsing message`.

    ## Fix
    Keep the weights outside the graph: convert a SavedModel, whose variables lie in files of their own. Or freeze
    only the part that is to be converted. A quantized model of that size is hardly meant for a device.

    ## Converters
    All of them fail before they look at the graph (error).
    """

    name = "graph-over-2-gib"
    severity = "error"

    def check(self, subject: Subject) -> Iterator[Finding]:
        size = serialized_size(subject.graph)
        if size > MOST_BYTES:
            yield self.finding(
                f"the graph has {size / 2**30:.1f} GiB; TensorFlow and its converters read at most 2 GiB",
                outputs=subject.kept.outputs,
                profiles=subject.profile_names,
                advice="Convert a SavedModel, whose variables lie in files of their own.",
            )

    def examples(self) -> Examples:
        return Examples(failing=_example(3 << 30), passing=_example(1 << 20))


def _example(size: int) -> Example:
    b = Builder()
    x = b.fake_quant("input_quant", b.placeholder("input", [1, 4]), 0, 6)
    b.fake_quant("output", b.add("Relu6", "Relu6", x), 0, 6)
    serialized = Serialized(b"", 0, size, lambda position: None)
    graph = Graph(b.graph().columns._replace(serialized=serialized))
    return Example(graph)

"""Graphs that no converter reads, because they have more than 2 GiB."""

from dataclasses import replace

from minmax_lint.converters.prediction import Prediction
from minmax_lint.graph.graph import Graph

MOST_BYTES = (1 << 31) - 1
"""The largest message that protocol buffers parse. Measured: `from_frozen_graph` of TF 2.15 and 2.21 ends in a
UnicodeDecodeError on a larger file, because it takes what it cannot parse for text."""

MESSAGE = "the GraphDef has more than 2 GiB, which no protocol buffer may have"


def serialized_size(graph: Graph) -> int:
    """Bytes of the GraphDef that the graph was read from; 0 where it has none."""
    found = graph.columns.serialized
    return 0 if found is None else found.end - found.start


def as_read(prediction: Prediction, graph: Graph) -> Prediction:
    """The prediction, or the abort that comes before it where the converter cannot read the graph."""
    if serialized_size(graph) <= MOST_BYTES:
        return prediction
    return replace(
        prediction, verdict="abort", kind="other", array=None, op=None, float_ops=(), message=MESSAGE
    )

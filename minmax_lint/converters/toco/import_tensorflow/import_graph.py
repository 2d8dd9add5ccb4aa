"""From the kept nodes to TOCO's operators, as import_tensorflow.cc does it."""

from collections.abc import Iterable, Iterator
from heapq import heapify, heappop, heappush

from minmax_lint.converters.releases import Number
from minmax_lint.converters.toco.failure import Unmodeled
from minmax_lint.converters.toco.import_tensorflow.converter_map import NO_OPERATOR
from minmax_lint.converters.toco.import_tensorflow.operators import import_node
from minmax_lint.converters.toco.model import Model
from minmax_lint.converters.toco.operator import Constant
from minmax_lint.graph.cut_values import HAD_VALUE
from minmax_lint.graph.node import Node
from minmax_lint.graph.tensor import Tensor
from minmax_lint.graph.trace import Kept
from minmax_lint.inference.inference import Inference


def import_graph(kept: Kept, inference: Inference, version: Number) -> Model:
    """The model before any transformation, as the TOCO of a release imports it.

    Raises Fatal where the importer CHECKs, Unmodeled for cycles that no NextIteration closes.
    """
    model = Model(kept.inputs, kept.outputs, inference)
    inputs = set(kept.inputs)
    consumed = kept.once(_count_ports)
    for name in (*kept.inputs, *kept.outputs):
        model.source_array(name)
    for name in kept.once(import_order):
        op = kept.graph.op(name)
        if kept.is_cut(name) and name in inputs:
            _import_input(model, kept.graph[name])
            continue
        if op == "Const":
            _import_constant(model, name)
        elif op not in NO_OPERATOR and not kept.is_cut(name):
            import_node(model, kept.graph[name], consumed.get(name, 0), version)
    model.imported = tuple(_import(model, kept))
    return model


def _import(model: Model, kept: Kept) -> Iterator[str]:
    """Constants and placeholders as they stand in the file, the inputs, then what operators read and write."""
    yield from kept.graph.of_ops({"Const", "Placeholder"})
    yield from kept.inputs
    for op in model.operators():
        yield from (*op.inputs, *op.outputs)


def import_order(kept: Kept, names: Iterable[str] | None = None) -> list[str]:
    """The kept nodes as import_graph_def orders them: the first in the file whose inputs are there, again and again."""
    order = list(kept.order if names is None else names)
    raw, position = kept.graph.columns.inputs, kept.graph.position
    wanted = set(order)
    waiting: dict[str, int] = {}
    readers: dict[str, list[str]] = {}
    seen: set[str] = set()
    sorted_already = True
    for name in order:
        sources = set() if kept.is_cut(name) else {_source(text) for text in raw[position(name)]} & wanted
        if kept.graph.op(name) == "Merge":
            sources = {source for source in sources if kept.graph.op(source) != "NextIteration"}
        sorted_already = sorted_already and sources <= seen
        seen.add(name)
        waiting[name] = len(sources)
        for source in sources:
            readers.setdefault(source, []).append(name)
    if sorted_already:
        return order
    ready = [position(name) for name in order if not waiting[name]]
    heapify(ready)
    result = []
    while ready:
        name = kept.graph.names[heappop(ready)]
        result.append(name)
        for reader in readers.get(name, ()):
            waiting[reader] -= 1
            if not waiting[reader]:
                heappush(ready, position(reader))
    if len(result) < len(order):
        raise Unmodeled("the graph has a cycle")
    return result


def _source(text: str) -> str:
    if text.startswith("^"):
        return text[1:]
    name, colon, port = text.rpartition(":")
    return name if colon and port.isdigit() else text


def _count_ports(kept: Kept) -> dict[str, int]:
    """Node -> the highest output port that a kept node reads, where it is not 0 (AddExtraOutputs)."""
    result: dict[str, int] = {}
    raw, position = kept.graph.columns.inputs, kept.graph.position
    texts = [text for name in kept.order for text in raw[position(name)] if ":" in text]
    for text in (*texts, *kept.outputs):
        name, colon, port = text.rpartition(":")
        if colon and port.isdigit():
            result[name] = max(result.get(name, 0), int(port))
    return result


def _import_input(model: Model, node: Node) -> None:
    """A Const that is named as an input keeps its value (measured with TF 2.15.1)."""
    value = node.attribute(HAD_VALUE)
    if isinstance(value, Tensor):
        model.source_array(node.name).buffer = Constant(lambda: value)


def _import_constant(model: Model, name: str) -> None:
    array = model.source_array(name)
    array.buffer = Constant(lambda: model.inference.constant(name))

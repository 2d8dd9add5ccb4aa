"""Islands of float in a finished model: float ops that feed each other, and their integer neighbours."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from minmax_lint.converters.finished import BOUNDARY_OPS, FLOAT, OpInfo, TensorInfo, TFLiteModel

Place = tuple[int, int]
"""A tensor: the number of its subgraph, and its own in there."""


class Island(NamedTuple):
    """Float ops in file order, an integer op that feeds them and one that reads them, where there are."""

    ops: tuple[OpInfo, ...]
    before: OpInfo | None
    behind: OpInfo | None


def islands(model: TFLiteModel) -> list[Island]:
    """The islands of float ops, in the order of their first ops."""
    makers = {place: op for op in model.ops for place in _places(op, op.outputs)}
    readers: dict[Place, list[OpInfo]] = {}
    for op in model.ops:
        for place in _places(op, op.inputs):
            readers.setdefault(place, []).append(op)
    numbers = {id(op): i for i, op in enumerate(model.ops)}
    group = list(range(len(model.ops)))
    for op in model.ops:
        for place in _places(op, (tensor for tensor in op.inputs if tensor.dtype == FLOAT)):
            maker = makers.get(place)
            if maker is not None and _computes_in_float(maker) and _computes_in_float(op):
                group[_root(group, numbers[id(op)])] = _root(group, numbers[id(maker)])
    found: dict[int, list[OpInfo]] = {}
    for i, op in enumerate(model.ops):
        if _computes_in_float(op):
            found.setdefault(_root(group, i), []).append(op)
    return [Island(tuple(ops), _before(ops, makers), _behind(ops, readers)) for ops in found.values()]


def _computes_in_float(op: OpInfo) -> bool:
    return op.is_float and op.computes


def _root(group: list[int], number: int) -> int:
    while group[number] != number:
        group[number] = group[group[number]]
        number = group[number]
    return number


def _before(ops: Iterable[OpInfo], makers: Mapping[Place, OpInfo]) -> OpInfo | None:
    """The integer op that feeds the island, through a DEQUANTIZE or directly."""
    for op in ops:
        for place in _places(op, op.inputs):
            maker = makers.get(place)
            if maker is not None and maker.name in BOUNDARY_OPS:
                maker = next((makers[p] for p in _places(maker, maker.inputs) if p in makers), None)
            if maker is not None and maker.computes and not maker.is_float:
                return maker
    return None


def _behind(ops: Iterable[OpInfo], readers: Mapping[Place, list[OpInfo]]) -> OpInfo | None:
    """The integer op that reads the island, through a QUANTIZE or directly."""
    for op in ops:
        near = [reader for place in _places(op, op.outputs) for reader in readers.get(place, ())]
        far = [
            reader
            for one in near
            if one.name in BOUNDARY_OPS
            for place in _places(one, one.outputs)
            for reader in readers.get(place, ())
        ]
        for reader in (*near, *far):
            if reader.computes and not reader.is_float:
                return reader
    return None


def _places(op: OpInfo, tensors: Iterable[TensorInfo]) -> list[Place]:
    return [(op.subgraph, tensor.index) for tensor in tensors]

"""The defaults of attributes, as TensorFlow's OpDefs state them: writers leave out what has its default.

The table holds every op of TF 1.13, 1.15, 2.15 and 2.21; no default has changed between them. It is made and tested by
`tests/graph/make_op_defaults.py`.
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from minmax_lint.graph.attr import Attr, UnknownRank
from minmax_lint.graph.dtype import DType, float32
from minmax_lint.graph.tensor import Tensor


@cache
def _table() -> Mapping[str, Mapping[str, Any]]:
    content = Path(__file__).with_name("op_defaults.json").read_text(encoding="utf-8")
    found: Mapping[str, Mapping[str, Any]] = json.loads(content)
    return found


@cache
def op_defaults(op: str) -> Mapping[str, Attr]:
    """Attribute -> its default, for the attributes of an op that have one; empty for an op that is not TensorFlow's."""
    return {key: read_attr(value) for key, value in _table()["defaults"].get(op, {}).items()}


def newer_attributes(version: str) -> Mapping[str, tuple[str, ...]]:
    """Op -> the attributes that it got after TensorFlow `version`: `1.13`, `1.15` or `2.15`."""
    older = [known for known in ("1.13", "1.15", "2.15", "2.21") if known <= version]
    return {
        op: keys
        for op, since in _table()["since"].items()
        if (keys := tuple(key for key, first in since.items() if first not in older))
    }


def read_attr(value: Any) -> Attr:
    """A default as the table spells it: strings are bytes; types, shapes and tensors say what they are."""
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, float):
        return float32(value)
    if isinstance(value, list):
        return [read_attr(one) for one in value]  # type: ignore[return-value]
    if not isinstance(value, dict):
        number: int = value
        return number
    if "type" in value:
        return DType[value["type"]]
    if "shape" in value:
        return UnknownRank() if value["shape"] is None else tuple(value["shape"])
    tensor = value["tensor"]
    return Tensor.of(DType[tensor["dtype"]], tensor["shape"], tensor["values"])

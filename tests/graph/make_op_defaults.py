"""Write minmax_lint/graph/op_defaults.json from the OpDefs of the installed TensorFlows.

    python -m tests.graph.make_op_defaults

It needs the interpreters of `tests/interpreters.py` with TF 1.13, 1.15, 2.15 and 2.21: the table holds the defaults
of all their ops, and names the attributes that an op has got since 1.13. `test_op_defaults.py` keeps it in step.
"""

from __future__ import annotations

import json
import math
import os
import struct
import subprocess
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from minmax_lint.graph.attr import Attr, UnknownRank
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.tensor import Tensor
from minmax_lint.schema.attributes import decode_attr
from minmax_lint.schema.messages import message_class
from tests.interpreters import tensorflow

TABLE = Path(__file__).parents[2] / "minmax_lint" / "graph" / "op_defaults.json"
VERSIONS = ("1.13", "1.15", "2.15", "2.21")
"""TensorFlow versions, in order."""

Defaults = dict[str, dict[str, Attr]]


def installed_ops(python: Path) -> Mapping[str, Any]:
    """The OpDefs of the TensorFlow of an interpreter, by name."""
    quiet = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    child = Path(__file__).with_name("print_op_list.py")
    content = subprocess.run([python, child], env=quiet, stdout=subprocess.PIPE, check=True).stdout
    return {op.name: op for op in message_class("OpList").FromString(content).op}


def defaults_of(ops: Mapping[str, Any]) -> Defaults:
    """Op -> attribute -> its default, where an op has attributes with one."""
    found = {
        name: {one.name: decode_attr(one.default_value) for one in op.attr if one.HasField("default_value")}
        for name, op in ops.items()
    }
    return {name: attrs for name, attrs in found.items() if attrs}


def added_attributes(older: Mapping[str, Any], newer: Mapping[str, Any]) -> dict[str, list[str]]:
    """Op -> the attributes that it has in the newer TensorFlow only."""
    added = {
        name: sorted({one.name for one in newer[name].attr} - {one.name for one in op.attr})
        for name, op in older.items()
        if name in newer
    }
    return {name: attrs for name, attrs in added.items() if attrs}


def written(value: Attr) -> object:
    """A default as `op_defaults.json` spells it."""
    if isinstance(value, list):
        return [written(one) for one in value]
    if isinstance(value, DType):
        return {"type": value.name}
    if isinstance(value, UnknownRank):
        return {"shape": None}
    if isinstance(value, tuple):
        return {"shape": list(value)}
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, Tensor):
        return {
            "tensor": {"dtype": value.dtype.name, "shape": list(value.shape), "values": list(value.values())}
        }
    if isinstance(value, float):
        return _shortest(value)
    assert isinstance(value, (bool, int)), value
    return value


def _shortest(value: float) -> float:
    """The shortest decimal that is this float32; an infinite one is spelled by JSON's extension."""
    if not math.isfinite(value):
        return value
    for digits in range(1, 18):
        shorter = float(f"{value:.{digits}g}")
        if struct.unpack("<f", struct.pack("<f", shorter))[0] == value:
            return shorter
    raise AssertionError(value)


def main() -> None:
    """Write the table."""
    ops = {version: installed_ops(tensorflow(version)) for version in VERSIONS}
    defaults: Defaults = {}
    for of_version in ops.values():
        for name, attrs in defaults_of(of_version).items():
            known = defaults.setdefault(name, {})
            for key, value in attrs.items():
                if key in known and repr(written(known[key])) != repr(written(value)):
                    print(f"{name}.{key}: {known[key]!r} became {value!r}")
                known[key] = value
    since: dict[str, dict[str, str]] = {}
    versions = list(ops)
    for older, newer in pairwise(versions):
        for name, keys in added_attributes(ops[older], ops[newer]).items():
            since.setdefault(name, {}).update(dict.fromkeys(keys, newer))
    TABLE.write_text(
        f'{{"defaults": {{\n{_lines(defaults)}\n}},\n"since": {{\n{_lines(since)}\n}}}}\n', encoding="utf-8"
    )
    print(f"{TABLE}: {len(defaults)} ops, {TABLE.stat().st_size} bytes")


def _lines(table: Mapping[str, Mapping[str, Any]]) -> str:
    spelled = {
        name: {key: written(value) if not isinstance(value, str) else value for key, value in attrs.items()}
        for name, attrs in table.items()
    }
    return ",\n".join(
        f"{json.dumps(name)}: {json.dumps(spelled[name], sort_keys=True)}" for name in sorted(spelled)
    )


if __name__ == "__main__":
    main()

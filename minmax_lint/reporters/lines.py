"""Where a node stands in a text graph: the line to which annotations point."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from minmax_lint.graph.names import parse_edge
from minmax_lint.report.report import Report

FIRST = 1
"""The line of whatever has none: services that show a finding at a line want one even in a binary file."""
_NODE = re.compile(r'^\s*node\s*\{\s*\n\s*name:\s*"((?:[^"\\]|\\.)*)"', re.MULTILINE)


def line_of(report: Report, name: str | None) -> int:
    """The line of the node (or of the node that makes the array) in a .pbtxt; 1 where nothing is known."""
    path = Path(report.path)
    if name is None or not report.format.endswith("-text") or not path.is_file():
        return FIRST
    lines = _lines(path, path.stat().st_mtime_ns)
    return lines.get(name) or lines.get(parse_edge(name).node) or FIRST


@lru_cache(maxsize=1)
def _lines(path: Path, _changed: int) -> Mapping[str, int]:
    """Node -> the line of its name. Models are reported one after the other: the last file is enough."""
    text = path.read_text(encoding="utf-8", errors="replace")
    found: dict[str, int] = {}
    line, seen = 1, 0
    for match in _NODE.finditer(text):
        line += text.count("\n", seen, match.start(1))
        seen = match.start(1)
        found.setdefault(match[1], line)
    return found

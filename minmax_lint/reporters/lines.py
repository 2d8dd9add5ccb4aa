"""Where a finding stands: the file and the line to which annotations point."""

import os
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from minmax_lint.graph.names import parse_edge
from minmax_lint.loaders.checkpoint.prefix import STATE
from minmax_lint.loaders.savedmodel.directory import FILES
from minmax_lint.report.report import Report
from minmax_lint.rules.framework.finding import Finding

FIRST = 1
"""The line of whatever has none: services that show a finding at a line want one even in a binary file."""
_NODE = re.compile(r'^\s*node\s*\{\s*\n\s*name:\s*"((?:[^"\\]|\\.)*)"', re.MULTILINE)


_NOTEBOOK_LINE = re.compile(r"(.+):cell \d+:\d+")
_SCRIPT_LINE = re.compile(r"(.+):(\d+)")
_TABLE = re.compile(r"(.+\.toml)(?:: .+)?, (\w+)")


def origin_of(finding: Finding) -> str:
    """The call of the converter that a finding is about, as its message begins; empty where it is about the model."""
    origin = finding.outputs[0] if len(finding.outputs) == 1 else ""
    return origin if origin and finding.message.startswith(f"{origin}: ") else ""


def place_of(report: Report, finding: Finding) -> tuple[str, int]:
    """File and line of a finding: of the converter's call in a script or the configuration, else of the model."""
    if origin := origin_of(finding):
        if notebook := _NOTEBOOK_LINE.fullmatch(origin):
            return notebook[1], FIRST
        if script := _SCRIPT_LINE.fullmatch(origin):
            return script[1], int(script[2])
        if (table := _TABLE.fullmatch(origin)) and Path(table[1]).is_file():
            return table[1], _header(Path(table[1]), table[2])
    return file_of(report.path), line_of(report, finding.place)


def file_of(path: str) -> str:
    """The file of the model at `path` that holds its graph: services annotate no folders, and no prefixes."""
    inside = [f"{path.rstrip('/')}/{name}" for name in (*FILES, STATE)]
    return next(
        (one for one in (path, *inside, f"{path}.meta", f"{path}.index") if os.path.isfile(one)), path
    )


def _header(file: Path, table: str) -> int:
    """The line at which a TOML file begins the table `[convert]` or `[tool.minmax-lint.convert]`."""
    header = re.compile(rf"\[([^\]]*\.)?{table}\]|{table}\s*=")
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    return next((number for number, line in enumerate(lines, 1) if header.match(line.strip())), FIRST)


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

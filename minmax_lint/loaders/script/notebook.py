"""Notebooks (.ipynb): their code as one script, and where its lines stand in them."""

import ast
import json
import re
import warnings
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from minmax_lint.converters.call import ConverterCall

_CODE_MAGICS = frozenset({"%%time", "%%timeit", "%%capture", "%%prun"})
"""Magics of a cell that holds Python all the same."""
_AUTOMAGIC = re.compile(r"(\s*)(?:cd|conda|cp|ls|mkdir|mv|pip3?|pwd|rm)(?:\s+[^=\s].*|\s*)", re.DOTALL)
"""What IPython takes for a magic without a sign in front, where it is no Python."""
_MAGIC = re.compile(r"(\s*)(?:[%!?].*|.*[^\s#'\"]\?\??\s*)", re.DOTALL)
"""A line for IPython: `%cd x`, `!pip install x`, `?name`, `name?`."""
_GIVEN = re.compile(r"([\w.,\s\[\]'\"]*[\w\]]\s*=\s*)[!%].*", re.DOTALL)
"""A name that gets what IPython's line gives: `files = !ls`, `took = %timeit -o f()`."""


class Notebook(NamedTuple):
    """The Python of a notebook's cells."""

    text: str
    places: tuple[tuple[int, int], ...]
    """Line of `text` -> the code cell, counted from 1, and the line in it."""

    def placed(self, call: ConverterCall) -> ConverterCall:
        """The call by cells; a notebook's text is not changed, so without its site."""
        dataset = call.dataset and call.dataset._replace(origin=self._origin(call.dataset.origin))
        return replace(
            call,
            origin=self._origin(call.origin),
            dataset=dataset,
            branched=self._by_cells(call.branched),
            elsewhere=self._by_cells(call.elsewhere),
            assumed=tuple(map(self._by_cells, call.assumed)),
            site=None,
        )

    def _by_cells(self, text: str) -> str:
        return re.sub(r"\(line (\d+)\)", lambda found: f"({self.words(int(found[1]))})", text)

    def _origin(self, origin: str) -> str:
        path, _, line = origin.rpartition(":")
        cell, within = self.places[int(line) - 1]
        return f"{path}:cell {cell}:{within}"

    def words(self, line: int) -> str:
        """A line of `text` by its cell, for people."""
        cell, within = self.places[line - 1]
        return f"cell {cell}, line {within}"


def notebook_of(content: bytes) -> Notebook | None:
    """The notebook that a file holds; None where it holds none."""
    if not content.lstrip().startswith(b"{"):
        return None
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return None
    cells = _cells(found) if isinstance(found, Mapping) else None
    if not isinstance(cells, list):
        return None
    lines: list[str] = []
    places: list[tuple[int, int]] = []
    code = [_source(cell) for cell in cells if isinstance(cell, Mapping) and cell.get("cell_type") == "code"]
    for number, text in enumerate(code, 1):
        for within, line in enumerate(_python(text), 1):
            lines.append(line)
            places.append((number, within))
    return Notebook("\n".join(lines) + "\n", (*places, (len(code), 1)))


def _cells(found: Mapping[str, Any]) -> object:
    """The cells of a notebook; those of format 3 stand in worksheets."""
    sheets = found.get("worksheets")
    if not isinstance(sheets, list):
        return found.get("cells")
    held = [one.get("cells") for one in sheets if isinstance(one, Mapping)]
    return [cell for cells in held if isinstance(cells, list) for cell in cells]


def _source(cell: Mapping[str, Any]) -> str:
    source = cell.get("source", cell.get("input", ""))
    return "".join(map(str, source)) if isinstance(source, list) else str(source)


def _python(text: str) -> list[str]:
    """The lines of a cell, those for IPython as `pass`; a cell that is no Python and converts nothing is empty."""
    lines = _without_magics(text)
    if _parses(lines):
        return lines
    plain = [f"{found[1]}pass" if (found := _AUTOMAGIC.fullmatch(line)) else line for line in lines]
    return plain if _parses(plain) or "TFLiteConverter" in text else ["" for _ in lines]


def _parses(lines: list[str]) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the cell's own style
            ast.parse("\n".join(lines))
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return False
    return True


def _without_magics(text: str) -> list[str]:
    lines = text.split("\n")
    first = text.split(maxsplit=1)[:1]
    if first and first[0].startswith("%%") and first[0] not in _CODE_MAGICS:
        return ["" for _ in lines]
    found = []
    continued = False
    for line in lines:
        magic, ends = _MAGIC.fullmatch(line), not line.rstrip().endswith("\\")
        given = _GIVEN.fullmatch(line) if magic is None else None
        line = f"{given[1]}None" if given is not None else line
        found.append("" if continued else f"{magic[1]}pass" if magic is not None else line)
        continued = (continued or magic is not None or given is not None) and not ends
    return found

"""The output formats: every module of `reporters.formats` is one, under its own name."""

import importlib
import pkgutil
from collections.abc import Callable, Sequence
from functools import cache
from types import ModuleType
from typing import TextIO

from minmax_lint.errors import UnknownName
from minmax_lint.graph.names import did_you_mean
from minmax_lint.reporters.run import Run

Renderer = Callable[[Run, TextIO], None]
"""Writes the whole run to a text stream."""

_PACKAGE = "minmax_lint.reporters.formats"


@cache
def format_names() -> tuple[str, ...]:
    """All formats, as users name them (`json-lines` is the module `json_lines`)."""
    package = importlib.import_module(_PACKAGE)
    return tuple(sorted(module.name.replace("_", "-") for module in pkgutil.iter_modules(package.__path__)))


def known_format(name: str, known: Sequence[str]) -> str:
    """The name itself. Raises UnknownName with near names where it is not `known`."""
    if name not in known:
        meant = did_you_mean(name, known, f"choose from {', '.join(known)}")
        raise UnknownName(f"there is no output format {name!r}{meant}")
    return name


def renderer(name: str) -> Renderer:
    """The renderer of a format. Raises UnknownName with near names."""
    known_format(name, format_names())
    render: Renderer = _module(name).render
    return render


def format_summary(name: str) -> str:
    """The first line of a format's documentation."""
    return (_module(name).__doc__ or "").split("\n", 1)[0]


def _module(name: str) -> ModuleType:
    return importlib.import_module(f"{_PACKAGE}.{name.replace('-', '_')}")

"""The output formats: every module of `reporters.formats` is one, under its own name."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from functools import cache
from typing import TextIO

from minmax_lint.errors import UnknownName
from minmax_lint.graph.names import near_names
from minmax_lint.reporters.run import Run

Renderer = Callable[[Run, TextIO], None]
"""Writes the whole run to a text stream."""

_PACKAGE = "minmax_lint.reporters.formats"


@cache
def format_names() -> tuple[str, ...]:
    """All formats, as users name them (`json-lines` is the module `json_lines`)."""
    package = importlib.import_module(_PACKAGE)
    return tuple(sorted(module.name.replace("_", "-") for module in pkgutil.iter_modules(package.__path__)))


def renderer(name: str) -> Renderer:
    """The renderer of a format. Raises UnknownName with near names."""
    if name not in format_names():
        hint = near_names(name, format_names()) or list(format_names())
        raise UnknownName(f"there is no output format {name!r}; did you mean {', '.join(hint)}?")
    module = importlib.import_module(f"{_PACKAGE}.{name.replace('-', '_')}")
    render: Renderer = module.render
    return render


def format_summary(name: str) -> str:
    """The first line of a format's documentation."""
    module = importlib.import_module(f"{_PACKAGE}.{name.replace('-', '_')}")
    return (module.__doc__ or "").split("\n", 1)[0]

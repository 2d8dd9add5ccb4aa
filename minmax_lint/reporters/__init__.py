"""Reporters: what a run of the linter looks like in each output format."""

from minmax_lint.reporters.registry import Renderer, format_names, format_summary, known_format, renderer
from minmax_lint.reporters.run import Run, Unreadable

__all__ = ["Renderer", "Run", "Unreadable", "format_names", "format_summary", "known_format", "renderer"]

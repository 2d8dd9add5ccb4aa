"""Checks around a converter that the user's own script has made: one line more, nothing else changed."""

from minmax_lint.workflows.checking.checked import CheckedConverter, CheckFailed, checked

__all__ = ["CheckFailed", "CheckedConverter", "checked"]

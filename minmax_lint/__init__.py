"""minmax_lint: the linter for TensorFlow graphs that are about to become quantized TFLite models.

>>> import minmax_lint
>>> report = minmax_lint.lint("eval.pb", outputs=["output"])          # doctest: +SKIP
>>> [finding.code for finding in report.findings]                     # doctest: +SKIP
['MM101']
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from minmax_lint.version import __version__

if TYPE_CHECKING:
    from minmax_lint.api import calibrate, compare, convert, explain, fix, lint
    from minmax_lint.assertion import assert_quantizable
    from minmax_lint.converters.prediction import Prediction
    from minmax_lint.errors import UserError
    from minmax_lint.fixes.engine.patch import Patch
    from minmax_lint.report.comparison import Comparison
    from minmax_lint.report.report import Report
    from minmax_lint.rules.framework.finding import Finding
    from minmax_lint.source_guard import guard
    from minmax_lint.workflows.checking import CheckFailed, checked

_HOMES = {
    "lint": "minmax_lint.api",
    "explain": "minmax_lint.api",
    "fix": "minmax_lint.api",
    "guard": "minmax_lint.source_guard",
    "calibrate": "minmax_lint.api",
    "compare": "minmax_lint.api",
    "convert": "minmax_lint.api",
    "checked": "minmax_lint.workflows.checking",
    "CheckFailed": "minmax_lint.workflows.checking",
    "assert_quantizable": "minmax_lint.assertion",
    "Comparison": "minmax_lint.report.comparison",
    "Finding": "minmax_lint.rules.framework.finding",
    "Patch": "minmax_lint.fixes.engine.patch",
    "Prediction": "minmax_lint.converters.prediction",
    "Report": "minmax_lint.report.report",
    "UserError": "minmax_lint.errors",
}

__all__ = [
    "CheckFailed",
    "Comparison",
    "Finding",
    "Patch",
    "Prediction",
    "Report",
    "UserError",
    "__version__",
    "assert_quantizable",
    "calibrate",
    "checked",
    "compare",
    "convert",
    "explain",
    "fix",
    "guard",
    "lint",
]


def __getattr__(name: str) -> Any:
    # Loaded on first use: `import minmax_lint` alone stays free.
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    # What `dir()` and tab completion show, loaded or not.
    return __all__

"""Configuration: `[tool.minmax-lint]` in pyproject.toml, or minmax-lint.toml; ignores and baselines.

Interface: `load(start)` reads the nearest configuration file; `targets(config)` are the models it names and
`target_of(config, path)` what it says about one; `resolve(config, given)` merges it with the command line;
`adjust(report, ...)` applies severities, ignores and a baseline to a report; `Settings` is all of this in
one. What a file may say is in `config.settings`, which is loaded where there is a file.
"""

from minmax_lint.config.baseline import Baseline
from minmax_lint.config.discovery import load
from minmax_lint.config.merged import Settings
from minmax_lint.config.report import Adjustment, adjust
from minmax_lint.config.resolution import Resolved, resolve
from minmax_lint.config.targets import Target, target_of, targets

__all__ = [
    "Adjustment",
    "Baseline",
    "Resolved",
    "Settings",
    "Target",
    "adjust",
    "load",
    "resolve",
    "target_of",
    "targets",
]

"""What the command line says about the configuration: which file, and which settings go before it."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from minmax_lint.errors import UserError

if TYPE_CHECKING:
    from minmax_lint.config import Settings
    from minmax_lint.config.settings import Config

OPTIONS = {
    "select": "select",
    "ignore": "ignore",
    "extend-select": "extend_select",
    "fixable": "fixable",
    "converters": "converter",
    "fail-level": "fail_level",
    "baseline": "baseline",
}
"""Key of the configuration -> the command line's option that overrides it."""


def settings_of(args: Namespace, *, with_baseline: bool = True) -> Settings:
    """Read the configuration and merge. Raises UserError for one that is wrong."""
    from minmax_lint.config import Settings

    given = {key: getattr(args, name, None) for key, name in OPTIONS.items()}
    return Settings.merge(_config(args), given, with_baseline=with_baseline)


def _config(args: Namespace) -> Config | None:
    from minmax_lint.config.discovery import load, load_file

    if args.isolated:
        return None
    if args.config is None:
        return load(Path.cwd())
    found = load_file(Path(args.config))
    if found is None:
        raise UserError(f"{args.config} has no table [tool.minmax-lint]")
    return found

"""Find the configuration file that counts: the nearest, from a folder upward."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from minmax_lint.errors import UserError
from minmax_lint.graph.names import did_you_mean
from minmax_lint.loaders.buffers import small_file

if TYPE_CHECKING:
    from minmax_lint.config.settings import Config

OWN_FILE = "minmax-lint.toml"
PROJECT_FILE = "pyproject.toml"
TABLE = "minmax-lint"
_MISSPELT = ("minmax_lint", "minmaxlint", "minmax")


def load(start: Path) -> Config | None:
    """The configuration for work in `start`: of that folder or the nearest above it; None where none is.

    In one folder minmax-lint.toml goes before pyproject.toml; a pyproject.toml without
    `[tool.minmax-lint]` does not count. Raises UserError for a file that cannot be read or is wrong.
    """
    folder = start.resolve()
    for place in (folder, *folder.parents):
        found = load_folder(place)
        if found is not None:
            return found
    return None


def load_folder(folder: Path) -> Config | None:
    """The configuration that stands in this folder itself."""
    own, project = folder / OWN_FILE, folder / PROJECT_FILE
    if own.is_file():
        return load_file(own)
    return load_file(project) if project.is_file() else None


def load_file(file: Path) -> Config | None:
    """The configuration in one file; None for a pyproject.toml without our table."""
    content = _toml(file)
    if file.name != PROJECT_FILE:
        return _read_table(content, file, "")
    tools = content.get("tool", {})
    if not isinstance(tools, dict):
        return None
    for misspelt in _MISSPELT:
        if misspelt in tools:
            raise UserError(f"{file}: there is no table [tool.{misspelt}]{did_you_mean(misspelt, [TABLE])}")
    if TABLE not in tools:
        return None
    return _read_table(tools[TABLE], file, f"tool.{TABLE}")


def _read_table(content: dict[str, Any], file: Path, table: str) -> Config:
    from minmax_lint.config.reading import read_config

    return read_config(content, file, table)


def _toml(file: Path) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(small_file(file).decode("utf-8"))
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UserError(f"{file} is not valid TOML: {error}") from None
    except ValueError:  # Python reads integers of at most 4,300 digits
        raise UserError(f"{file} holds a number with more digits than any setting takes") from None

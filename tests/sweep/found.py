"""The models in a folder: every file, and SavedModel folders as a whole."""

import re
from collections.abc import Iterator
from pathlib import Path

from minmax_lint.loaders.savedmodel.directory import FILES

_BESIDE_AN_INDEX = re.compile(r"checkpoint|.*\.data-\d{5}-of-\d{5}|\..*")
"""What belongs to a checkpoint whose `.index` is tried, and hidden files."""


def found_in(folder: Path) -> Iterator[Path]:
    """In the order of their names. What lies in a SavedModel folder belongs to it."""
    if any((folder / name).is_file() for name in FILES):
        yield folder
        return
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            yield from found_in(path)
        elif path.is_file() and not _BESIDE_AN_INDEX.fullmatch(path.name):
            yield path

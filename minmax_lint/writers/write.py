"""The one way out: a model and an edit to a file or folder, atomically."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from minmax_lint.errors import UserError
from minmax_lint.graph.edit import Edit, edited
from minmax_lint.loaders.model import Model
from minmax_lint.writers.atomic import write_file
from minmax_lint.writers.graphdef import chunks


def write(
    model: Model,
    edit: Edit,
    destination: Path,
    *,
    renamed_outputs: Mapping[str, str],
    in_place: bool = False,
) -> None:
    """Write `model` with `edit` applied to `destination`, in the format the model came in.

    `renamed_outputs` maps output arrays to the arrays that replace them, for signatures and collections.
    Raises UserError where the destination is the source and `in_place` is not given, or cannot be written.
    """
    if model.path is not None and _same(model.path, destination) and not in_place:
        raise UserError(f"{destination} is the input; give another --output, or --in-place to replace it")
    write_file(destination, chunks(edited(model.graph, edit)))


def _same(first: Path, second: Path) -> bool:
    try:
        return os.path.samefile(first, second)
    except OSError:
        return False

"""The one way in: any source to a Model."""

from __future__ import annotations

import mmap
from pathlib import Path

from minmax_lint.errors import UnreadableModel
from minmax_lint.graph.graph import Graph
from minmax_lint.loaders.graphdef_index import index_nodes
from minmax_lint.loaders.model import Model


def load(source: str | Path, *, signature: str | None = None) -> Model:
    """Load a model. Raises UnreadableModel with what to do."""
    path = Path(source)
    try:
        with path.open("rb") as file:
            buffer = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError) as error:
        raise UnreadableModel(f"{path}: cannot be read ({error})") from None
    return Model(path, "graphdef", Graph(index_nodes(buffer)))

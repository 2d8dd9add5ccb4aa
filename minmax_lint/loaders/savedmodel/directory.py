"""SavedModels: which MetaGraph of a `saved_model.pb` serves."""

from pathlib import Path

from minmax_lint.errors import UnknownName, UnreadableModel
from minmax_lint.graph.names import near_names
from minmax_lint.loaders.savedmodel.metagraph import MetaGraph, meta_graph
from minmax_lint.loaders.wire import LENGTH_DELIMITED, Buffer, fields

META_GRAPHS = 2
"""SavedModel.meta_graphs. Source: tensorflow/core/protobuf/saved_model.proto."""

FILES = ("saved_model.pb", "saved_model.pbtxt")
VARIABLES = Path("variables", "variables")
BESIDE = frozenset({"fingerprint.pb", "keras_metadata.pb"})
"""What writers put beside `saved_model.pb`: it describes the model and holds no graph."""
_SERVE = "serve"


def directory_of(path: Path) -> Path | None:
    """The SavedModel that a path is a part of: its `fingerprint.pb`, its folder `variables`, a file in there."""
    if path.name in BESIDE or (path.name == VARIABLES.parent.name and path.is_dir()):
        found = path.parent
    elif path.parent.name == VARIABLES.parent.name and path.name.startswith(f"{VARIABLES.name}."):
        found = path.parent.parent
    else:
        return None
    return found if any((found / name).is_file() for name in FILES) else None


def serving_meta_graph(buffer: Buffer, signature: str | None) -> MetaGraph:
    """The MetaGraph that has `signature`; without one the MetaGraph tagged `serve`, else the first.

    Raises UnknownName where no MetaGraph has it, UnreadableModel for a SavedModel without graphs.
    """
    found = [
        meta_graph(buffer, record.start, record.end)
        for record in fields(buffer, 0, len(buffer))
        if record.number == META_GRAPHS and record.wire_type == LENGTH_DELIMITED
    ]
    if not found:
        raise UnreadableModel("the SavedModel holds no graph; save it again")
    if signature is not None:
        having = [one for one in found if signature in one.signatures]
        if not having:
            names = list(dict.fromkeys(name for one in found for name in one.signatures))
            hint = near_names(signature, names) or names
            meant = f"there is {', '.join(map(repr, hint))}" if hint else "the SavedModel has none"
            raise UnknownName(f"there is no signature {signature!r}; {meant}")
        found = having
    if len(found) == 1:
        return found[0]
    return next((one for one in found if _SERVE in one.info().tags), found[0])

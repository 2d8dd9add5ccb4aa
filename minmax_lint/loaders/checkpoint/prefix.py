"""Checkpoints: the files that belong together, from whichever of them the user names."""

import glob
import re
from pathlib import Path

from minmax_lint.errors import UnreadableModel
from minmax_lint.graph.names import did_you_mean

STATE = "checkpoint"
_UNREADABLE_STATE = f"the {STATE!r} file cannot be read; name the checkpoint's prefix"
_DATA = re.compile(r"\.data-\d{5}-of-\d{5}$")
_VERSION_1 = (
    "this is a checkpoint of version 1 (or an index without its .data files); restore it with TensorFlow "
    "and save it again with tf.compat.v1.train.Saver(write_version=2)"
)
_STEP = re.compile(r"-(\d+)$")


def prefix_of(path: Path) -> Path:
    """The prefix of a checkpoint from the path of one of its files, or from the prefix itself."""
    name = path.name.removesuffix(".index").removesuffix(".meta")
    return path.with_name(_DATA.sub("", name) or path.name)


def is_prefix(path: Path) -> bool:
    """Whether the path is what a checkpoint's files begin with."""
    return Path(f"{path}.index").is_file() or Path(f"{path}.meta").is_file()


def files_written(path: Path) -> list[Path]:
    """What was written to a path: itself, or the files of the checkpoint with that prefix, its graph first."""
    named = path.parent.glob(f"{glob.escape(path.name)}.*")
    return [path] if path.exists() else sorted(named, reverse=True)


def is_data(path: Path) -> bool:
    """Whether the path is that of a checkpoint's raw values."""
    return _DATA.search(path.name) is not None and is_prefix(prefix_of(path))


def prefix_of_index(path: Path) -> Path:
    """The prefix of the checkpoint whose index has been found at `path`.

    Raises UnreadableModel for a checkpoint of version 1, which is one file of the same outer format.
    """
    prefix = prefix_of(path)
    if any(_DATA.search(found.name) for found in path.parent.glob("*.data-*")) and prefix != path:
        return prefix
    raise UnreadableModel(_VERSION_1)


def set_aside(prefix: Path) -> Path:
    """The folder in which the files of a checkpoint wait while they are replaced; there only after a kill."""
    return prefix.with_name(f".{prefix.name}.before-minmax-lint")


def refuse_unfinished(prefix: Path) -> None:
    """Raises UnreadableModel where the checkpoint is a mixture, because its replacement was cut off."""
    old = set_aside(prefix)
    if old.is_dir():
        raise UnreadableModel(
            f"replacing this checkpoint was cut off; to have the old one again, move the files in {old.name}, a "
            "folder beside it, back to where it lies, and remove that folder"
        )


def refuse_version_1(prefix: Path) -> None:
    """Raises UnreadableModel where the values under a prefix are of version 1: one file, or some, and no index."""
    if not Path(f"{prefix}.index").is_file() and (
        prefix.is_file() or any(prefix.parent.glob(f"{glob.escape(prefix.name)}-?????-of-?????"))
    ):
        raise UnreadableModel(_VERSION_1)


def prefix_in_state(state: Path) -> Path:
    """The prefix that a `checkpoint` file names, found beside it where the folder has been moved.

    Raises UnreadableModel where the file names none that is there.
    """
    try:
        named = prefix_named_in(state.read_bytes())
    except OSError:
        raise UnreadableModel(_UNREADABLE_STATE) from None
    beside = [state.parent / named, state.parent / named.name] if named.name else []
    for candidate in [*beside, *prefixes_in(state.parent)[-1:]]:
        if is_prefix(candidate):
            return candidate
    raise UnreadableModel(
        f"the {STATE!r} file names {str(named)!r}, which is not there; name a prefix that is"
    )


def prefix_named_in(content: bytes) -> Path:
    """The prefix that a `checkpoint` file with this content names. Raises UnreadableModel."""
    from minmax_lint.loaders.graphdef.text import message_of

    try:
        text = content.decode("utf-8")
        state = message_of(text, "CheckpointState", allow_unknown_field=True)
    except (UnicodeDecodeError, UnreadableModel):
        raise UnreadableModel(_UNREADABLE_STATE) from None
    return Path(state.model_checkpoint_path)


def named_prefix(path: Path) -> Path:
    """The prefix of the checkpoint that a user names: itself, one of its files, or its folder.

    Raises UnreadableModel where there is none, with what is near.
    """
    if path.is_dir():
        if (path / STATE).is_file():
            return _with_index(prefix_in_state(path / STATE))
        found = prefixes_in(path)
        if len(found) == 1:
            return _with_index(found[0])
        several = (
            f"holds several checkpoints; name one, such as {found[-1]}" if found else "holds no checkpoint"
        )
        raise UnreadableModel(f"{path}: the folder {several}")
    if path.name == STATE and path.is_file():
        return _with_index(prefix_in_state(path))
    return _with_index(prefix_of(path))


def _with_index(prefix: Path) -> Path:
    """The prefix, if a checkpoint's index is there. Raises UnreadableModel with what is near."""
    try:
        refuse_unfinished(prefix)
    except UnreadableModel as error:
        raise UnreadableModel(f"{prefix}: {error}") from None
    if Path(f"{prefix}.index").is_file():
        return prefix
    try:
        refuse_version_1(prefix)
    except UnreadableModel as error:
        raise UnreadableModel(f"{prefix}: {error}") from None
    meant = did_you_mean(str(prefix), map(str, prefixes_in(prefix.parent)), count=1)
    raise UnreadableModel(f"{prefix}: there is no such checkpoint ({prefix.name}.index is missing){meant}")


def prefixes_in(folder: Path) -> list[Path]:
    """The prefixes of all checkpoints in a folder, the latest step last."""
    found = {prefix_of(path) for path in [*folder.glob("*.index"), *folder.glob("*.meta")]}
    return sorted(found, key=_age)


def meta_file(prefix: Path) -> Path:
    """The MetaGraph beside a checkpoint. Raises UnreadableModel with what to do where there is none."""
    meta = Path(f"{prefix}.meta")
    if not meta.is_file():
        raise UnreadableModel(
            f"the checkpoint {prefix.name} has values but no graph ({meta.name} is missing); give the eval graph, "
            "save with tf.compat.v1.train.Saver, which writes it, or export a Keras model (`model.export(FOLDER)`)"
        )
    return meta


def _age(prefix: Path) -> tuple[int, str]:
    step = _STEP.search(prefix.name)
    return int(step[1]) if step else -1, prefix.name

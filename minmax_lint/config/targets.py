"""The models that a configuration names, and what it says about each."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from minmax_lint.converters.call import ConverterCall
from minmax_lint.errors import UserError
from minmax_lint.graph.tensor import Shape

if TYPE_CHECKING:
    from minmax_lint.config.settings import Config, Ignore, ModelSettings


class Target(NamedTuple):
    """One model to lint. Empty inputs, outputs and converters: as the command line or inference says."""

    path: str
    """From the working folder, as reports call it."""
    inputs: Mapping[str, Shape | None] | None = None
    outputs: tuple[str, ...] = ()
    signature: str | None = None
    converters: tuple[str, ...] = ()
    ignores: tuple[Ignore, ...] = ()
    origin: str = ""
    checkpoint: str | None = None
    """Where its variables' values lie, if not beside it."""
    calls: tuple[ConverterCall, ...] = ()
    """How the converter will be called, if the configuration says it."""
    tensorflow: tuple[int, int] | None = None
    """The version that converts, if the configuration says it."""


def targets(config: Config) -> tuple[Target, ...]:
    """Every model that the configuration names, in its order: each signature once, each path without one once.

    The first entry counts. Raises UserError for a glob that fits nothing.
    """
    found: dict[tuple[Path, str | None], Target] = {}
    for model in config.models:
        for path in _paths(config, model):
            known = model.signature is None and any(path == one for one, _ in found)
            if not known:
                found.setdefault((path, model.signature), _target(config, model, _display(path)))
    return tuple(found.values())


def target_of(config: Config | None, path: str) -> Target:
    """A model named on the command line, with what the configuration says about it, if anything."""
    if config is not None and path != "-":
        wanted = Path(os.path.abspath(path))
        for model in config.models:
            fitting = _glob(config, model) if _is_glob(model.path) else _paths(config, model)
            if wanted in fitting:
                return _target(config, model, path)
    if config is None:
        return Target(path)
    return Target(path, converters=config.converters, calls=config.calls, tensorflow=config.version)


def _target(config: Config, model: ModelSettings, path: str) -> Target:
    return Target(
        path,
        model.inputs,
        model.outputs,
        model.signature,
        model.converters or config.converters,
        model.ignore,
        model.origin,
        None if model.checkpoint is None else _display(_absolute(config, model.checkpoint)),
        config.calls,
        config.version,
    )


def _paths(config: Config, model: ModelSettings) -> list[Path]:
    if not _is_glob(model.path):
        return [_absolute(config, model.path)]
    paths = sorted(_glob(config, model))
    if not paths:
        raise UserError(f"{model.origin}: no file fits {model.path!r} in {config.folder}")
    return paths


def _glob(config: Config, model: ModelSettings) -> list[Path]:
    """The files that a pattern fits. Raises UserError for what is none."""
    pattern, root = model.path, config.folder
    if Path(pattern).is_absolute():
        root = Path(Path(pattern).anchor)
        pattern = str(Path(pattern).relative_to(root))
    try:
        if any("**" in part and part != "**" for part in Path(pattern).parts):  # Python 3.13 takes it for *
            raise ValueError("** stands for folders, and stands alone")
        return [Path(os.path.abspath(path)) for path in root.glob(pattern)]
    except ValueError as error:
        raise UserError(f"{model.origin}: {model.path!r} is no pattern for files ({error})") from None


def _absolute(config: Config, path: str) -> Path:
    # A checkpoint is named by a prefix that is no file, so the path is not looked up here.
    return Path(os.path.abspath(config.folder / path))


def _is_glob(path: str) -> bool:
    return any(mark in path for mark in "*?[")


def _display(path: Path) -> str:
    return os.path.relpath(path)

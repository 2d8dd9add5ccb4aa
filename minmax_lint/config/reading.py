"""Read tables of a configuration file into the dataclasses; every mistake is one clear line."""

import os
from collections.abc import Mapping
from dataclasses import Field
from pathlib import Path
from typing import Any, TypeVar

from minmax_lint.config.settings import Config, keys, required
from minmax_lint.errors import UserError
from minmax_lint.graph.names import did_you_mean

Table = TypeVar("Table")


def read_config(content: Mapping[str, object], file: Path, table: str) -> Config:
    """The configuration in `content`. Raises UserError for an unknown key or a value that does not fit."""
    where = f"{os.path.relpath(file)}: {table}" if table else os.path.relpath(file)
    return _read_table(Config, content, where, file=file, table=table)


def _read_table(of: type[Table], content: object, where: str, **rest: Any) -> Table:
    if not isinstance(content, Mapping):
        raise UserError(f"{where}: this is no table")
    known = keys(of)
    for name in content:
        if name not in known:
            meant = did_you_mean(str(name), known, f"there are {', '.join(known)}")
            if name == "tool":  # of a file of our own, in which pyproject.toml's table is all there is
                meant = ": its keys stand at the top of this file, without a table [tool.minmax-lint]"
            raise UserError(f"{where}: there is no key {name!r}{meant}")
    missing = [name for name, key in known.items() if required(key) and name not in content]
    if missing:
        raise UserError(f"{where}: {_missing(missing[0])}")
    values = {
        key.name: _value(key, content[name], f"{where}, {name}")
        for name, key in known.items()
        if name in content
    }
    return of(**values, **rest)


def _value(key: Field[Any], value: object, where: str) -> Any:
    table = key.metadata.get("table")
    if table is not None:
        return _read_table(table, value, where, origin=where)
    tables = key.metadata.get("tables")
    if tables is not None:
        if not isinstance(value, list):
            raise UserError(f"{where}: this is no list of tables")
        return tuple(
            _read_table(tables, item, f"{where}[{place}]", origin=f"{where}[{place}]")
            for place, item in enumerate(value)
        )
    try:
        return key.metadata["kind"].read(value)
    except UserError as error:
        raise UserError(f"{where}: {error}") from None


def _missing(key: str) -> str:
    if key == "reason":
        return 'an ignore needs a reason; write reason = "..." beside its code'
    return f"the key {key!r} is missing"

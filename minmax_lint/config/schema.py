"""The JSON schema of the configuration, for editors; the packaged file is made by `python -m` of this."""

import json
from pathlib import Path
from typing import Any

from minmax_lint.config.settings import Config, keys, required

FILE = Path(__file__).with_name("minmax-lint.schema.json")


def schema() -> dict[str, Any]:
    """Of the table `[tool.minmax-lint]`, which is also all of minmax-lint.toml."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "minmax-lint",
        "description": "Configuration of minmax-lint: minmax-lint.toml or [tool.minmax-lint].",
        **_table(Config),
    }


def text() -> str:
    """The schema as the packaged file has it."""
    return json.dumps(schema(), indent=2) + "\n"


def _table(of: type) -> dict[str, Any]:
    properties = {}
    for name, key in keys(of).items():
        tables = key.metadata.get("tables")
        table = key.metadata.get("table")
        if table:
            kind = _table(table)
        else:
            kind = {"type": "array", "items": _table(tables)} if tables else key.metadata["kind"].schema
        properties[name] = {"description": key.metadata["doc"], **kind}
    found: dict[str, Any] = {"type": "object", "additionalProperties": False, "properties": properties}
    needed = [name for name, key in keys(of).items() if required(key)]
    return {**found, "required": needed} if needed else found


if __name__ == "__main__":
    FILE.write_text(text())

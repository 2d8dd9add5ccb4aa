"""One JSON document with everything (schema_version 1)."""

from __future__ import annotations

import json
from typing import TextIO

from minmax_lint.reporters.document import document
from minmax_lint.reporters.run import Run


def render(run: Run, out: TextIO) -> None:
    """Write the document, indented."""
    json.dump(document(run), out, indent=2)
    out.write("\n")

"""One JSON document with everything (schema_version 1)."""

from typing import TextIO

from minmax_lint.escaping import json_text
from minmax_lint.reporters.document import document
from minmax_lint.reporters.run import Run


def render(run: Run, out: TextIO) -> None:
    """Write the document, indented."""
    out.write(json_text(document(run)))

"""Python scripts and notebooks that call the TFLite converter: read as text, with `ast`, and never run."""

import ast
import warnings
from pathlib import Path

from minmax_lint.converters.call import ConverterCall
from minmax_lint.errors import UserError
from minmax_lint.loaders.buffers import small_file
from minmax_lint.loaders.script.notebook import notebook_of
from minmax_lint.loaders.script.reader import Reader
from minmax_lint.loaders.script.saved import Savings
from minmax_lint.loaders.script.source import Sites, Source
from minmax_lint.loaders.script.values import Values

_LARGEST = 16 << 20


def read_script(path: Path) -> bytes:
    """The content of a script. Raises UserError."""
    try:
        content = small_file(path)
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from None
    if len(content) > _LARGEST:
        raise UserError(f"{path} is too large for a script")
    return content


def converter_calls(path: Path, content: bytes | None = None) -> tuple[ConverterCall, ...]:
    """Every converter that a script or a notebook makes, with the flags that it sets. Raises UserError.

    `content`: of a script that is not written yet.
    """
    content = read_script(path) if content is None else content
    notebook = notebook_of(content)
    if notebook is not None:
        content = notebook.text.encode()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the script's own style: it is read, not run
            tree = ast.parse(content, filename=str(path))
        source = Source(content)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = error.lineno if isinstance(error, SyntaxError) else None
        words = f"line {line}" if notebook is None or line is None else notebook.words(line)
        where = f" ({words})" if line else ""
        raise UserError(
            f"{path} is no Python script{where}; --script reads the script that converts"
        ) from None
    values = Values(tree)
    reader = Reader(path, Sites(source, tree), values, Savings(values))
    try:
        reader.read(tree)
    except RecursionError:
        raise UserError(f"{path} nests its expressions too deeply to be read") from None
    if not reader.calls:
        raise UserError(f"{path} makes no TFLiteConverter (no call of TFLiteConverter.from_...)")
    return tuple(reader.calls if notebook is None else map(notebook.placed, reader.calls))

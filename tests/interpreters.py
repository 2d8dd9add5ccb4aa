"""The interpreters that hold real converters, and an S3 server: each test that needs one asks here.

MINMAX_LINT_TF215, MINMAX_LINT_TF221, MINMAX_LINT_TF115 and MINMAX_LINT_MOTO name a Python; without them the
environments `.venv-tf215`, `.venv-tf221`, `.venv-tf115` and `.venv-moto` in the checkout are meant. Where one is
missing the test is skipped, and fails in CI (CI=true): there the real converters must run.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[1]


def tf215() -> Path:
    """Python with TensorFlow 2.15: the last TOCO, and MLIR."""
    return _required("tf215")


def tf221() -> Path:
    """Python with TensorFlow 2.21: MLIR."""
    return _required("tf221")


def tf115() -> Path:
    """Python with TensorFlow 1.15: TOCO and tf.contrib.quantize. Optional in CI too: it needs Python 3.7."""
    path = interpreter("tf115")
    if path is None:
        pytest.skip(_missing("tf115"))
    return path


def moto() -> Path:
    """Python with moto, an S3 server. Its dependencies and TensorFlow's take pip minutes to fit together."""
    return _required("moto")


def interpreter(name: str) -> Path | None:
    """The interpreter of that name (`tf215`), or None where it does not exist."""
    path = _place(name)
    return path if path.exists() else None


def _required(name: str) -> Path:
    path = interpreter(name)
    if path is not None:
        return path
    if os.environ.get("CI") == "true":
        pytest.fail(_missing(name))
    pytest.skip(_missing(name))


def _place(name: str) -> Path:
    named = os.environ.get(f"MINMAX_LINT_{name.upper()}")
    return Path(named) if named else _ROOT / f".venv-{name}" / "bin" / "python"


def _missing(name: str) -> str:
    return f"no interpreter {_place(name)}; set MINMAX_LINT_{name.upper()} to a Python with that package"

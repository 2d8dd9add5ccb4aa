"""The interpreters that hold real converters, and an S3 server: each test that needs one asks here.

`tests/versions.toml` lists the TensorFlow releases. MINMAX_LINT_TF218 or MINMAX_LINT_MOTO names a Python, or
MINMAX_LINT_ENVIRONMENTS a folder with the environments `tf218`, ...; without them the environments `.venv-tf218`, ...
in the checkout are meant. Where one is missing the test is skipped, and fails in CI (CI=true) if CI makes it.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.versions.registry import place, releases


def tensorflow(version: str) -> Path:
    """Python with that TensorFlow: `2.18`."""
    one = next(one for one in releases().values() if one.tensorflow == version)
    return _found(one.name, required=one.use != "hand")


def tf215() -> Path:
    """Python with TensorFlow 2.15: TOCO, and MLIR."""
    return tensorflow("2.15")


def tf218() -> Path:
    """Python with TensorFlow 2.18: MLIR between 2.15 and 2.21."""
    return tensorflow("2.18")


def tf221() -> Path:
    """Python with TensorFlow 2.21: MLIR."""
    return tensorflow("2.21")


def tf115() -> Path:
    """Python with TensorFlow 1.15: TOCO and tf.contrib.quantize. Optional in CI too: it needs Python 3.7."""
    return tensorflow("1.15")


def moto() -> Path:
    """Python with moto, an S3 server. Its dependencies and TensorFlow's take pip minutes to fit together."""
    return _found("moto", required=True)


def _found(name: str, *, required: bool) -> Path:
    path = place(name)
    if path.exists():
        return path
    missing = f"no interpreter {path}; set MINMAX_LINT_{name.upper()} to a Python with that package"
    if required and os.environ.get("CI") == "true":
        pytest.fail(missing)
    pytest.skip(missing)

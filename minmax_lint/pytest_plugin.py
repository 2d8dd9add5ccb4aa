"""The pytest plugin (entry point `pytest11`): the fixture `assert_quantizable`.

pytest loads this module in every run of every project that has minmax-lint installed: it imports nothing of
ours before a test asks for the fixture.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from minmax_lint.report.report import Report


@pytest.fixture(scope="session")
def assert_quantizable() -> Callable[..., Report]:
    """`minmax_lint.assert_quantizable`: fails with the whole report where a model cannot be quantized."""
    from minmax_lint.assertion import assert_quantizable

    return assert_quantizable

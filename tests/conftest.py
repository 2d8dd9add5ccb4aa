"""No test changes the environment of the next; the marker `slow`.

Slow are tests that start a TensorFlow or another process, or work on many or large models.
"""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.warm.fixture import warm_servers, warm_tensorflow

__all__ = ["warm_servers", "warm_tensorflow"]

settings.register_profile("any load", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any load")

SLOW = frozenset(
    """
    architecture/test_imports.py architecture/test_install.py architecture/test_readme.py benchmarks
    calibration checking cli/test_compare.py cli/test_convert.py cli/test_convert_post_training.py
    cli/test_default_converters.py cli/test_fix_and_verify.py cli/test_guard.py cli/test_parallel.py
    cli/test_reproducible.py cli/test_work_per_node.py conversion converters/mlir/test_examples.py
    converters/test_call.py
    converters/test_select_tf_ops.py converters/toco/test_aborts.py converters/toco/test_examples.py
    corpus differential docs/test_contributing.py docs/test_first_hour.py docs/test_site.py every_op
    fixes/test_after_training.py fixes/test_approximate.py fixes/test_contrib_heads.py
    fixes/test_corpus.py fixes/test_fixed_by_ops.py fixes/test_from_python.py
    fixes/test_properties.py forms fuzz graph/test_op_defaults.py graph/test_op_registry.py
    integrations/test_pre_commit.py loaders/test_bundle.py loaders/test_clouds.py
    loaders/test_control_flow.py loaders/test_functions.py loaders/test_hostile.py
    loaders/test_hostile_keras.py loaders/test_keras.py loaders/test_objects_in_memory.py
    loaders/test_over_2gib.py loaders/test_script_dataset.py reporters/test_html.py
    rules/test_converter_calls.py rules/test_examples_convert.py rules/test_invariants.py
    schema/test_descriptors.py verification writers/test_functions.py writers/test_interrupted.py
    writers/test_serve_in_tensorflow.py writers/test_tensorflow_reads.py
    """.split()
)
"""Folders and files of tests in which all tests are slow; a single slow test has the marker itself."""

TESTS = Path(__file__).parent


def pytest_configure() -> None:
    """Refuse a list with a name that is gone, whose tests would count as fast."""
    gone = [place for place in SLOW if not (TESTS / place).exists()]
    if gone:
        raise pytest.UsageError(f"tests/conftest.py lists as slow what is not there: {', '.join(gone)}")
    _let_interrupts_through()


def _let_interrupts_through() -> None:
    """Let Ctrl+C reach what tests start, also where a shell runs the tests in the background and ignores it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is listed."""
    for item in items:
        place = item.path.relative_to(TESTS).as_posix()
        if place in SLOW or place.partition("/")[0] in SLOW:
            item.add_marker(pytest.mark.slow)


OF_CHILDREN = ("PYTHON", "PATH", "HOME", "LD_", "MINMAX_LINT")
"""Variables that say what a child process runs begin so; libraries set others for their own process."""


@pytest.fixture(autouse=True)
def same_environment() -> Iterator[None]:
    """The environment is the same after the test: another test's children read it."""
    before = _environment()
    yield
    assert _environment() == before


def _environment() -> dict[str, str]:
    return {name: text for name, text in os.environ.items() if name.startswith(OF_CHILDREN)}


@pytest.fixture(autouse=True)
def no_line_of_a_log_on_a_slow_machine(same_environment: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests see what is printed whatever the load: the lines about long work come after a minute."""
    monkeypatch.setattr("minmax_lint.cli.streams.LOG_INTERVAL", 60.0)

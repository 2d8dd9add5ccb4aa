"""Graphs that are sound files and absurd graphs never end in a traceback: a bounded search in every run."""

import pytest
from hypothesis import HealthCheck, given, settings

from tests.fuzz import HOSTILE
from tests.fuzz.formats import FORMATS
from tests.fuzz.graphs import absurd_graphs, disturbed_graphs
from tests.fuzz.survival import survives

BOUNDED = settings(max_examples=80, derandomize=True, suppress_health_check=list(HealthCheck))


@BOUNDED
@given(absurd_graphs())
def test_absurd_graphs_are_linted_and_fixed(graph):
    survives(graph)


@BOUNDED
@given(disturbed_graphs())
def test_disturbed_graphs_are_linted_and_fixed(graph):
    survives(graph)


SURVIVES = {form.ending: form.survives for form in FORMATS.values()}
FAILED = [path for path in sorted(HOSTILE.iterdir()) if path.suffix in SURVIVES]


@pytest.mark.parametrize("path", FAILED, ids=lambda path: path.name)
def test_what_once_failed_does_not_fail_again(path):
    SURVIVES[path.suffix](path.read_bytes())

"""Graphs that are sound files and absurd graphs never end in a traceback: a bounded search in every run."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from tests.fuzz import HOSTILE
from tests.fuzz.graphs import absurd_graphs, disturbed_graphs
from tests.fuzz.survival import survives, survives_bytes

BOUNDED = settings(max_examples=80, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@BOUNDED
@given(absurd_graphs())
def test_absurd_graphs_are_linted_and_fixed(graph):
    survives(graph)


@BOUNDED
@given(disturbed_graphs())
def test_disturbed_graphs_are_linted_and_fixed(graph):
    survives(graph)


@pytest.mark.parametrize("path", sorted(HOSTILE.glob("*.pb")), ids=lambda path: path.stem)
def test_what_once_failed_does_not_fail_again(path):
    survives_bytes(path.read_bytes())

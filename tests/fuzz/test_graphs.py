"""Graphs that are sound files and absurd graphs never end in a traceback: a bounded search in every run."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings

from tests.fuzz.graphs import absurd_graphs, disturbed_graphs
from tests.fuzz.survival import survives

BOUNDED = settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@BOUNDED
@given(absurd_graphs())
def test_absurd_graphs_are_linted_and_fixed(graph):
    survives(graph)


@BOUNDED
@given(disturbed_graphs())
def test_disturbed_graphs_are_linted_and_fixed(graph):
    survives(graph)

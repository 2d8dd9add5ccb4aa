"""The separating graphs: what one TensorFlow does and another does not, by the real converters and by the models."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import pytest

from minmax_lint.converters.mlir.legalize.rules import RULES
from minmax_lint.converters.mlir.optimize.optimize_pass import PATTERNS
from minmax_lint.converters.predict import predict_alone
from minmax_lint.converters.profile import PROFILES
from minmax_lint.converters.releases import MODELLED, Number
from minmax_lint.graph.trace import trace
from minmax_lint.inference.inference import Inference
from tests.interpreters import tensorflow
from tests.versions.measure import answers
from tests.versions.separating import Separating, separating

CHANGING = {one.name: one for one in separating() if one.bounds.changes}
CALLS = ("", "v2", "int8", "16x8-fallback")
SHOWN_BY = {
    "fold_fully_connected_of_a_vector": "fuse_binary_and_fully_connected",
    "fuse_binary_and_fully_connected_of_constants": "fuse_binary_and_fully_connected",
    "fuse_fully_connected_and_mul": "fuse_shared_fully_connected_and_mul",
    "convert_results_broadcastable_shape_op_of_splat": "scalarize_splat_constant_for_broadcastable_ops",
    "fuse_broadcast_condition_into_select_op": "fuse_broadcast_into_select_op",
    "convert_batch_mat_mul_op_to_fully_connected_op": (
        "convert_batch_mat_mul_op_to_fully_connected_op_rank2_constant_rhs"
    ),
    "convert_tfl_broadcast_to_mul_op": "convert_tf_broadcast_to",
    "reorder_nchw_transpose_add": "commute_transpose_with_ewise_ops",
}
"""What comes or goes in one step with another, which takes its place or needs it -> the one whose example shows it."""


def outcome(graph: Separating, version: Number, call: str) -> object:
    found, output = graph.built(floating=call not in ("", "v2"))
    kept = trace(found, ["input"], [output])
    profile = replace(PROFILES[f"mlir-2.21-{call}" if call else "mlir-2.21"], version=version)
    prediction = predict_alone(kept, Inference(kept, {}), profile)
    return (
        prediction.verdict,
        prediction.kind,
        prediction.message if prediction.kind else "",
        Counter((op.op, op.integer) for op in prediction.ops),
    )


@pytest.mark.parametrize("name", CHANGING)
def test_an_example_changes_where_its_pattern_behaviour_or_row_comes_or_goes(name: str) -> None:
    shown = [name, *([SHOWN_BY[name]] if name in SHOWN_BY else [])]
    bounds = CHANGING[name].bounds
    for before, behind in pairwise(MODELLED["mlir"]):
        if bounds.holds(before) != bounds.holds(behind):
            assert any(
                outcome(CHANGING[one], before, call) != outcome(CHANGING[one], behind, call)
                for one in shown
                for call in CALLS
            ), (before, behind)


@pytest.mark.slow
@pytest.mark.parametrize("version", ["2.15", "2.18", "2.21"])
def test_the_real_converter_does_with_every_separating_graph_what_its_profiles_say(version: str) -> None:
    """Those of patterns are converted with 2.15 and 2.21 in tests/converters/mlir/test_examples.py."""
    elsewhere = {one.name for one in (*RULES, *PATTERNS)} if version != "2.18" else set()
    graphs = [graph for name, graph in CHANGING.items() if name not in elsewhere]
    found = answers(tensorflow(version), version, graphs, ("", "v2"))
    wrong = {
        (one.graph.name, one.profile.name): (one.real, one.predicted()) for one in found if not one.agrees
    }
    assert wrong == {}

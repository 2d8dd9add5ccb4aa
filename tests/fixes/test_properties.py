"""What holds of every fix, on random graphs."""

import itertools

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import minmax_lint
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.fakequant import is_fake_quant
from minmax_lint.graph.graph import Graph, graph_of
from minmax_lint.graph.node import Node
from minmax_lint.schema.messages import message_class
from minmax_lint.writers.graphdef import encode
from tests.cli.founding import FOUNDING
from tests.corpus_maker.program import Built, build
from tests.corpus_maker.random_programs import random_program
from tests.fixes.running import image, run

SAFE: dict[str, object] = {}
UNSAFE: dict[str, object] = {"unsafe": True, "default_range": (-6.0, 6.0)}
seeds = st.integers(0, 10_000)
leave = st.sampled_from([SAFE, UNSAFE])
rarely_broken = [HealthCheck.filter_too_much, HealthCheck.too_slow]
quickly = settings(max_examples=40, derandomize=True, suppress_health_check=rarely_broken)
with_tensorflow = settings(quickly, max_examples=20)


def fixed(net: Built, outputs: list[str], options: dict[str, object]) -> minmax_lint.Patch:
    """The patch; graphs that nothing helps are passed over."""
    patch = minmax_lint.fix(encode(net.graph), net.inputs, outputs, **options)  # type: ignore[arg-type]
    assume(not patch.empty)
    return patch


@quickly
@given(seeds, leave)
def test_fixing_twice_changes_nothing(seed: int, options: dict[str, object]) -> None:
    net = build(random_program(seed))
    once = fixed(net, net.outputs, options)
    twice = minmax_lint.fix(encode(once.graph), net.inputs, once.outputs, **options)  # type: ignore[arg-type]
    assert twice.diff() == ()


@quickly
@given(seeds, leave)
def test_the_order_of_the_outputs_does_not_matter(seed: int, options: dict[str, object]) -> None:
    net = build(random_program(seed))
    assume(1 < len(net.outputs) < 4)
    orders = itertools.permutations(net.outputs)
    assert len({encode(fixed(net, list(order), options).graph) for order in orders}) == 1


@quickly
@given(seeds, leave)
def test_no_verdict_becomes_worse(seed: int, options: dict[str, object]) -> None:
    net = build(random_program(seed))
    patch = fixed(net, net.outputs, options)
    for name, before in patch.before.predictions.items():
        if before.verdict == "quantized":
            assert patch.after.predictions[name].verdict == "quantized"


@with_tensorflow
@given(seeds, leave)
def test_without_rounding_the_values_stay(seed: int, options: dict[str, object]) -> None:
    """Ops that round taken as identities, both graphs compute the same: a fix adds rounding, unless it says more."""
    net = build(random_program(seed))
    patch = fixed(net, net.outputs, options)
    assume("approximate" not in patch.strategy.split("+"))
    feeds = {name: image(*shape, seed=seed) for name, shape in net.inputs.items()}
    before = run(encode(_without_rounding(net.graph)), net.outputs, feeds)
    after = run(encode(_without_rounding(patch.graph)), patch.outputs, feeds)
    for expected, found in zip(before, after, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


def _without_rounding(graph: Graph) -> Graph:
    def plain(node: Node) -> Node:
        if not (is_fake_quant(node.op) or node.op.startswith("QuantizeAndDequantize")):
            return node
        return node._replace(op="Identity", inputs=node.inputs[:1], attrs={"T": DType.FLOAT})

    return graph_of([plain(node) for node in graph])


@pytest.mark.parametrize("strategy", ["guard", "retarget"])
def test_what_we_do_not_know_survives(strategy: str) -> None:
    graph_def = message_class("GraphDef")
    message = graph_def.FromString((FOUNDING / "eval.pb").read_bytes())
    for number, node in enumerate(message.node):
        node.attr["_of_the_user"].i = number
    function = message.library.function.add()
    function.signature.name = "of_the_user"
    message.versions.min_consumer = 7
    unknown = b"\xfa\x3f\x03abc"  # field 1023, three bytes
    source = message.SerializeToString(deterministic=True) + unknown
    patch = minmax_lint.fix(source, outputs=["output"], strategy=strategy)
    written = encode(patch.graph)
    after = graph_def.FromString(written)
    numbers = {node.attr["_of_the_user"].i for node in after.node if "_of_the_user" in node.attr}
    assert numbers == set(range(len(message.node)))
    assert after.library == message.library
    assert after.versions == message.versions
    assert unknown in written

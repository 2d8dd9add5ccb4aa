"""Broken and hostile input ends in one clear line or in correct work: never a traceback, never a hang."""

import contextlib
import shutil
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from minmax_lint.errors import UnreadableModel, UserError
from minmax_lint.graph.edit import Edit, edit_graph
from minmax_lint.graph.freeze import freeze_graph
from minmax_lint.graph.trace import trace
from minmax_lint.loaders import load
from minmax_lint.loaders.checkpoint.bundle import Bundle
from minmax_lint.loaders.checkpoint.prefix import prefix_of
from minmax_lint.loaders.endpoints import endpoints
from minmax_lint.ops.table import VARIABLES
from minmax_lint.schema.messages import message_class
from minmax_lint.writers.graphdef import encode

FIXTURES = Path(__file__).parents[2] / "fixtures"
FOUNDING = FIXTURES / "founding"
FILES = tuple(
    sorted(
        path
        for path in FIXTURES.glob("[fs]*/**/*")
        if path.is_file() and path.suffix not in (".py", ".md", ".txt") and path.stat().st_size < 100_000
    )
)
LONGEST = 5.0
"""CPU seconds; a sound file of this size takes a few milliseconds."""

RELAXED = settings(
    max_examples=300,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def used(model):
    """Whatever can be done with a loaded graph: every node decoded, frozen, traced, written."""
    flat = freeze_graph(model.graph, model.variables)
    for node in flat:
        tensor = node.tensor()
        if tensor is not None and tensor.known and tensor.size < 1000 and tensor.dtype.struct_code:
            tensor.values()
    with contextlib.suppress(UserError):
        ends = endpoints(model)
        trace(flat, ends.inputs, ends.outputs)
    encode(edit_graph(model.graph, Edit(renamed={model.graph.names[0]: "renamed"})))


def survives(source):
    """Only a UserError of one line, in bounded time."""
    start = time.process_time()
    message = ""
    try:
        used(load(source))
    except UserError as error:
        message = str(error)
    assert "\n" not in message
    assert time.process_time() - start < LONGEST


@st.composite
def damaged(draw):
    """A fixture with bytes flipped, cut out, doubled or cut off; its name and its bytes."""
    path = draw(st.sampled_from(FILES))
    content = bytearray(path.read_bytes())
    for _ in range(draw(st.integers(1, 4))):
        if not content:
            break
        at = draw(st.integers(0, len(content) - 1))
        kind = draw(st.sampled_from(["flip", "set", "cut", "double", "truncate"]))
        if kind == "flip":
            content[at] ^= 1 << draw(st.integers(0, 7))
        elif kind == "set":
            content[at] = draw(st.sampled_from([0x00, 0x7F, 0x80, 0xFF]))
        elif kind == "cut":
            del content[at : at + draw(st.integers(1, 64))]
        elif kind == "double":
            content[at:at] = content[at : at + draw(st.integers(1, 64))]
        else:
            del content[at:]
    return path, bytes(content)


@RELAXED
@given(damaged())
def test_damaged_files_end_in_one_line_or_in_work(tmp_path, case):
    path, content = case
    folder = tmp_path / path.parent.name
    if not folder.exists():
        shutil.copytree(path.parent, folder, dirs_exist_ok=True)
    broken = folder / path.name
    broken.write_bytes(content)
    try:
        survives(broken)
        if folder.name.endswith(("checkpoint", "model")):
            survives(folder)
        if ".index" in path.name or ".data-" in path.name:
            with contextlib.suppress(UserError):
                bundle = Bundle(prefix_of(broken))
                for key in bundle.keys:
                    bundle.tensor(key)
    finally:
        shutil.copy(path, broken)


@RELAXED
@given(st.binary(max_size=200))
def test_random_bytes_end_in_one_line_or_in_work(content):
    survives(content)


@pytest.mark.parametrize("name", ["eval-frozen.pb", "eval.pbtxt", "eval-saved_model/saved_model.pb"])
def test_a_file_cut_off_anywhere_ends_in_one_line_or_in_work(name):
    content = (FOUNDING / name).read_bytes()
    for size in range(0, len(content), max(1, len(content) // 150)):
        survives(content[:size])


def graph_of(*nodes, **more):
    """A GraphDef of (name, op, inputs) triples."""
    graph = message_class("GraphDef")(**more)
    for name, op, *inputs in nodes:
        graph.node.add(name=name, op=op, input=inputs)
    return graph


def test_an_edge_from_nowhere_is_named_when_it_is_needed():
    model = load(graph_of(("a", "Relu", "gone")))
    with pytest.raises(UserError, match="gone"):
        trace(model.graph, (), ["a"])


@pytest.mark.parametrize(
    "nodes",
    [
        [("a", "Relu", "a")],
        [("a", "Relu", "b"), ("b", "Relu", "a")],
        [("a", "Relu", "^a")],
        [("x", "Placeholder"), ("a", "Merge", "x", "b"), ("b", "NextIteration", "a")],
    ],
)
def test_cycles_are_walked_once(nodes):
    survives(graph_of(*nodes))
    assert "a" in trace(load(graph_of(*nodes)).graph, (), ["a"])


def test_a_chain_of_a_hundred_thousand_nodes_needs_no_recursion():
    graph = graph_of(("n0", "Placeholder"), *((f"n{i}", "Relu", f"n{i - 1}") for i in range(1, 100_000)))
    survives(graph)


def test_a_million_control_edges_are_read():
    graph = graph_of(("a", "NoOp"), ("b", "NoOp", *["^a"] * 1_000_000))
    survives(graph)


def test_very_long_names_are_read():
    survives(graph_of(("x" * 5_000_000, "Placeholder"), ("y", "Relu", "x" * 5_000_000)))


def test_absurd_shapes_and_types_are_no_trouble():
    graph = graph_of(("c", "Const"))
    tensor = graph.node[0].attr["value"].tensor
    tensor.dtype = 9999
    for size in (2**62, 2**62, -5):
        tensor.tensor_shape.dim.add(size=size)
    graph.node[0].attr["dtype"].type = -7
    survives(graph)


def test_a_constant_that_claims_more_elements_than_it_has_is_not_unpacked():
    graph = graph_of(("c", "Const"))
    tensor = graph.node[0].attr["value"].tensor
    tensor.dtype = 1
    tensor.float_val.append(1.0)
    tensor.tensor_shape.dim.add(size=2**50)
    survives(graph)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\x0a\x05\x08\x01\x10\x02\x18", "no TensorFlow graph"),  # numbers where a node has texts
        (b"\x0a\x06\x0a\x01a\x12\x01\xff", "TensorFlow graph"),  # an op that is not UTF-8
        (b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f", "truncated"),  # a length beyond all files
        (b"\x0b\x0c", "damaged"),  # groups
        (b"node {" * 50_000, "nested|no GraphDef"),
    ],
)
def test_wrong_wire_types_and_lengths_are_refused(content, message):
    with pytest.raises(UnreadableModel, match=message):
        load(content)


def test_a_checkpoint_index_that_points_anywhere_is_refused(tmp_path):
    """Offsets, sizes and shards of an entry that lie outside the files."""
    shutil.copytree(FOUNDING / "eval-checkpoint", tmp_path / "c")
    bundle = Bundle(tmp_path / "c" / "model.ckpt")
    entry_class = message_class("BundleEntryProto")
    sound = entry_class.FromString(bundle._index[b"act_quant/max"])
    for changed in ({"offset": -8}, {"offset": 2**60}, {"size": 2**40}, {"shard_id": 7}, {"dtype": 77}):
        entry = entry_class()
        entry.CopyFrom(sound)
        for key, value in changed.items():
            setattr(entry, key, value)
        broken = Bundle(tmp_path / "c" / "model.ckpt")
        broken.__dict__["_index"] = {b"key": entry.SerializeToString()}
        broken._shard_count = 1
        with contextlib.suppress(UnreadableModel):
            assert broken.tensor("key") is None


def test_every_variable_has_its_value_in_a_sound_checkpoint():
    model = load(FOUNDING / "eval-checkpoint")
    names = [
        name for name, op in zip(model.graph.names, model.graph.columns.ops, strict=True) if op in VARIABLES
    ]
    assert len(names) == 6
    assert all(model.variables.value(name) is not None for name in names)


def test_links_in_a_circle_are_refused(tmp_path):
    (tmp_path / "a.pb").symlink_to("b.pb")
    (tmp_path / "b.pb").symlink_to("a.pb")
    with pytest.raises(UnreadableModel):
        load(tmp_path / "a.pb")


@pytest.mark.parametrize("name", ["a" * 300, "a\0b"])
def test_names_that_no_file_can_have_are_refused(name):
    with pytest.raises(UnreadableModel):
        load(name)

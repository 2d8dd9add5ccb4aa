"""Large graphs: weights stay in the file, also past 2 GiB, where no protocol buffer can follow."""

import json
import subprocess
import sys

import pytest

from minmax_lint.graph.build import Builder
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.tensor import Tensor
from minmax_lint.loaders import load
from minmax_lint.loaders.graphdef.index import index_nodes
from minmax_lint.loaders.wire import delimiter
from minmax_lint.schema.attributes import decode_node, encode_node
from minmax_lint.writers.graphdef import encode, record
from tests.benchmarks.chains import write_chain
from tests.benchmarks.own_memory import usage_of


def test_content_of_a_large_constant_is_a_view_of_the_file():
    b = Builder()
    b.const("weights", [0.5, 0.25] * 50_000, [100_000])
    content = encode(b.graph())
    columns = index_nodes(content, 0, len(content))
    attrs, _ = columns.details(0)
    assert isinstance(attrs["value"].content, memoryview)
    assert attrs["value"].content.obj is content
    expected, _ = decode_node(content[columns.serialized.origin(0).start :])
    assert bytes(attrs["value"].content) == expected["value"].content
    assert (attrs["value"].shape, attrs["dtype"]) == ((100_000,), DType.FLOAT)


@pytest.mark.parametrize("how", ["twice", "typed"])
def test_a_large_constant_of_another_form_is_decoded_whole(how):
    node = encode_node(next(iter(_weights(20_000))))
    content = node.SerializeToString()
    if how == "twice":  # protobuf lets the last attribute of a key win
        attr = node.attr["value"].SerializeToString()
        entry = b"\x0a\x05value" + delimiter(2, len(attr)) + attr
        content += delimiter(5, len(entry)) + entry
    else:
        node.attr["value"].tensor.ClearField("tensor_content")
        node.attr["value"].tensor.float_val.extend([0.5] * 20_000)
        content = node.SerializeToString()
    content = delimiter(1, len(content)) + content
    columns = index_nodes(content, 0, len(content))
    assert columns.details(0)[0]["value"].numpy().tolist() == [0.5] * 20_000


def _weights(count):
    b = Builder()
    b.add("Const", "weights", dtype=DType.FLOAT, value=Tensor.of(DType.FLOAT, [count], [0.5] * count))
    return b.graph()


def test_weights_are_checked_and_patched_without_a_copy(tmp_path):
    chain = write_chain(tmp_path / "graph.pb", 320, 60_000_000)
    checked = usage_of(["check", str(chain.path), "-o", chain.output, "--exit-zero"])
    assert checked.mib < 60
    unquantized = chain.output.replace("act_quant/FakeQuantWithMinMaxVars", "Relu6")
    fixed = usage_of(["fix", str(chain.path), "-o", unquantized, "--output", str(tmp_path / "fixed.pb")])
    assert fixed.mib < 60
    assert (tmp_path / "fixed.pb").stat().st_size >= chain.path.stat().st_size


def test_weights_of_blocks_that_repeat_themselves_are_not_all_held_at_once(tmp_path):
    chain = write_chain(tmp_path / "graph.pb", 6_000, 60_000_000)
    assert usage_of(["check", str(chain.path), "-o", chain.output, "--exit-zero"]).mib < 80


def test_a_graph_past_2_gib_is_linted_and_called_unreadable_for_converters(tmp_path):
    path = tmp_path / "graph.pb"
    _write_sparse(path, columns=(1 << 26) + 1)
    assert path.stat().st_size > 1 << 31
    assert load(path).graph["weights"].tensor().shape == (8, (1 << 26) + 1)
    done = subprocess.run(
        [sys.executable, "-m", "minmax_lint", "check", path, "-o", "quant", "--output-format", "json"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    report = json.loads(done.stdout)["reports"][0]
    assert "MM905" in [finding["code"] for finding in report["findings"]]
    assert {prediction["verdict"] for prediction in report["predictions"].values()} == {"abort"}


def _write_sparse(path, columns):
    """A graph whose weights are a hole in the file: 32 bytes a column that take no place on the disk."""
    b = Builder()
    x = b.fake_quant("input_quant", b.placeholder("input", [1, 8]), -1, 1)
    weights = b.fake_quant("weights_quant", b.const("weights", [0.5], [8, columns]), -1, 1)
    b.fake_quant("quant", b.add("MatMul", "MatMul", x, weights), -1, 1)
    with path.open("wb") as file:
        for node in b.graph():
            if node.name != "weights":
                file.write(record(encode_node(node)))
                continue
            message = encode_node(node)
            message.attr["value"].tensor.ClearField("float_val")
            pieces = [message.attr["value"].tensor.SerializeToString() + delimiter(4, 32 * columns)]
            del message.attr["value"]
            size = len(pieces[0]) + 32 * columns
            for number, before in (
                (8, b""),
                (2, b"\x0a\x05value"),
                (5, message.SerializeToString()),
                (1, b""),
            ):
                pieces.insert(0, delimiter(number, size))
                size += len(pieces[0])
                pieces.insert(0, before)
                size += len(before)
            file.write(b"".join(pieces))
            file.seek(32 * columns, 1)
        file.truncate()

"""Checkpoints' values are read as TensorFlow reads them."""

import shutil
import struct
from pathlib import Path

import cramjam
import pytest

from minmax_lint.errors import UnreadableModel
from minmax_lint.graph.build import Builder
from minmax_lint.graph.dtype import DType
from minmax_lint.loaders import load
from minmax_lint.loaders.checkpoint.bundle import Bundle, crc32c
from minmax_lint.loaders.checkpoint.table import FOOTER, MAGIC, entries
from minmax_lint.loaders.checkpoint.variables import with_values
from minmax_lint.loaders.model import Model
from minmax_lint.loaders.wire import encode_varint

FOUNDING = Path(__file__).parents[2] / "fixtures" / "founding"


@pytest.fixture(scope="module")
def tensorflow():
    return pytest.importorskip("tensorflow")


@pytest.fixture
def copied(tmp_path):
    shutil.copytree(FOUNDING / "eval-checkpoint", tmp_path / "c")
    return tmp_path / "c" / "model.ckpt"


@pytest.mark.parametrize(
    "folder", ["train-checkpoint-tf1.13.1/out.ckpt", "eval-saved_model/variables/variables"]
)
def test_every_value_equals_tensorflows(tensorflow, folder):
    bundle, reader = Bundle(FOUNDING / folder), tensorflow.train.load_checkpoint(str(FOUNDING / folder))
    assert sorted(bundle.keys) == sorted(reader.get_variable_to_shape_map())
    for key in bundle.keys:
        assert (bundle.tensor(key).numpy() == reader.get_tensor(key)).all()


def test_sharded_and_many_valued_checkpoints_are_read(tensorflow, tmp_path):
    """Several data files, and an index of several blocks."""
    tf, prefixes = tensorflow, []
    for shard in range(2):
        names = [f"scope/{shard}/value_{i}" for i in range(3000)]
        values = [tf.constant([i, shard], tf.float32) for i in range(3000)]
        prefixes.append(str(tmp_path / f"part{shard}"))
        tf.raw_ops.SaveV2(
            prefix=prefixes[-1], tensor_names=names, shape_and_slices=[""] * 3000, tensors=values
        )
    tf.raw_ops.MergeV2Checkpoints(checkpoint_prefixes=prefixes, destination_prefix=str(tmp_path / "all"))
    bundle = Bundle(tmp_path / "all")
    assert len(bundle.keys) == 6000
    assert [bundle.tensor(f"scope/1/value_{i}").values() for i in (0, 1, 2999)] == [(0, 1), (1, 1), (2999, 1)]


def test_types_without_plain_numbers_have_no_value(tensorflow, tmp_path):
    tensorflow.raw_ops.SaveV2(
        prefix=str(tmp_path / "c"),
        tensor_names=["words", "half"],
        shape_and_slices=["", ""],
        tensors=[tensorflow.constant(["a"]), tensorflow.constant(0.5, tensorflow.float16)],
    )
    bundle = Bundle(tmp_path / "c")
    assert bundle.tensor("words") is None
    assert bundle.tensor("half").item() == 0.5


def test_a_renamed_variable_is_found_by_what_the_saver_restores(tensorflow, tmp_path):
    v1 = tensorflow.compat.v1
    with v1.Graph().as_default(), v1.Session() as session:
        average = v1.get_variable("range/max", [], initializer=v1.constant_initializer(3.0))
        v1.get_variable("other", [], initializer=v1.constant_initializer(5.0))
        session.run(v1.global_variables_initializer())
        saver = v1.train.Saver({"old_scope/max": average})
        saver.save(session, str(tmp_path / "m.ckpt"))
    variables = load(tmp_path / "m.ckpt").variables
    assert variables.key("range/max") == "old_scope/max"
    assert variables.value("range/max").item() == 3.0
    assert variables.value("other") is None


def test_a_wrong_checksum_is_an_error_not_a_wrong_range(copied):
    data = Path(f"{copied}.data-00000-of-00001")
    content = bytearray(data.read_bytes())
    content[-1] ^= 1
    data.write_bytes(content)
    bundle = load(copied).variables.bundle
    with pytest.raises(UnreadableModel, match="checksum"):
        [bundle.tensor(key) for key in bundle.keys]


def test_a_truncated_data_file_is_named(copied):
    Path(f"{copied}.data-00000-of-00001").write_bytes(b"")
    with pytest.raises(UnreadableModel, match="data-00000-of-00001 is truncated"):
        load(copied).variables.value("act_quant/max")


def test_a_missing_data_file_is_named(copied):
    Path(f"{copied}.data-00000-of-00001").unlink()
    with pytest.raises(UnreadableModel, match="data-00000-of-00001: cannot be read"):
        load(copied).variables.value("act_quant/max")


def test_a_damaged_index_is_named(copied):
    index = Path(f"{copied}.index")
    index.write_bytes(index.read_bytes()[:-9])
    with pytest.raises(UnreadableModel, match=r"model\.ckpt\.index"):
        load(copied).variables.value("act_quant/max")


def test_a_checkpoint_of_tf2_is_read_by_the_names_of_its_variables(tmp_path):
    tf = pytest.importorskip("tensorflow")
    holder = tf.Module()
    holder.low = tf.Variable(-1.5, name="act_quant/min")
    holder.pair = [tf.Variable(1.0, name="shared"), tf.Variable(2.0, name="shared")]
    prefix = Path(tf.train.Checkpoint(model=holder).save(str(tmp_path / "ckpt")))
    b = Builder()
    for name in ("act_quant/min", "act_quant/max", "shared"):
        b.add("VarHandleOp", name, dtype=DType.FLOAT, shape=())
    variables = with_values(Model(None, "graphdef", b.graph()), prefix).variables
    assert variables.key("act_quant/min") == "model/low/.ATTRIBUTES/VARIABLE_VALUE"
    assert variables.value("act_quant/min").item() == -1.5
    assert variables.value("act_quant/max") is None
    assert variables.value("shared") is None


def compressed_table(content: dict[bytes, bytes]) -> bytes:
    """A table whose blocks are compressed with Snappy, as Google's own TensorFlow writes an index."""
    written = bytearray()

    def put(entries: dict[bytes, bytes]) -> bytes:
        """Add a block; its handle."""
        plain, restarts = bytearray(), []
        for key, value in entries.items():
            restarts.append(len(plain))
            lengths = (encode_varint(number) for number in (0, len(key), len(value)))
            plain += b"".join(lengths) + key + value
        plain += struct.pack(f"<{max(len(restarts), 1) + 1}I", *(restarts or [0]), max(len(restarts), 1))
        block = bytes(cramjam.snappy.compress_raw(bytes(plain))) + b"\1"
        handle = encode_varint(len(written)) + encode_varint(len(block) - 1)
        checksum = crc32c(block)
        masked = ((checksum >> 15 | checksum << 17) + 0xA282EAD8) & 0xFFFFFFFF
        written.extend(block + struct.pack("<I", masked))
        return handle

    data, meta = put(content), put({})
    index = put({max(content): data})
    return bytes(written) + (meta + index).ljust(FOOTER - len(MAGIC), b"\0") + MAGIC


def test_an_index_of_compressed_blocks_is_read_as_tensorflow_reads_it(tensorflow, copied):
    index = Path(f"{copied}.index")
    plain = dict(entries(index.read_bytes()))
    index.write_bytes(compressed_table(plain))
    assert dict(entries(index.read_bytes())) == plain
    bundle, reader = Bundle(copied), tensorflow.train.load_checkpoint(str(copied))
    assert sorted(bundle.keys) == sorted(reader.get_variable_to_shape_map())
    for key in bundle.keys:
        assert (bundle.tensor(key).numpy() == reader.get_tensor(key)).all()


@pytest.mark.parametrize("place", [0, 1, 4, 40])
def test_a_damaged_compressed_block_is_refused(copied, place):
    index = Path(f"{copied}.index")
    content = bytearray(compressed_table(dict(entries(index.read_bytes()))))
    content[place : place + 4] = b"\xff\xff\xff\xff"
    index.write_bytes(content)
    with pytest.raises(UnreadableModel, match="damaged"):
        list(entries(index.read_bytes()))

"""Distinguishes formats by their content, never by the file's name.

Magic bytes come before parsing, because protocol buffers parse each other silently: a GraphDef is an empty
SavedModel, an HDF5 file can be an empty GraphDef (measured, research io_and_scale).
"""

import codecs
import re
from enum import Enum

from minmax_lint.errors import UnreadableModel
from minmax_lint.loaders.checkpoint.table import is_table
from minmax_lint.loaders.tflite.file import MAGIC
from minmax_lint.loaders.wire import LENGTH_DELIMITED, Buffer, Field, fields


class Kind(Enum):
    """The forms of a graph that can be read."""

    GRAPHDEF = "graphdef"
    METAGRAPH = "metagraph"
    SAVEDMODEL = "savedmodel"
    GRAPHDEF_TEXT = "graphdef-text"
    METAGRAPH_TEXT = "metagraph-text"
    SAVEDMODEL_TEXT = "savedmodel-text"
    CHECKPOINT_INDEX = "checkpoint-index"
    CHECKPOINT_STATE = "checkpoint-state"
    TFLITE = "tflite"
    KERAS = "keras"
    KERAS_HDF5 = "keras-h5"


_REFUSED: tuple[tuple[re.Pattern[bytes], str], ...] = tuple(
    (re.compile(pattern, re.DOTALL | re.IGNORECASE), message)
    for pattern, message in (
        (rb"PK\x03\x04.{0,300}data\.pkl", "this is a PyTorch file; export the model to TensorFlow first"),
        (
            rb"PK\x03\x04.{26}[^/]{1,99}\.npy",
            "this is an archive of NumPy arrays; samples are given with --calibrate",
        ),
        (rb"PK[\x03\x05]", "this is a zip archive; unpack it and give the graph or folder inside"),
        (rb"\x1f\x8b", "this is a gzip file; unpack it and give the graph or folder inside"),
        (rb".{257}ustar", "this is a tar archive; unpack it and give the graph or folder inside"),
        (rb"version https://git-lfs", "this is a Git LFS pointer, not the file itself; run `git lfs pull`"),
        (rb"\s*(<!doctype html|<html)", "this is an HTML page, not a graph; download the file itself again"),
        (rb"\s*<\?xml", "this is an XML file, not a graph; download the file itself again"),
        (
            rb"\s*\{[^\x00-\x08\x0e-\x1f]*\Z",
            "this is JSON, not a graph; give the TensorFlow graph it was made from",
        ),
        (rb"\x80[\x02-\x05]", "this is a Python pickle, not a graph; save the model with TensorFlow"),
        (rb"\x93NUMPY", "this is a NumPy array; samples are given with --calibrate"),
    )
)

_TEXT_FIELDS = {
    "node": Kind.GRAPHDEF_TEXT,
    "library": Kind.GRAPHDEF_TEXT,
    "versions": Kind.GRAPHDEF_TEXT,
    "version": Kind.GRAPHDEF_TEXT,
    "meta_info_def": Kind.METAGRAPH_TEXT,
    "graph_def": Kind.METAGRAPH_TEXT,
    "saver_def": Kind.METAGRAPH_TEXT,
    "saved_model_schema_version": Kind.SAVEDMODEL_TEXT,
    "meta_graphs": Kind.SAVEDMODEL_TEXT,
    "model_checkpoint_path": Kind.CHECKPOINT_STATE,
    "all_model_checkpoint_paths": Kind.CHECKPOINT_STATE,
}

HDF5 = b"\x89HDF\r\n"
_KERAS_ARCHIVE = re.compile(rb"PK\x03\x04.{0,300}(metadata\.json|config\.json|model\.weights\.h5)", re.DOTALL)
_FIRST_TEXT_FIELD = re.compile(rb"(?:\s|#[^\n]*\n)*([a-z_]+)\s*[:{<]")
_OP = re.compile(rb"[A-Za-z_>][A-Za-z0-9_.>/\-]*")


def kind_of(buffer: Buffer) -> Kind:
    """What `buffer` holds. Raises UnreadableModel with what it is instead and what to do."""
    if len(buffer) == 0:
        raise UnreadableModel("the file is empty; save or download it again")
    head = bytes(buffer[:4096])
    text = _FIRST_TEXT_FIELD.match(head)
    if text is not None and text[1].decode() in _TEXT_FIELDS:
        return _TEXT_FIELDS[text[1].decode()]
    if head[4:8] == MAGIC:
        return Kind.TFLITE
    if head.startswith(HDF5):
        return Kind.KERAS_HDF5
    if _KERAS_ARCHIVE.match(head):
        return Kind.KERAS
    for pattern, message in _REFUSED:
        if pattern.match(head):
            raise UnreadableModel(message)
    if is_table(buffer):
        return Kind.CHECKPOINT_INDEX
    try:
        return _message_kind(buffer)
    except UnreadableModel as error:
        if _readable_text(head):
            raise UnreadableModel("this is text, but no graph in text form; give a .pb or .pbtxt") from None
        raise error


def _message_kind(buffer: Buffer) -> Kind:
    first = next(fields(buffer, 0, len(buffer)))
    if first.wire_type == LENGTH_DELIMITED:
        if first.number == 1 and _is_node(buffer, first):
            return Kind.GRAPHDEF
        if first.number <= 2 and _is_meta_graph(buffer):
            return Kind.METAGRAPH
    if first.number == 1 and first.wire_type == 0:
        found = _field(buffer, 0, len(buffer), 2)
        if found is not None and _holds_graph(buffer, found):
            return Kind.SAVEDMODEL
        raise UnreadableModel(
            "this is no TensorFlow graph (an ONNX model?); give a GraphDef or SavedModel: onnx2tf makes one of ONNX"
        )
    if (first.number, first.wire_type) in ((4, 2), (3, 0), (2, 2)):
        for _ in fields(buffer, 0, len(buffer)):
            pass
        raise UnreadableModel("the graph has no nodes; save it again")
    raise UnreadableModel("this is no TensorFlow graph; give a GraphDef, MetaGraph, checkpoint or SavedModel")


def _is_meta_graph(buffer: Buffer) -> bool:
    """Whether there is a MetaGraphDef.graph_def that holds nodes, or nothing at all."""
    found = _field(buffer, 0, len(buffer), 2)
    first = None if found is None else next(fields(buffer, found.start, found.end), None)
    return found is not None and (first is None or first.number != 1 or _is_node(buffer, first))


def _holds_graph(buffer: Buffer, record: Field) -> bool:
    """Whether a record is a MetaGraphDef with a graph. (An ONNX model has its producer's name there.)"""
    try:
        return _field(buffer, record.start, record.end, 2) is not None
    except UnreadableModel:
        return False


def _field(buffer: Buffer, start: int, end: int, number: int) -> Field | None:
    for found in fields(buffer, start, end):
        if found.number == number and found.wire_type == LENGTH_DELIMITED:
            return found
    return None


def _is_node(buffer: Buffer, record: Field) -> bool:
    """Whether a record is a NodeDef: a name and an op. (A MetaInfoDef has neither where they stand.)"""
    name = op = b""
    for found in fields(buffer, record.start, record.end):
        if found.wire_type != LENGTH_DELIMITED:
            return False
        if found.number == 1:
            name = bytes(buffer[found.start : min(found.end, found.start + 256)])
        elif found.number == 2:
            op = bytes(buffer[found.start : min(found.end, found.start + 256)])
        if name and op:
            break
    return bool(name) and _OP.fullmatch(op) is not None


def _readable_text(head: bytes) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)  # the last character may be cut off
    except UnicodeDecodeError:
        return False
    return all(byte >= ord(" ") or byte in b"\t\n\r" for byte in head)

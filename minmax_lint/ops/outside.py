"""The ops of TensorFlow that reach outside the model when they run: files, connections, Python.

Checking a model runs none of its ops. The real converters fold constants, calibration and proofs run the graph, and
TensorFlow runs the initializers of a SavedModel when it loads one: these are given no model with such an op.
Source: the op registrations in tensorflow/core/ops (io_ops.cc, dataset_ops.cc, script_ops.cc, logging_ops.cc,
summary_ops.cc, debug_ops.cc, encode_proto_ops.cc, rpc_ops.cc).
"""

import re

_OUTSIDE = re.compile(
    r"File|Reader|Writer|Write\w*(Summary|Partitions)|Record|PyFunc|Dataset|Iterator|Save|Restore|Checkpoint|Plugin"
    r"|Bigtable|BigQuery|Remote|Rpc|Dump|LMDB|codeProto|^Debug(Identity|Nan|Numeric)|PrintV2|LoadAndRemapMatrix"
    r"|GenerateVocabRemapping"
)
_OF_LOADING = re.compile(
    r"SaveV2|Restore(V2|Slice)?|ShardedFilename|MergeV2Checkpoints|InitializeTableFromTextFile(V2)?"
)
"""What every SavedModel has that holds variables or tables."""


def reaches_outside(op: str) -> bool:
    """Whether an op reads or writes files, connects, or calls Python."""
    return _OUTSIDE.search(op) is not None


def strange_in_a_saved_model(op: str) -> bool:
    """The same, but for the ops that read a SavedModel's own variables and tables."""
    return reaches_outside(op) and _OF_LOADING.fullmatch(op) is None

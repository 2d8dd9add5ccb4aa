"""No model that reaches files, connections or Python is given to TensorFlow, which would run it."""

import pytest

import minmax_lint
from minmax_lint.backends.verification import runnable
from minmax_lint.errors import UserError
from minmax_lint.graph.build import Builder
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.op_defaults import op_defaults
from minmax_lint.graph.op_registry import _table
from minmax_lint.loaders import load
from minmax_lint.ops.outside import reaches_outside, strange_in_a_saved_model
from minmax_lint.schema.messages import message_class
from minmax_lint.writers.graphdef import encode

OUTSIDE = (
    "ReadFile WriteFile MatchingFiles WholeFileReaderV2 TFRecordReaderV2 ReaderReadV2 RecordInput PyFunc EagerPyFunc "
    "PyFuncStateless SaveDatasetV2 LoadDataset CacheDatasetV2 TextLineDataset IteratorGetNext Save SaveSlices SaveV2 "
    "RestoreV2 MergeV2Checkpoints InitializeTableFromTextFileV2 CreateSummaryFileWriter CreateSummaryDbWriter "
    "WriteScalarSummary WriteGraphSummary DumpTensor DebugIdentity DebugIdentityV3 DebugNumericSummaryV2 DebugNanCount "
    "EncodeProto DecodeProtoV2 PrintV2 RpcCall RpcServerStart RemoteCall LMDBReader LoadAndRemapMatrix "
    "GenerateVocabRemapping GenerateBigQueryReaderPartitions FileSystemSetConfiguration"
).split()
COMPUTING = "Conv2D MatMul FakeQuantWithMinMaxVars Print Assert LogSoftmax HashTableV2 LookupTableFindV2 While".split()


@pytest.mark.parametrize("op", OUTSIDE)
def test_an_op_reaches_outside(op: str) -> None:
    assert reaches_outside(op)


@pytest.mark.parametrize("op", COMPUTING)
def test_an_op_only_computes(op: str) -> None:
    assert not reaches_outside(op)


@pytest.mark.parametrize(
    "key", ["descriptor_source", "output_stream", "debug_urls", "gated_grpc", "file_pattern"]
)
def test_every_op_with_such_an_attribute_reaches_outside(key: str) -> None:
    """Where TensorFlow's registry has a default for the name of a file or of a connection."""
    found = [op for op in _table() if key in op_defaults(op)]
    assert [op for op in found if not reaches_outside(op)] == []


def feeds():
    yield {"x": [[0.0, 1.0, 2.0, 3.0]]}


def debugged() -> bytes:
    """A graph that writes what it computes into a file, when it runs."""
    b = Builder()
    b.placeholder("x", [1, 4])
    b.add("DebugIdentity", "d", "x", T=DType.FLOAT, debug_urls=[b"file:///tmp/stolen"], tensor_name=b"x:0")
    b.add("Relu6", "y", "d", T=DType.FLOAT)
    return encode(b.graph())


FEEDS = f"{__file__}:feeds"
RUNS = {
    "convert": minmax_lint.convert,
    "verify": lambda graph: minmax_lint.convert(graph, verify=True),
    "calibrate": lambda graph: minmax_lint.calibrate(graph, FEEDS),
}


@pytest.mark.parametrize("run", RUNS)
def test_a_graph_that_would_write_a_file_is_not_run(run: str) -> None:
    with pytest.raises(UserError, match=r"'d' \(DebugIdentity\) reaches files, connections or Python"):
        RUNS[run](debugged())


def test_a_graph_that_would_write_a_file_is_judged_all_the_same() -> None:
    assert minmax_lint.lint(debugged()).predictions


def calling(folder, *more: str, asset: str = ""):
    """A SavedModel whose signature runs an If, with more nodes in a function that no signature calls."""
    saved = message_class("SavedModel")(saved_model_schema_version=1)
    meta = saved.meta_graphs.add()
    meta.meta_info_def.tags.append("serve")
    for name, op in (("x", "Placeholder"), ("p", "Placeholder")):
        meta.graph_def.node.add(name=name, op=op)
    meta.graph_def.node.add(name="y", op="PartitionedCall", input=["x", "p"]).attr["f"].func.name = "serve"
    bodies = {}
    for name, arguments in (("serve", {"x": 1, "p": 10}), ("branch", {"x": 1}), ("initialize", {})):
        bodies[name] = body = meta.graph_def.library.function.add()
        body.signature.name = name
        for argument, kind in arguments.items():
            body.signature.input_arg.add(name=argument, type=kind)
    for name in ("serve", "branch"):
        bodies[name].signature.output_arg.add(name="r", type=1)
    choice = bodies["serve"].node_def.add(name="choice", op="StatelessIf", input=["p", "x"])
    choice.attr["then_branch"].func.name = choice.attr["else_branch"].func.name = "branch"
    bodies["serve"].ret["r"] = "choice:output:0"
    bodies["branch"].node_def.add(name="relu", op="Relu", input=["x"])
    bodies["branch"].ret["r"] = "relu:activations:0"
    for op in more:
        bodies["initialize"].node_def.add(name=op.lower(), op=op)
    if asset:
        meta.asset_file_def.add(filename=asset)
    signature = meta.signature_def["serving_default"]
    signature.inputs["x"].name, signature.inputs["p"].name, signature.outputs["y"].name = "x:0", "p:0", "y:0"
    folder.mkdir(exist_ok=True)
    (folder / "saved_model.pb").write_bytes(saved.SerializeToString())
    return folder


def given(folder):
    model = load(folder)
    ends = model.signatures["serving_default"]
    return runnable(model, dict.fromkeys(ends.inputs.values()), list(ends.outputs.values()), None, folder)


def test_a_saved_model_with_variables_and_tables_is_given_to_tensorflow(tmp_path) -> None:
    restoring = (
        "SaveV2",
        "RestoreV2",
        "ShardedFilename",
        "MergeV2Checkpoints",
        "InitializeTableFromTextFileV2",
    )
    assert not any(map(strange_in_a_saved_model, restoring))
    assert given(calling(tmp_path / "sm", *restoring, asset="words.txt")).folder == tmp_path / "sm"


@pytest.mark.parametrize("op", ["WriteFile", "ReadFile", "EagerPyFunc", "Save", "DebugIdentity"])
def test_a_saved_model_whose_initializers_reach_outside_is_not_loaded(op: str, tmp_path) -> None:
    with pytest.raises(UserError, match=rf"'{op.lower()}' \({op}\) reaches files"):
        given(calling(tmp_path / "sm", op))


@pytest.mark.parametrize("asset", ["/etc/passwd", "../../secret"])
def test_a_saved_model_whose_asset_lies_outside_is_not_loaded(asset: str, tmp_path) -> None:
    with pytest.raises(UserError, match="lies outside the SavedModel"):
        given(calling(tmp_path / "sm", asset=asset))


def test_a_saved_model_that_is_two_models_is_not_loaded(tmp_path) -> None:
    (calling(tmp_path / "sm") / "saved_model.cpb").write_bytes(b"another")
    with pytest.raises(UserError, match=r"one saved_model\.pb alone"):
        given(tmp_path / "sm")

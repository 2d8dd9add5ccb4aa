"""Write minmax_lint/schema/tensorflow.binpb from the installed TensorFlow.

    python -m tests.schema.make_descriptors

The blob is a FileDescriptorSet of the files that define the messages we read, with everything they
import, stripped of options and comments. `test_descriptors.py` keeps it in step with TensorFlow.
"""

from pathlib import Path

from google.protobuf import descriptor_pb2

BLOB = Path(__file__).parents[2] / "minmax_lint" / "schema" / "tensorflow.binpb"
ROOTS = (
    "tensorflow/core/protobuf/saved_model.proto",
    "tensorflow/core/protobuf/meta_graph.proto",
    "tensorflow/core/protobuf/tensor_bundle.proto",
    "tensorflow/core/protobuf/trackable_object_graph.proto",
    "tensorflow/core/example/example.proto",
    "tensorflow/python/training/checkpoint_state.proto",
)


def installed_descriptors() -> descriptor_pb2.FileDescriptorSet:
    """The descriptors of `ROOTS` and all they import, dependencies first, as TensorFlow has them."""
    from google.protobuf import descriptor_pool
    from tensorflow.core.example import example_pb2  # noqa: F401
    from tensorflow.core.protobuf import (  # noqa: F401
        meta_graph_pb2,
        saved_model_pb2,
        tensor_bundle_pb2,
        trackable_object_graph_pb2,
    )
    from tensorflow.python.checkpoint import checkpoint_management  # noqa: F401

    pool = descriptor_pool.Default()
    found: dict[str, descriptor_pb2.FileDescriptorProto] = {}

    def visit(name: str) -> None:
        if name in found:
            return
        file = pool.FindFileByName(name)
        for dependency in file.dependencies:
            visit(dependency.name)
        proto = descriptor_pb2.FileDescriptorProto()
        file.CopyToProto(proto)
        proto.ClearField("options")
        found[name] = proto

    for root in ROOTS:
        visit(root)
    return descriptor_pb2.FileDescriptorSet(file=found.values())


if __name__ == "__main__":
    BLOB.write_bytes(installed_descriptors().SerializeToString(deterministic=True))
    print(f"{BLOB}: {BLOB.stat().st_size} bytes")

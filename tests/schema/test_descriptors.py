"""Our private descriptors of TensorFlow's messages say what the installed TensorFlow says."""

from collections.abc import Iterator

import pytest
from google.protobuf import descriptor_pb2

from tests.schema.make_descriptors import BLOB, installed_descriptors

WRITE = ".venv/bin/python -m tests.schema.make_descriptors writes them anew"
Field = tuple[int, int, int, str]


def fields(files: descriptor_pb2.FileDescriptorSet) -> dict[str, Field]:
    return {name: field for file in files.file for name, field in _fields(file.package, file.message_type)}


def _fields(scope: str, messages: object) -> Iterator[tuple[str, Field]]:
    for message in messages:  # type: ignore[attr-defined]
        for field in message.field:
            name = f"{scope}.{message.name}.{field.name}"
            yield name, (field.number, field.type, field.label, field.type_name)
        yield from _fields(f"{scope}.{message.name}", message.nested_type)


def test_every_field_has_tensorflows_number_and_type() -> None:
    pytest.importorskip("tensorflow")
    ours = fields(descriptor_pb2.FileDescriptorSet.FromString(BLOB.read_bytes()))
    theirs = fields(installed_descriptors())
    assert len(ours) > 300
    assert {name: field for name, field in ours.items() if theirs.get(name, field) != field} == {}, WRITE


@pytest.mark.parametrize(
    "name",
    [
        "tensorflow.NodeDef.attr",
        "tensorflow.GraphDef.library",
        "tensorflow.SavedModel.meta_graphs",
        "tensorflow.BundleEntryProto.offset",
        "tensorflow.TrackableObjectGraph.nodes",
    ],
)
def test_the_fields_that_loaders_read_are_there(name: str) -> None:
    assert name in fields(descriptor_pb2.FileDescriptorSet.FromString(BLOB.read_bytes())), WRITE

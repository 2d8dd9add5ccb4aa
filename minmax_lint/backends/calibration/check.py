"""Whether the user's data can be read and fit the graph's inputs, checked before TensorFlow is started."""

from __future__ import annotations

import os
import struct
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from minmax_lint.backends.calibration.run import Data
from minmax_lint.backends.conversion.child import DEFAULT_TIME_LIMIT, Answer, Child, Watch
from minmax_lint.backends.conversion.worker import Misuse
from minmax_lint.converters.dataset import Dataset, SampleArray
from minmax_lint.errors import UserError
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.graph import Graph
from minmax_lint.graph.names import parse_edge
from minmax_lint.graph.tensor import Shape
from minmax_lint.graph.trace import trace
from minmax_lint.inference.element_types import element_type

if TYPE_CHECKING:
    from minmax_lint.backends.calibration.inputs import Input


def check_data(
    data: Data,
    graph: Graph,
    inputs: Mapping[str, Shape | None],
    outputs: Sequence[str],
    *,
    python: str | os.PathLike[str] | None = None,
    time_limit: float = DEFAULT_TIME_LIMIT,
    watch: Watch | None = None,
) -> None:
    """Raise UserError where data cannot be read or do not fit the inputs that lead to the outputs.

    Files are read as they will be read again, of a TFRecord file the first record; a function is asked for
    its first feed, in the interpreter that will run it.
    """
    from minmax_lint.backends.calibration.inputs import by_signature

    for wanted in by_signature(_inputs_fed(graph, inputs, outputs, data.aliases)):
        if wanted:
            _check(data, wanted, python, time_limit, watch)


def _check(
    data: Data,
    wanted: Sequence[Input],
    python: str | os.PathLike[str] | None,
    time_limit: float,
    watch: Watch | None,
) -> None:
    """Raise UserError where the data do not fit these inputs."""
    from minmax_lint.backends.calibration.feeds import batches, fitted
    from minmax_lint.backends.calibration.sources import files, is_tfrecord, names_function

    folder = os.getcwd()
    if names_function(data.source, folder):
        _check_function(data, wanted, python, time_limit, watch)
        return
    with _refusals():
        found = files(data.source, folder)
        if os.path.isfile(found[0]) and is_tfrecord(found[0]):
            for named in _first_record(found[0], wanted):
                fitted(named, wanted, data.source)
            return
        for _ in batches(data.source, wanted, data.batch_size, data.limit, folder):
            pass


def first_samples(
    data: Data,
    graph: Graph,
    inputs: Mapping[str, Shape | None],
    outputs: Sequence[str],
    *,
    python: str | os.PathLike[str] | None = None,
    watch: Watch | None = None,
) -> Dataset:
    """What the first samples are, for rules to judge. Raises UserError where the data cannot be read.

    Of a TFRecord file nothing is known: its records hold what the inputs' types make of them.
    """
    from minmax_lint.backends.calibration.samples import by_input, samples_in_files
    from minmax_lint.backends.calibration.sources import files, is_tfrecord, names_function

    folder = os.getcwd()
    if names_function(data.source, folder):
        wanted = _inputs_fed(graph, inputs, outputs, data.aliases)
        if any(one.signatures for one in wanted):
            return Dataset(data.source)  # whose samples come first says nothing of the other signatures
        answer = _ask(data, "samples", {}, python, DEFAULT_TIME_LIMIT, watch)
        fields = dict(answer.values["dataset"], origin=data.source)
        arrays = (
            SampleArray(**{**one, "shape": None if one["shape"] is None else tuple(one["shape"])})
            for one in fields.pop("arrays")
        )
        return by_input(Dataset(arrays=tuple(arrays), **fields), wanted)
    with _refusals():
        found = files(data.source, folder)
        if os.path.isfile(found[0]) and is_tfrecord(found[0]):
            return Dataset(data.source)
        return samples_in_files(data.source, _inputs_fed(graph, inputs, outputs, data.aliases), folder)


@contextmanager
def _refusals() -> Iterator[None]:
    """Raise UserError for data that cannot be read."""
    try:
        yield
    except Misuse as error:
        raise UserError(str(error)) from None
    except OSError as error:
        raise UserError(f"cannot read {error.filename}: {error.strerror}") from None


def _inputs_fed(
    graph: Graph,
    inputs: Mapping[str, Shape | None],
    outputs: Sequence[str],
    aliases: Mapping[str, Sequence[str]],
) -> list[Input]:
    """The inputs that the outputs depend on; none where the graph file does not say enough of one."""
    from minmax_lint.backends.calibration.inputs import Input, complete_shape

    kept = trace(graph, inputs, tuple(outputs))
    found = []
    for name, given in inputs.items():
        edge = parse_edge(name)
        if edge.node not in kept:
            continue
        node = graph[edge.node]
        own = node.attribute("shape") if node.op.startswith("Placeholder") else None
        # Graphs of old producers write a scalar where they mean no shape at all.
        shape = complete_shape(own if isinstance(own, tuple) and own else None, given)
        dtype = element_type(node, edge.port)
        numpy_name = DType.FLOAT.numpy_name if dtype is DType.INVALID else dtype.numpy_name
        if numpy_name is None or (own == () and not shape):
            return []
        found.append(Input(name, numpy_name, shape, aliases.get(name, ())))
    return found


def _first_record(path: str, inputs: Sequence[Input]) -> Iterator[Mapping[str, object]]:
    """The arrays of the first record. Raises Misuse where a record is cut off."""
    from minmax_lint.backends.calibration.sources import example_arrays
    from minmax_lint.schema.messages import message_class

    size = os.path.getsize(path)
    with open(path, "rb") as file:
        while header := file.read(12):
            # A record: its length, the checksum of that, its content, the checksum of that.
            length = struct.unpack("<Q", header[:8])[0] if len(header) == 12 else size
            start = file.tell()
            if start + length + 4 > size:
                raise Misuse(f"{path} is no TFRecord file, or is damaged; write it again")
            if start == 12:
                yield example_arrays(message_class("Example"), file.read(length), inputs, path)
            file.seek(start + length + 4)


def _check_function(
    data: Data,
    inputs: Sequence[Input],
    python: str | os.PathLike[str] | None,
    time_limit: float,
    watch: Watch | None,
) -> None:
    fed = [[one.name, one.dtype.str, one.shape, one.names] for one in inputs]
    _ask(data, "first_feed", {"inputs": fed}, python, time_limit, watch)


def _ask(
    data: Data,
    task: str,
    request: Mapping[str, object],
    python: str | os.PathLike[str] | None,
    time_limit: float,
    watch: Watch | None,
) -> Answer:
    """What a child says of the user's function. Raises UserError where that fails."""
    with tempfile.TemporaryDirectory(prefix="minmax-lint-") as name:
        child = Child(data.source, Path(name), python=python, time_limit=time_limit, watch=watch)
        answer = child.answer(
            {
                "task": f"backends.calibration.{task}",
                "with_tensorflow": False,
                **request,
                **data.request(),
            }
        )
    if answer.failure is not None:
        raise UserError(f"{data.source} failed: {answer.failure.message}")
    return answer

"""Converts with a representative dataset. A task of minmax_lint/backends/conversion/worker.py.

Request: that of a conversion, `flags` {attribute: value}, `keys` {input: signature's key} for a SavedModel, the
`signatures` of several (see minmax_lint/backends/conversion/signatures.py), `aliases`, `data` and the `folder` it is
meant in, `limit` (samples, or null). Result: `samples`, how many the converter was given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from minmax_lint.backends.calibration.feeds import batches, counted
from minmax_lint.backends.calibration.inputs import Input
from minmax_lint.backends.conversion.worker import made


def run(tensorflow: Any, request: Mapping[str, Any], announce: Callable[[str], None]) -> dict[str, Any]:
    """Serve one request: convert with the user's samples."""
    converter, tensors = made(tensorflow, request, announce)
    aliases = request["aliases"]
    inputs = [
        Input(name, tensor.dtype.as_numpy_dtype, _shape(tensor), aliases.get(name, ()))
        for name, tensor in tensors.items()
    ]
    of_tf1 = (request.get("api") or request["flow"]) == "tf1"
    keys = None if of_tf1 else request.get("keys")  # TF1's model has no signature: its samples are lists
    given, total = [0], [""]

    def feeds_of(own: Sequence[Input]) -> Iterator[Any]:
        feeds = batches(request["data"], own, 1, request["limit"], request["folder"], partial(counted, total))
        for count, feed in enumerate(feeds, 1):
            given[0] = count
            announce(f"batch {count}{total[0]}")
            yield feed

    def samples() -> Iterator[Any]:
        for signature, one in request.get("signatures", {}).items():
            arrays = one["inputs"]
            for feed in feeds_of([each for each in inputs if each.name in arrays.values()]):
                yield signature, {key: feed[array] for key, array in arrays.items()}
        for feed in feeds_of(inputs) if not request.get("signatures") else ():
            if keys:
                yield {keys[one.name]: feed[one.name] for one in inputs}
            else:
                yield [feed[one.name] for one in inputs]

    converter.representative_dataset = samples
    announce("convert")
    model = converter.convert()
    announce("write")
    with open(request["model"], "wb") as file:
        file.write(model)
    return {"samples": given[0]}


def _shape(tensor: Any) -> Any:
    return None if tensor.shape.rank is None else tensor.shape.as_list()

"""A SavedModel as TensorFlow serves it. Runs in the child process (see minmax_lint/backends/conversion/worker.py)."""

from __future__ import annotations

from typing import Any, Mapping, Sequence

from minmax_lint.backends.calibration.tensorflow_graph import FedGraph, open_session
from minmax_lint.backends.conversion.worker import Misuse

_TAGS = ["serve"]
"""Those that the converters look for as well (tensorflow/lite/python/lite.py)."""


class ServedModel(FedGraph):
    """One signature of a SavedModel of TF1 or TF2, with its variables, tables and functions.

    `inputs` maps our names of the input arrays to the signature's keys, `outputs` are keys.
    """

    def __init__(
        self,
        tensorflow: Any,
        folder: str,
        signature: str,
        inputs: Mapping[str, str],
        outputs: Sequence[str],
        shapes: Mapping[str, Sequence[int | None] | None],
    ) -> None:
        v1 = tensorflow.compat.v1
        graph = v1.Graph()
        self._session = open_session(v1, graph)
        with graph.as_default():
            known = v1.saved_model.load(self._session, _TAGS, folder).signature_def
        if signature not in known:
            raise Misuse(f"the SavedModel has no signature {signature!r}")
        tensor = graph.get_tensor_by_name
        found = known[signature]
        super().__init__(
            {array: tensor(found.inputs[key].name) for array, key in inputs.items()},
            [tensor(found.outputs[key].name) for key in outputs],
            shapes,
        )

    def session(self) -> Any:
        """The one that the model was loaded into."""
        return self._session

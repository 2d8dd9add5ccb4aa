"""Asks the user's function for its first feed. A task of minmax_lint/backends/conversion/worker.py, without TensorFlow.

Request: `data` (module:function) and the `folder` it is meant in, `inputs` [[name, dtype, shape, aliases]].
Result: nothing; Misuse where the function is not there, fails, or yields what does not fit.
"""

from __future__ import annotations

from typing import Any, Callable, Mapping

from minmax_lint.backends.calibration.feeds import fitted
from minmax_lint.backends.calibration.inputs import Input
from minmax_lint.backends.calibration.sources import pieces
from minmax_lint.backends.conversion.worker import Misuse


def run(tensorflow: Any, request: Mapping[str, Any], announce: Callable[[str], None]) -> dict[str, Any]:
    """Serve one request: what the user's function yields first."""
    announce("run")
    inputs = [Input(name, dtype, shape, names[2:]) for name, dtype, shape, names in request["inputs"]]
    first = next(pieces(request["data"], inputs, request["folder"]), None)
    if first is None:
        names = " or ".join(repr(name) for one in inputs for name in one.signatures)
        raise Misuse(f"{request['data']} yields no samples of signature {names}")
    fitted(first, inputs, request["data"])
    return {}

"""Asks the user's function for its first feed. A task of minmax_lint/backends/conversion/worker.py, without TensorFlow.

Request: `data` (module:function) and the `folder` it is meant in, `inputs` [[name, dtype, shape, aliases]].
Result: nothing; Misuse where the function is not there, fails, or yields what does not fit.
"""

from __future__ import annotations

from typing import Any, Callable, Mapping

from minmax_lint.backends.calibration.feeds import fitted
from minmax_lint.backends.calibration.inputs import Input
from minmax_lint.backends.calibration.sources import pieces


def run(tensorflow: Any, request: Mapping[str, Any], announce: Callable[[str], None]) -> dict[str, Any]:
    """Serve one request: what the user's function yields first."""
    announce("run")
    inputs = [Input(*words) for words in request["inputs"]]
    fitted(next(pieces(request["data"], inputs, request["folder"])), inputs, request["data"])
    return {}

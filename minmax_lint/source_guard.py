"""The source guard: for model code, before the quantization rewrite."""

from numbers import Real
from typing import Any

from minmax_lint.errors import TENSORFLOW_EXTRA, UserError

DEFAULT_BOUND = 1e6

SNIPPET = """\
# Keeps the FakeQuant of an output inside what the converter keeps. Any TensorFlow, any Python.
# Call it on the output before the quantization rewrite, in the training and in the export program,
# and export the tensor that it returns. The bound must lie above every value of the output.
def guard(tensor, bound=1e6):
    limit = tf.constant(bound, dtype=tensor.dtype, name="minmax_guard/bound")
    return tf.minimum(tensor, limit, name="guarded")
"""
"""`guard` for interpreters that cannot install this package: tf.contrib.quantize needs Python 3.7 or older."""


def guard(tensor: Any, bound: float = DEFAULT_BOUND, name: str | None = None) -> Any:
    """Append `tf.minimum(tensor, bound)` to a model's output, so that its FakeQuant stays in the graph.

    Call it on the output before `tf.contrib.quantize.create_training_graph` or `create_eval_graph`, in the
    training program and in the export program, and export the tensor that it returns: the rewriter puts
    the output's FakeQuant in front of the minimum, where the converter keeps it. `bound` must lie above
    every value of `tensor`. Works in TF1 graphs and TF2 functions; the constant is the guard's own.
    Raises UserError for a bound that is no positive finite float32 number: every range holds zero.
    """
    given: object = bound
    if not isinstance(given, Real) or not 0 < float(given) < 1e38:
        raise UserError(f"the bound must be a finite number above the output's range, not {bound!r}")
    try:
        import tensorflow as tf
    except ImportError:
        raise UserError(f"the guard needs TensorFlow: {TENSORFLOW_EXTRA}") from None

    with tf.name_scope(f"{name}_scope" if name else "minmax_guard"):
        limit = tf.constant(bound, dtype=tensor.dtype, name="bound")
    return tf.minimum(tensor, limit, name=name or "guarded")

"""Verification: how far the values of a converted model are from those of the graph it came from."""

from minmax_lint.backends.verification.run import (
    Comparison,
    ModelRefused,
    Parties,
    Verification,
    verify,
    verify_here,
)
from minmax_lint.backends.verification.runnable import runnable

__all__ = ["Comparison", "ModelRefused", "Parties", "Verification", "runnable", "verify", "verify_here"]

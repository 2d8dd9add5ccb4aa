"""Verification: how far the values of a converted model are from those of the graph it came from."""

from minmax_lint.verification.run import Comparison, Verification, verify, verify_here

__all__ = ["Comparison", "Verification", "verify", "verify_here"]

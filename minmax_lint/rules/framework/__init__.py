"""What rules are made of: the base class, findings, the subject they look at, and who reports what.

What nearly every rule needs is imported from here; a rule about the converter's call begins at `call_rule`.
"""

from minmax_lint.rules.framework.finding import Finding, FixOffer
from minmax_lint.rules.framework.rule import Example, Examples, Rule, quantized_input
from minmax_lint.rules.framework.subject import Subject

__all__ = ["Example", "Examples", "Finding", "FixOffer", "Rule", "Subject", "quantized_input"]

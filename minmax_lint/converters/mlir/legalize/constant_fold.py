"""Ops of constants: which of them are computed while converting, and which the model computes again and again.

Grappler folds what stands inside the functions of a SavedModel, whatever its size. Variables and captured constants
become constants after it. TensorFlow's dialect folds their ops up to a size, and so all of a frozen graph; TensorFlow
Lite's dialect folds some of what is left. Source: constant_fold.cc; measured on 2.15, 2.18 and 2.21.
"""

from minmax_lint.converters.mlir.ir import Value
from minmax_lint.converters.mlir.legalize.legalize_patterns import GROWING, UNFOLDED
from minmax_lint.converters.mlir.matchers import should_be_folded
from minmax_lint.converters.mlir.version import Version
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.freeze import CAPTURED
from minmax_lint.graph.node import Node
from minmax_lint.inference.inference import Inference


class ConstantFolding:
    """Asked of nodes in the order of import, each after those that it reads."""

    def __init__(self, version: Version, inference: Inference) -> None:
        self._version = version
        self._inference = inference
        self._captured: set[str] = set()  # computed from variables and captured constants of a SavedModel
        self._late: set[str] = set()  # only TensorFlow Lite's dialect folds them
        self._computed: set[str] = set()

    def note(self, node: Node) -> None:
        """Record a Const of a SavedModel, which may be captured."""
        if CAPTURED in node.attrs:
            self._captured.add(node.name)

    def is_computed(self, node: Node) -> bool:
        """Whether no dialect folds a node of constants."""
        sources = {edge.node for edge in node.inputs}
        if not sources.isdisjoint(self._captured):
            self._captured.add(node.name)
        late = not sources.isdisjoint(self._late)
        if sources.isdisjoint(self._computed):
            if not late and self._is_small(node):
                return False
            if node.op not in UNFOLDED and (late or node.op not in GROWING):
                self._late.add(node.name)
                return False
        self._computed.add(node.name)
        return True

    def _is_small(self, node: Node) -> bool:
        """Whether TensorFlow's dialect folds an op of constants, or what is before it does."""
        if self._version.saved_model and node.name not in self._captured:
            return True
        if node.attribute("SrcT") is DType.BOOL:
            return True  # TensorFlow Lite folds a CAST of truths
        result, *operands = map(self._value, (node.name, *(edge.array for edge in node.inputs)))
        return should_be_folded(self._version, result, operands)

    def _value(self, array: str) -> Value:
        return Value(array, self._inference.dtype(array), self._inference.shape(array))

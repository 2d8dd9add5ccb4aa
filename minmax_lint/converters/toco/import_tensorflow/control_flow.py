"""Control flow in TOCO: nothing of it survives quantization, but a Switch that a constant decides.

Source: import_tensorflow.cc, resolve_tensorflow_switch.cc; 22 graphs measured with TF 2.15.
"""

from __future__ import annotations

from minmax_lint.converters.predicate import predicate
from minmax_lint.converters.toco.failure import Fatal, NoQuantizedForm
from minmax_lint.graph.names import array_name
from minmax_lint.graph.trace import Kept
from minmax_lint.inference.inference import Inference

_IFS = frozenset({"If", "StatelessIf"})
_LOOPS = frozenset({"NextIteration", "RefNextIteration"})


def refuse_control_flow(kept: Kept, inference: Inference) -> None:
    """Raises Fatal for control flow that ends in an abort, whatever ranges there are."""
    for name in kept.order:
        op = kept.graph.op(name)
        if op in _IFS:
            raise Fatal(
                "Check failed: attr.value_case() == AttrValue::kType (1 vs. 6)", node=name, array=name
            )
        if op in _LOOPS:
            raise NoQuantizedForm(_no_quantized_form("NextIteration"), node=name, array=name)
        if op == "Switch":
            _refuse_switch(kept, inference, name)


def _refuse_switch(kept: Kept, inference: Inference, name: str) -> None:
    inputs = kept.graph[name].inputs
    answer = predicate(kept, inference, inputs[1]) if len(inputs) == 2 else None
    if answer is None:
        raise NoQuantizedForm(_no_quantized_form("Switch"), node=name, array=name)
    for use in kept.uses(array_name(name, int(not answer))):
        reader = kept.graph.op(use.node)
        if reader != "Merge":
            raise Fatal(
                f"Found {reader} as non-selected output from Switch, but only Merge supported.",
                node=name,
                array=name,
            )


def _no_quantized_form(op: str) -> str:
    return (
        f"Unimplemented: this graph contains an operator of type {op} for which the quantized form is not yet "
        "implemented."
    )

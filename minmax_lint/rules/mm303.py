"""MM303: range-scope-drift."""

from collections.abc import Iterator

from minmax_lint.rules.framework import Examples, Finding, Rule, Subject
from minmax_lint.rules.framework.made_example import MadeCheckpoint, quantized_net
from minmax_lint.rules.framework.range_variables import missing_variables, renamed_keys


class RangeScopeDrift(Rule):
    """The checkpoint holds the range of a FakeQuant under another scope.

    ## What it does
    For a range that the checkpoint does not hold under the graph's name, looks for the same variable under
    another scope: with a tower in front (`clone_0/`, `tower_0/`), with a number that TensorFlow added to a
    scope that was entered twice (`_1`), or with a scope more or less. It writes out the map of all variables
    that moved, weights included.

    ## Why
    The graph was built in another way than for training: another scope, one tower more, a function called
    twice. Restoring by name fails, or leaves the ranges as they were initialized.

    ## Symptom
    ```
    NotFoundError: Key SecondStageFeatureExtractor_1/act_quant/max not found in checkpoint
    Variable [act_quant/max] is not available in checkpoint
    ```

    ## Fix
    Build the eval graph in the scope of the training graph, or restore through the map:
    `tf.compat.v1.train.Saver({"clone_0/act_quant/max": variable, ...})`.

    ## Converters
    All: the graph cannot be frozen with trained ranges.
    """

    name = "range-scope-drift"
    severity = "error"
    needs = "checkpoint"

    def check(self, subject: Subject) -> Iterator[Finding]:
        absent = missing_variables(subject)
        moved = renamed_keys(subject, (variable.key for variable in absent))
        if not moved or subject.checkpoint is None:
            return
        first = next(variable for variable in absent if variable.key in moved)
        held = set(subject.checkpoint.keys)
        keys = sorted({subject.checkpoint.key(node) for node in subject.variables} - held)
        everything = {**renamed_keys(subject, keys), **moved}
        moves = ", ".join(f"{there} -> {here}" for here, there in sorted(everything.items()))
        others = len(moved) - 1
        more = f", and {others} more range{'s' * (others > 1)} alike" if others else ""
        yield self.finding(
            f"checkpoint {subject.checkpoint.prefix!r} holds {moved[first.key]!r} in place of "
            f"{first.key!r}, the range of {first.fake_quant.array!r}{more}",
            node=first.fake_quant.node,
            array=first.fake_quant.array,
            profiles=subject.profile_names,
            consequences=tuple(moved),
            advice=f"Restore through this map (checkpoint -> graph): {moves}",
        )

    def examples(self) -> Examples:
        return Examples(
            failing=quantized_net(
                MadeCheckpoint({"clone_0/act_quant/min": 0.0, "clone_0/act_quant/max": 6.0})
            ),
            passing=quantized_net(MadeCheckpoint({"act_quant/min": 0.0, "act_quant/max": 6.0})),
        )

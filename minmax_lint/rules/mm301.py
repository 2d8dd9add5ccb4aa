"""MM301: range-not-in-checkpoint."""

from collections.abc import Iterator, Sequence

from minmax_lint.graph.freeze import CheckpointKeys
from minmax_lint.graph.names import did_you_mean
from minmax_lint.rules.framework import Examples, Finding, Rule, Subject
from minmax_lint.rules.framework.made_example import MadeCheckpoint, quantized_net
from minmax_lint.rules.framework.range_variables import (
    RangeVariable,
    missing_variables,
    range_variables,
    renamed_keys,
    unused_keys,
)
from minmax_lint.rules.framework.wording import list_words


class RangeNotInCheckpoint(Rule):
    """The checkpoint holds no value for the range of a FakeQuant.

    ## What it does
    Compares the variables that FakeQuants read their ranges from with the keys of the checkpoint. One that
    is missing is reported with the key that looks most like it. A checkpoint without any of the ranges is
    one finding. A range that the checkpoint holds under another scope is MM303.

    ## Why
    Restoring fails, or, where the missing variables are left out of the restore, the ranges keep the values
    they were initialized with, and the quantized model computes with ranges that nobody trained.

    ## Symptom
    ```
    NotFoundError: Key MobilenetV2/Conv/act_quant/max not found in checkpoint
    Variable [act_quant/min] is not available in checkpoint
    Attempting to use uninitialized value act_quant/max
    ```

    ## Fix
    Use a checkpoint of the quantized training: one saved after `create_training_graph` was called, by a
    saver made after it. Where a single key is misspelt, restore with a map from names to variables.

    ## Converters
    All: the graph cannot be frozen with trained ranges.
    """

    name = "range-not-in-checkpoint"
    severity = "error"
    needs = "checkpoint"

    def check(self, subject: Subject) -> Iterator[Finding]:
        absent = missing_variables(subject)
        elsewhere = renamed_keys(subject, (variable.key for variable in absent))
        absent = tuple(variable for variable in absent if variable.key not in elsewhere)
        if not absent or subject.checkpoint is None:
            return
        by_node: dict[str, list[RangeVariable]] = {}
        for variable in absent:
            by_node.setdefault(variable.fake_quant.node, []).append(variable)
        if len(by_node) > 1 and len(absent) == len(range_variables(subject)):
            yield self._none(subject, subject.checkpoint, absent)
            return
        free = unused_keys(subject)
        for node, variables in by_node.items():
            keys = [variable.key for variable in variables]
            meant = did_you_mean(keys[0], free, count=1)
            yield self.finding(
                f"checkpoint {subject.checkpoint.prefix!r} has no {list_words(map(repr, keys))}, the range of "
                f"{variables[0].fake_quant.array!r}{meant}",
                node=node,
                array=variables[0].fake_quant.array,
                profiles=subject.profile_names,
                consequences=tuple(keys),
                advice="Give a checkpoint of the quantized training, saved after the quantization rewrite.",
            )

    def _none(self, subject: Subject, checkpoint: CheckpointKeys, absent: Sequence[RangeVariable]) -> Finding:
        keys = [variable.key for variable in absent]
        others = _also_absent(subject, checkpoint, keys)
        why = "it is of a training without quantization"
        advice = "Train on with the quantization rewrite from this checkpoint, and give what that saves."
        if others:
            why = f"nor has it {others[0]!r}, so its saver left out what is not trained"
            advice = "Save with a saver of all variables (tf.compat.v1.train.Saver() without trainable_variables())."
        return self.finding(
            f"checkpoint {checkpoint.prefix!r} has none of the {len(keys)} range variables, such as "
            f"{list_words(map(repr, keys))}: {why}",
            node=absent[0].fake_quant.node,
            array=absent[0].fake_quant.array,
            profiles=subject.profile_names,
            consequences=tuple(keys),
            advice=advice,
        )

    def examples(self) -> Examples:
        return Examples(
            failing=quantized_net(MadeCheckpoint({"act_quant/min": 0.0, "act_quant/maxx": 6.0})),
            passing=quantized_net(MadeCheckpoint({"act_quant/min": 0.0, "act_quant/max": 6.0})),
        )


def _also_absent(subject: Subject, checkpoint: CheckpointKeys, ranges: Sequence[str]) -> Sequence[str]:
    """What else of the graph a checkpoint that holds some of it lacks, such as moving averages."""
    held = set(checkpoint.keys)
    wanted = sorted({checkpoint.key(node) for node in subject.variables} - set(ranges))
    absent = [key for key in wanted if key not in held]
    return absent if len(absent) < len(wanted) else ()

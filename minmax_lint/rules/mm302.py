"""MM302: range-not-restored."""

from collections.abc import Iterator

from minmax_lint.rules.framework import Examples, Finding, Rule, Subject
from minmax_lint.rules.framework.made_example import MadeCheckpoint, quantized_net
from minmax_lint.rules.framework.range_variables import range_variables
from minmax_lint.rules.framework.wording import list_words


class RangeNotRestored(Rule):
    """The checkpoint holds the range of a FakeQuant, but the graph's saver does not restore it.

    ## What it does
    Where a graph has a saver, compares what that saver restores with the variables that FakeQuants read
    their ranges from. A range that lies in the checkpoint and is not restored is reported.

    ## Why
    The saver was made before the quantization rewrite added the ranges, or with a list of variables that
    leaves them out. Programs that restore with it get ranges as they were initialized, without a warning.

    ## Symptom
    ```
    Attempting to use uninitialized value weights_quant/min
    ```
    Or nothing at all: where initializers run first, the ranges are just wrong.

    ## Fix
    Make the saver after `create_eval_graph`, of all variables: `tf.compat.v1.train.Saver()`.

    ## Converters
    All. This tool itself reads the value by the variable's name and goes on.
    """

    name = "range-not-restored"
    severity = "error"
    needs = "checkpoint"

    def check(self, subject: Subject) -> Iterator[Finding]:
        checkpoint = subject.checkpoint
        if checkpoint is None or not subject.variables or not checkpoint.restores:
            return
        held = set(checkpoint.keys)
        left_out = [
            variable
            for variable in range_variables(subject)
            if variable.key in held and not checkpoint.is_restored(variable.node)
        ]
        if not left_out:
            return
        names = [variable.node for variable in left_out]
        arrays = list(dict.fromkeys(variable.fake_quant.array for variable in left_out))
        yield self.finding(
            f"the graph's saver does not restore {list_words(map(repr, names))}, which the checkpoint holds for the range of "
            f"{list_words(map(repr, arrays))}",
            node=left_out[0].fake_quant.node,
            array=arrays[0],
            profiles=subject.profile_names,
            consequences=tuple(names),
            advice="Make the saver after the quantization rewrite, of all variables.",
        )

    def examples(self) -> Examples:
        return Examples(
            failing=quantized_net(
                MadeCheckpoint({"act_quant/min": 0.0, "act_quant/max": 6.0}, frozenset({"act_quant/min"}))
            ),
            passing=quantized_net(MadeCheckpoint({"act_quant/min": 0.0, "act_quant/max": 6.0})),
        )

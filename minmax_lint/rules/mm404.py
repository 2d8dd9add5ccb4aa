"""MM404: edgetpu-cpu-op."""

from collections.abc import Iterator

from minmax_lint.converters.prediction import Placement
from minmax_lint.rules.framework import Examples, Finding, Rule, Subject
from minmax_lint.rules.framework.made_example import FinishedNet

DEVICE = "edgetpu"
_ADVICE = "Replace the op, or export the model up to it and compute the rest in the program."
_FLOAT_ADVICE = "Give its arrays ranges, so that the converter makes it integer."


class EdgeTPUCPUOp(Rule):
    """The Edge TPU compiler will leave an op, and the ops that wait for it, to the CPU.

    ## What it does
    With `--converter edgetpu`, compares every op of the model with the public list of what the Edge TPU
    supports: the kind of op, 8-bit data, sizes known in advance, at most three dimensions larger than 1,
    and the limits of each op. It works on a finished .tflite model, and on the model that the MLIR converter
    is predicted to make of a graph: that of TF 2.21, or another that is named (`edgetpu@2.15`,
    `edgetpu@2.15-int8`). Ops of one kind with one reason are one finding.

    ## Why
    The compiler cuts a model once: what waits for an op that it cannot map runs on the CPU as well, supported or
    not. One op early in a net can cost all the speed.

    ## Symptom
    ```
    Operation is working on an unsupported data type
    Operation not supported
    More than one subgraph is not supported
    ```

    ## Fix
    Replace the op, move it behind the last heavy layer, or export the model up to it and do the rest in the
    program. Where the op is float, give its arrays ranges first.

    ## Converters
    The Edge TPU profiles only. The list can be read, the compiler cannot be run here: an op may also be
    refused for reasons that are not public, such as the size of a tensor. In a compiled model the op
    `edgetpu-custom-op` is the part that runs on the Edge TPU.
    """

    name = "edgetpu-cpu-op"
    severity = "warning"
    needs = "device"
    about = frozenset({"graph", "finished"})

    def check(self, subject: Subject) -> Iterator[Finding]:
        grouped: dict[tuple[str, str], dict[str, Placement]] = {}
        profiles: dict[tuple[str, str], list[str]] = {}
        for profile in subject.profiles:
            prediction = subject.predictions.get(profile.name) if profile.device else None
            for placement in prediction.cpu_ops if prediction is not None else ():
                kind = placement.op, placement.reason
                grouped.setdefault(kind, {})[placement.output] = placement
                if profile.name not in profiles.setdefault(kind, []):
                    profiles[kind].append(profile.name)
        for (op, reason), by_output in grouped.items():
            placements = list(by_output.values())
            first = placements[0]
            label = f"{op} {first.output.split(';')[0]!r}"
            more = f" and {len(placements) - 1} more {op}" if len(placements) > 1 else ""
            behind = [array for placement in placements for array in placement.behind]
            count = "op" if len(behind) == 1 else f"{len(behind)} ops"
            also = f"; so will the {count} behind it that it could map" if behind else ""
            yield self.finding(
                f"{label}{more} will run on the CPU: {reason}{also}",
                array=first.output,
                profiles=tuple(profiles[op, reason]),
                consequences=(*(placement.output for placement in placements), *behind),
                advice=_FLOAT_ADVICE if "float32" in reason else _ADVICE,
            )

    def examples(self) -> Examples:
        return Examples(
            failing=FinishedNet(middle_op="LEAKY_RELU").example(DEVICE),
            passing=FinishedNet(middle_op="RELU6").example(DEVICE),
        )

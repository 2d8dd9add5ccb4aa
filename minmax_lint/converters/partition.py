"""How a model is cut for a device that takes one part of it: which ops read which, and which the device gets."""

from collections.abc import Sequence
from typing import NamedTuple

from minmax_lint.converters.prediction import OpOutcome
from minmax_lint.graph.trace import Kept


class Cut(NamedTuple):
    """Where one op runs, and why."""

    mapped: bool
    """Whether it goes to the device."""
    cause: int | None = None
    """Of an op that the device could run, and does not get: the op in front of it that the device cannot run."""


def partition(refused: Sequence[bool], producers: Sequence[Sequence[int]]) -> list[Cut]:
    """What the device gets of ops in the order in which they run; `producers`: the ops whose outputs each reads.

    The device runs one part, once: an op goes there where it can run, and no op that it waits for runs on the CPU
    with an output of the device. So branches beside a refused op stay on the device, and ops that run on the CPU in
    front of it (a cast of the input) change nothing. Source: the compiled models of Coral's test data
    (movenet_single_pose_lightning_ptq, deeplabv3_mnv2_pascal_quant), which hold the ops left beside the custom op.
    """
    cuts: list[Cut] = []
    waits: list[bool] = []
    """Whether an op runs after the device's part."""
    for refuses, reads in zip(refused, producers, strict=True):
        late = [op for op in reads if waits[op] and not cuts[op].mapped]
        mapped = not refuses and not late
        cause = None if mapped or refuses else min(op if refused[op] else cuts[op].cause or 0 for op in late)
        cuts.append(Cut(mapped, cause))
        waits.append(mapped or any(waits[op] for op in reads))
    return cuts


def producers_of(ops: Sequence[OpOutcome], kept: Kept) -> list[list[int]]:
    """The places of the ops in front whose results each op reads, through nodes that become no op.

    Ops in bodies of loops and branches, which are no nodes of the graph, read nothing here.
    """
    made = {name: place for place, op in enumerate(ops) for name in op.nodes}
    reached: dict[str, frozenset[int]] = {}
    for name in kept.order:
        fronts = (reached.get(source, frozenset()) for source in kept.sources(name))
        reached[name] = frozenset({made[name]}) if name in made else frozenset().union(*fronts)
    reads: list[set[int]] = [set() for _ in ops]
    for name, place in made.items():
        for source in kept.sources(name):
            reads[place] |= reached.get(source, frozenset())
    return [sorted(one for one in found if one < place) for place, found in enumerate(reads)]

"""Which predicted ops read the results of which: the edges of the model that a converter would write."""

from collections.abc import Sequence

from minmax_lint.converters.prediction import OpOutcome
from minmax_lint.graph.trace import Kept


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

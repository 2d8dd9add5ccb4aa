"""The order of things that feed each other."""

from __future__ import annotations

from collections import deque

import numpy

from minmax_lint.graph.wiring import Numbers


def producers_first(sources: Numbers, readers: Numbers, count: int) -> Numbers | None:
    """A number for each of `count` things, higher than those of all its sources; None where there is a cycle."""
    if bool((sources < readers).all()):
        return numpy.arange(count)
    order = numpy.argsort(sources, kind="stable")
    starts = numpy.searchsorted(sources[order], numpy.arange(count + 1)).tolist()
    targets = readers[order].tolist()
    waiting = numpy.bincount(readers, minlength=count).tolist()
    ready = deque(number for number in range(count) if not waiting[number])
    ranks = numpy.full(count, -1)
    done = 0
    while ready:
        number = ready.popleft()
        ranks[number] = done
        done += 1
        for target in targets[starts[number] : starts[number + 1]]:
            waiting[target] -= 1
            if not waiting[target]:
                ready.append(target)
    return ranks if done == count else None

"""Twice the nodes take twice the work, in every converter model and in all rules."""

import cProfile
import pstats

import pytest

from minmax_lint import lint
from tests.benchmarks.chains import write_chain
from tests.profiles import ALL


def calls(folder, nodes, profile, *, broken):
    """Function calls of a lint, which do not depend on how busy the machine is."""
    chain = write_chain(folder / f"{nodes}.pb", nodes)
    output = chain.output.replace("act_quant/FakeQuantWithMinMaxVars", "Relu6") if broken else chain.output
    profiler = cProfile.Profile()
    profiler.runcall(lint, chain.path, outputs=[output], converters=[profile])
    return pstats.Stats(profiler).total_calls


@pytest.mark.parametrize("broken", [False, True], ids=["sound", "broken"])
@pytest.mark.parametrize("profile", ALL)
def test_work_grows_as_the_graph_does(tmp_path, profile, broken):
    calls(tmp_path, 32, profile, broken=broken)  # imports and tables
    small, large, larger = (calls(tmp_path, nodes, profile, broken=broken) for nodes in (200, 400, 800))
    assert larger - large < 2.3 * (large - small)

"""Fuzz by hand: `python -m tests.fuzz [--seconds 600] [--engine hypothesis|fields|atheris [--format checkpoint]]`.

hypothesis makes sound files of absurd graphs; atheris flips bytes of files of one format, guided by coverage;
fields runs `--cases` with one field, block, member or word of an input changed (see tests/fuzz/mutators.py).
What fails is written to `fixtures/hostile/`, where every test run tries it again.
"""

import argparse
import hashlib
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings

from minmax_lint.graph.graph import Graph
from minmax_lint.writers.graphdef import encode
from tests.fuzz import HOSTILE
from tests.fuzz.graphs import absurd_graphs, disturbed_graphs
from tests.fuzz.survival import survives


def main(arguments: Sequence[str] | None = None) -> None:
    """Search until the time is over or something fails."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--engine", choices=("hypothesis", "fields", "atheris"), default="hypothesis")
    parser.add_argument(
        "--format", default="graphdef", help="what atheris fuzzes (see tests/fuzz/formats.py)"
    )
    parser.add_argument("--cases", type=int, default=10_000, help="of the engine fields")
    parser.add_argument("--seed", type=int, default=0, help="of the engine fields")
    options = parser.parse_args(arguments)
    if options.engine == "fields":
        _by_fields(options.cases, options.seed)
        return
    if options.engine == "hypothesis":
        _by_hypothesis(options.seconds)
    else:
        _by_atheris(options.seconds, options.format)


def _by_hypothesis(seconds: int) -> None:
    end = time.monotonic() + seconds
    rounds = settings(max_examples=200, deadline=None, database=None, suppress_health_check=list(HealthCheck))

    @rounds
    @given(absurd_graphs() | disturbed_graphs())
    def search(graph: Graph) -> None:
        try:
            survives(graph)
        except Exception:
            keep(encode(graph))
            raise

    while time.monotonic() < end:
        search()


def _by_fields(cases: int, seed: int) -> None:
    from tests.fuzz.campaign import Tally, run

    def shown(tally: Tally) -> None:
        print(tally, flush=True)

    def kept(name: str, content: bytes) -> None:
        Path("fuzz-failures").mkdir(exist_ok=True)
        Path("fuzz-failures", name).write_bytes(content)

    tally = run(cases, seed, keep=kept, each=shown)
    print(tally)
    sys.exit(bool(tally.failures))


def _by_atheris(seconds: int, form: str) -> None:
    import atheris

    for name in [name for name in sys.modules if name.startswith(("minmax_lint", "tests.fuzz."))]:
        del sys.modules[name]  # imported again, with counters in every branch
    with atheris.instrument_imports(include=["minmax_lint"]):
        from tests.fuzz.formats import FORMATS
    fuzzed = FORMATS[form]

    def one(content: bytes) -> None:
        try:
            fuzzed.survives(content)
        except Exception:
            keep(content, fuzzed.ending)
            raise

    with TemporaryDirectory() as corpus:
        for number, content in enumerate(fuzzed.inputs()):
            Path(corpus, str(number)).write_bytes(content)
        arguments = [f"-max_total_time={seconds}", "-max_len=60000", "-rss_limit_mb=4096", corpus]
        atheris.Setup([sys.argv[0], *arguments], one)
        atheris.Fuzz()


def keep(content: bytes, ending: str = ".pb") -> None:
    """Keep an input that failed as a fixture."""
    HOSTILE.mkdir(exist_ok=True)
    (HOSTILE / f"{hashlib.sha256(content).hexdigest()[:12]}{ending}").write_bytes(content)


if __name__ == "__main__":
    main()

"""Measure how fast minmax_lint is: `python -m tests.benchmarks [NAME]... [--json FILE]`.

A benchmark is a module `bench_NAME.py` of this folder with a function `measure()` that yields figures;
its docstring is its title. Exit code 1 where a target is missed.
"""

import argparse
import importlib
import json
import pkgutil
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType

from tests import benchmarks
from tests.benchmarks.figure import Figure

PREFIX = "bench_"


def main(arguments: list[str] | None = None) -> int:
    """Measure the named benchmarks, or all of them, and print one line a figure."""
    known = sorted(
        module.name.removeprefix(PREFIX)
        for module in pkgutil.iter_modules(benchmarks.__path__)
        if module.name.startswith(PREFIX)
    )
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(known)}")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to FILE as well")
    options = parser.parse_args(arguments)
    unknown = sorted(set(options.names) - set(known))
    if unknown:
        parser.error(f"no benchmark {', '.join(unknown)}; there are {', '.join(known)}")
    figures = {name: list(_measured(name)) for name in options.names or known}
    if options.json:
        data = {name: [figure._asdict() for figure in found] for name, found in figures.items()}
        options.json.write_text(json.dumps(data, indent=1) + "\n")
    return int(any(figure.missed for found in figures.values() for figure in found))


def _tick(figure: Figure) -> str:
    if figure.target is None:
        return ""
    return "  MISSED" if figure.missed else "  \N{CHECK MARK}"


def _measured(name: str) -> Iterator[Figure]:
    module: ModuleType = importlib.import_module(f"{benchmarks.__name__}.{PREFIX}{name}")
    print(f"{name}: {(module.__doc__ or '').splitlines()[0]}", flush=True)
    found: Iterable[Figure] = module.measure()
    for figure in found:
        target = "" if figure.target is None else f"  (target: at most {figure.target:.4g})"
        print(
            f"  {figure.what:<56} {figure.value:>9.4g} {figure.unit:<6}{target}{_tick(figure)}",
            flush=True,
        )
        yield figure


if __name__ == "__main__":
    sys.exit(main())

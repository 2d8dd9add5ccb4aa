"""Run the project, and real converters, over a folder of models: `python -m tests.sweep DIR`.

`check`, `trace` and `inspect` run on every file and SavedModel folder in DIR, each model in a process with limits.
With interpreters, what each profile predicts is compared with its real converter. Prints crashes, refusals,
disagreements and the slowest models; exit code 1 where something crashed or disagrees.
"""

import argparse
import json
import os
import sys
import tempfile
from functools import partial
from pathlib import Path

from minmax_lint.converters.profile import PROFILES, profile
from tests.sweep.found import found_in
from tests.sweep.limits import Ended, Limits, limited
from tests.sweep.ours import look, warm
from tests.sweep.printing import print_sweep
from tests.sweep.real import ask, read_answers, write_answers
from tests.sweep.result import Sweep

CALLS = ("", "-v2", "-int8")
"""The flows of MLIR that are compared where no profile is named."""


def main(arguments: list[str] | None = None) -> int:
    """Look, ask, compare, print."""
    options = _options(arguments)
    pythons = _pythons(options)
    profiles = [profile(name).name for name in options.profile] or _profiles(pythons)
    with tempfile.TemporaryDirectory(prefix="minmax-lint-sweep-") as name:
        sweep = swept(options, profiles, Path(name))
        if pythons:
            sweep.answers = read_answers(options.answers) if options.answers else {}
            requests = [
                (model, name, one)
                for model, looked in sweep.looked.items()
                for name, one in looked.requests.items()
            ]
            ask(requests, pythons, sweep.answers)
            if options.answers:
                write_answers(options.answers, sweep.answers)
    if options.json:
        options.json.write_text(json.dumps(sweep.data(), indent=1) + "\n")
    print_sweep(sweep)
    return int(not sweep.clean)


def swept(options: argparse.Namespace, profiles: list[str], scratch: Path) -> Sweep:
    """What the project does with each model; requests for converters go to `scratch`."""
    sweep = Sweep()
    python = options.python_221 or options.python_215
    look_at = partial(
        look,
        profiles=profiles,
        scratch=scratch,
        python=None if python is None else os.fspath(python),
        seconds=options.limit_seconds,
    )
    warm(scratch)
    limits = Limits(options.limit_seconds, options.limit_mb, options.jobs)
    for path, looked in limited(limits, look_at, found_in(options.folder)):
        name = path.relative_to(options.folder.parent).as_posix()
        if isinstance(looked, Ended):
            sweep.ended[name] = looked.how
        else:
            sweep.looked[name] = looked
    return sweep


def _pythons(options: argparse.Namespace) -> dict[tuple[str, str], Path]:
    given: dict[tuple[str, str], Path | None] = {
        ("mlir", "2.15"): options.python_215,
        ("mlir", "2.21"): options.python_221,
        ("toco", "2.15"): options.toco,
    }
    return {key: path for key, path in given.items() if path is not None}


def _profiles(pythons: dict[tuple[str, str], Path]) -> list[str]:
    names = [
        f"{engine}-{version}{call}"
        for engine, version in pythons
        for call in (CALLS if engine == "mlir" else ("",))
    ]
    return [name for name in names if name in PROFILES]


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.sweep", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("--limit-seconds", type=float, default=60, help="a model (default: 60)")
    parser.add_argument("--limit-mb", type=int, default=4096, help="of memory, a model (default: 4096)")
    parser.add_argument("--python-215", type=Path, metavar="PYTHON", help="asks MLIR of TensorFlow 2.15")
    parser.add_argument("--python-221", type=Path, metavar="PYTHON", help="asks MLIR of TensorFlow 2.21")
    parser.add_argument("--toco", type=Path, metavar="PYTHON", help="asks TOCO of TensorFlow 2.15")
    parser.add_argument(
        "--profile", action="append", default=[], help="these alone (default: default flow, v2, int8)"
    )
    parser.add_argument("--jobs", type=int, default=1, help="models looked at at once (default: 1)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all of it")
    parser.add_argument("--answers", type=Path, metavar="FILE", help="keep and reuse the real answers")
    options = parser.parse_args(arguments)
    if not options.folder.is_dir():
        parser.error(f"{options.folder} is no folder")
    options.folder = options.folder.absolute()
    return options


if __name__ == "__main__":
    sys.exit(main())

"""Write models to sweep over: `python -m tests.sweep.models DIR --kinds keras3 keras2 trained`.

Each kind is made in one process of the TensorFlow that it needs (`tests/versions.toml`), into DIR/KIND. Another seed
draws other sizes and arguments.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from tests.versions.registry import interpreters

_SCRIPT = Path(__file__).with_name("make.py")


class Kind(NamedTuple):
    """Models of one Keras."""

    made: str
    """What `make.py` makes."""
    version: tuple[int, int]
    """Of the TensorFlow that saves them."""
    legacy: bool = False
    """Whether tf.keras has to be made Keras 2."""


KINDS = {
    "keras3": Kind("layers", (2, 21)),
    "keras2": Kind("layers", (2, 15)),
    "tf_keras": Kind("layers", (2, 21), legacy=True),
    "trained": Kind("trained", (2, 21), legacy=True),
    "trained-2.15": Kind("trained", (2, 15)),
    "applications3": Kind("applications", (2, 21)),
    "applications2": Kind("applications", (2, 15)),
}


def main(arguments: list[str] | None = None) -> int:
    """Make them, kind by kind."""
    parser = argparse.ArgumentParser(prog="python -m tests.sweep.models", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("--kinds", nargs="+", choices=list(KINDS), default=["keras3", "keras2", "trained"])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--variants", type=int, default=2, help="of each layer (default: 2)")
    parser.add_argument("--only", nargs="*", default=[], help="these layers alone (models/layers.py)")
    options = parser.parse_args(arguments)
    for name in options.kinds:
        kind = KINDS[name]
        environment = {k: v for k, v in os.environ.items() if k != "TF_USE_LEGACY_KERAS"}
        environment |= {"TF_USE_LEGACY_KERAS": "1"} if kind.legacy else {}
        words = [options.folder.absolute() / name, kind.made, options.seed, options.variants, *options.only]
        subprocess.run(
            [interpreters()[kind.version], _SCRIPT, *map(str, words)],
            env=environment,
            stderr=subprocess.DEVNULL,
            check=True,
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())

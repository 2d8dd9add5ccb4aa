"""Which TensorFlow an interpreter has, without importing it."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache

from minmax_lint.converters.profile import DEFAULT, PROFILES, Flow, Profile

# Runs in Python 3.7 as well: the version stands in the name of a folder beside the package.
_SCRIPT = r"""
import importlib.util, os, re
spec = importlib.util.find_spec("tensorflow")
folders = (spec.submodule_search_locations or []) if spec else []
for name in os.listdir(os.path.dirname(list(folders)[0])) if folders else []:
    found = re.match(
        r"(?:intel_)?(?:tensorflow|tf_nightly)(?:_(?:cpu|gpu|intel|macos|rocm|cpu_aws))?-(\d+)\.(\d+)[^-]*\.dist-info$",
        name,
    )
    if found:
        print(found[1], found[2])
        break
"""
_PATIENCE = 30.0
"""Seconds; 0.05 are usual."""


@cache
def tensorflow_version(python: str = "") -> tuple[int, int] | None:
    """(major, minor) of the TensorFlow that `python` (empty: the running one) would import.

    None where that cannot be told; the conversion then says what is wrong.
    """
    environment = {name: text for name, text in os.environ.items() if name != "PYTHONPATH" or not python}
    try:
        done = subprocess.run(
            [python or sys.executable, "-c", _SCRIPT],
            capture_output=True,
            timeout=_PATIENCE,
            env=environment,
            check=True,
        )
        major, minor = done.stdout.split()
        return int(major), int(minor)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None


def nearest_profile(engine: str, flow: Flow, version: tuple[int, int] | None) -> Profile:
    """The profile that models this converter best: of its engine and flow, the nearest version."""
    fitting = [one for one in PROFILES.values() if (one.engine, one.flow) == (engine, flow)]
    if version is None:
        return next((one for one in fitting if one.name in DEFAULT), fitting[-1])
    return min(fitting, key=lambda one: (abs(_number(one.version) - _number(version)), -_number(one.version)))


def _number(version: tuple[int, int]) -> int:
    return version[0] * 100 + version[1]

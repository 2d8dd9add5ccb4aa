"""Tests of options that say the same are one condition of a script, however they are written."""

from __future__ import annotations

from pathlib import Path

import pytest

from minmax_lint.loaders.script.conversion_script import converter_calls

HEAD = """
import argparse, sys, tensorflow as tf
from absl import flags
FLAGS, VERBOSE = flags.FLAGS, flags.DEFINE_bool("verbose", False, "")
parser = argparse.ArgumentParser()
args = parser.parse_args()
quantized, plain = args.q, not args.q
def data():
    yield [sample]
c = tf.lite.TFLiteConverter.from_saved_model("m")
"""
OPTIMIZED = "c.optimizations = [tf.lite.Optimize.DEFAULT]"
SAMPLES = "c.representative_dataset = data"
HOLDS = {
    "args.q": [
        "args.q",
        "not not args.q",
        "args.q is True",
        "args.q == True",
        "True == args.q",
        "args.q is not False",
        "args.q != False",
        "bool(args.q)",
        "True if args.q else False",
        "quantized",
        "not plain",
        "plain is False",
        "not (plain)",
    ],
    "FLAGS.q": ["FLAGS.q is True", "not (not FLAGS.q)"],
    "VERBOSE.value": ["bool(VERBOSE.value)", "VERBOSE.value is True"],
    "args.q or args.r": [
        "args.q or args.r",
        "quantized or args.r",
        "not (args.q is False and not args.r)",
        "not (plain and not args.r)",
    ],
    "args.q and args.r": ["not (not args.q or not args.r)", "args.q and (args.r and args.q)"],
}
"""Test -> others that hold where it holds, and nowhere else."""


def modes(tmp_path: Path, text: str) -> list[set[str]]:
    """What the conversions of a script may ask for."""
    path = tmp_path / "export.py"
    path.write_text(HEAD + text)
    return [{one.mode(False) for one in (call, *call.alternatives)} for call in converter_calls(path)]


@pytest.mark.parametrize(("first", "second"), [(first, one) for first in HOLDS for one in HOLDS[first]])
def test_tests_that_say_the_same_are_one_condition(first: str, second: str, tmp_path: Path) -> None:
    positive = f"if {first}:\n    {OPTIMIZED}\nif {second}:\n    {SAMPLES}\nc.convert()\n"
    assert modes(tmp_path, positive) == [{"float", "int8"}]
    negative = (
        f"if {first}:\n    {OPTIMIZED}\nif not ({second}):\n    pass\nelse:\n    {SAMPLES}\nc.convert()\n"
    )
    assert modes(tmp_path, negative) == [{"float", "int8"}]
    default = OPTIMIZED.partition(" = ")[2]
    chosen = f"c.optimizations = {default} if ({second}) else []\nif {first}:\n    {SAMPLES}\nc.convert()\n"
    assert modes(tmp_path, chosen) == [{"float", "int8"}]
    opposite = f"if {first}:\n    {OPTIMIZED}\nif not ({second}):\n    {SAMPLES}\nc.convert()\n"
    assert modes(tmp_path, opposite) == [{"dynamic", "float"}]


@pytest.mark.parametrize("test", ["plain", "args.q is False", "not quantized", "args.q != True"])
def test_a_script_that_ends_without_an_option_converts_with_it(test: str, tmp_path: Path) -> None:
    text = f"if args.q:\n    {OPTIMIZED}\n    {SAMPLES}\nif {test}:\n    sys.exit(1)\nc.convert()\n"
    assert modes(tmp_path, text) == [{"int8"}]


def test_what_one_condition_says_of_another_counts(tmp_path: Path) -> None:
    both = (
        f"if args.q and args.r:\n    {OPTIMIZED}\nif args.q:\n    {SAMPLES}\n    {OPTIMIZED}\nc.convert()\n"
    )
    assert modes(tmp_path, both) == [{"float", "int8"}]
    early = "if not args.q and not args.r:\n    c.convert()\n    sys.exit()\n"
    late = f"{OPTIMIZED}\nif args.q or args.r:\n    {SAMPLES}\nc.convert()\n"
    assert modes(tmp_path, early + late) == [{"float"}, {"int8"}]


def test_other_tests_stay_apart(tmp_path: Path) -> None:
    for other in (
        "args.r",
        "args.q == 8",
        "args.q > 1",
        "args.q and args.r",
        "args.q == args.r",
        "(args.q, args.q)",
    ):
        text = f"if args.q:\n    {OPTIMIZED}\nif {other}:\n    {SAMPLES}\nc.convert()\n"
        assert modes(tmp_path, text) == [{"dynamic", "float", "int8"}], other

"""Flags of a script that its text does not say: the report names them, and what is assumed."""

from pathlib import Path

import pytest

import minmax_lint
from minmax_lint.converters.call import ConverterCall
from minmax_lint.graph.build import Builder
from minmax_lint.loaders.script.conversion_script import converter_calls
from minmax_lint.writers.graphdef import encode

HEAD = """import tensorflow as tf, argparse, os
from absl import flags
parser = argparse.ArgumentParser()
parser.add_argument("--type", default="int8")
parser.add_argument("-n", "--no-ops")
parser.add_argument("--old", action="store_true")
parser.add_argument("--needed", required=True)
parser.add_argument("place")
flags.DEFINE_string("kind", "uint8", "")
args = parser.parse_args()
FLAGS = flags.FLAGS
c = tf.lite.TFLiteConverter.from_saved_model("m")
"""
CASES: dict[str, tuple[str, dict[str, object]]] = {
    "c.target_spec.supported_ops = cfg.ops": (
        "supported_ops = cfg.ops (line 13), taken as not set",
        {"supported_ops": frozenset()},
    ),
    "c.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS, *more]": (
        "supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS, *more] (line 13), taken as not set",
        {"supported_ops": frozenset()},
    ),
    "c.optimizations = config['optimize']": (
        "optimizations = config['optimize'] (line 13), taken as set",
        {"optimizations": True},
    ),
    "c.optimizations = [getattr(tf.lite.Optimize, os.environ['O'])]": (
        "optimizations = [getattr(tf.lite.Optimize, os.environ... (line 13), taken as set",
        {"optimizations": True},
    ),
    "c.target_spec.supported_types = [os.environ.get('T')]": (
        "supported_types = [os.environ.get('T')] (line 13), taken as int8",
        {"supported_types": frozenset({"?"})},
    ),
    "c.target_spec.supported_types = cfg.types": (
        "supported_types = cfg.types (line 13), taken as not set",
        {"supported_types": frozenset()},
    ),
    "c.inference_input_type = args.needed": (
        "inference_input_type = args.needed (line 13), taken as an integer type",
        {"inference_input_type": "?"},
    ),
    "c.inference_input_type = args.place": (
        "inference_input_type = args.place (line 13), taken as an integer type",
        {"inference_input_type": "?"},
    ),
    "c.inference_input_type = args.type": (
        "inference_input_type = args.type (line 13), taken as its default, 'int8'",
        {"inference_input_type": "int8"},
    ),
    "c.inference_output_type = FLAGS.kind": (
        "inference_output_type = FLAGS.kind (line 13), taken as its default, 'uint8'",
        {"inference_output_type": "uint8"},
    ),
    "c.representative_dataset = args.no_ops": (
        "representative_dataset = args.no_ops (line 13), taken as its default, None",
        {"representative_dataset": False},
    ),
    "c.experimental_new_quantizer = args.old": (
        "experimental_new_quantizer = args.old (line 13), taken as its default, False",
        {"experimental_new_quantizer": False},
    ),
    "c.allow_custom_ops = cfg.custom": (
        "allow_custom_ops = cfg.custom (line 13), taken as not set",
        {"custom_ops": False},
    ),
    "c._experimental_disable_per_channel = not cfg.channels": (
        "_experimental_disable_per_channel = not cfg.channels (line 13), taken as not set",
        {"per_channel": True},
    ),
    "c.optimizations = [tf.lite.Optimize.DEFAULT]": ("", {"optimizations": True}),
    "c.optimizations = cfg.all\nc.optimizations = []": ("", {"optimizations": False}),
    "c.my_own = cfg.x": ("", {}),
}


def call(text: str, folder: Path) -> ConverterCall:
    (folder / "export.py").write_text(f"{HEAD}{text}\nc.convert()\n")
    (found,) = converter_calls(folder / "export.py")
    return found


@pytest.mark.parametrize("text", CASES)
def test_what_cannot_be_read_is_named_with_what_is_assumed(text: str, tmp_path: Path) -> None:
    words, fields = CASES[text]
    found = call(text, tmp_path)
    assert found.assumed == ((words,) if words else ())
    assert {name: getattr(found, name) for name in fields} == fields


def test_the_head_of_the_report_says_it(tmp_path: Path) -> None:
    call("c.optimizations = cfg.o\nc.target_spec.supported_ops = cfg.ops", tmp_path)
    b = Builder()
    b.add("Relu", "output", b.placeholder("input", [1, 4]))
    (tmp_path / "graph.pb").write_bytes(encode(b.graph()))
    report = minmax_lint.lint(tmp_path / "graph.pb", script=tmp_path / "export.py")
    assert report.chosen.endswith(
        "dynamic range, TF 2.21 (not read: optimizations = cfg.o (line 13), taken as set; "
        "supported_ops = cfg.ops (line 14), taken as not set)"
    )

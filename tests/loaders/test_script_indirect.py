"""Converters that are made, and flags that are set, indirectly: partial, getattr, del, derived classes, match."""

import sys
from collections import Counter
from pathlib import Path
from types import FrameType

import pytest

from minmax_lint.converters.call import ConverterCall, Mode
from minmax_lint.converters.call_refusals import refusal
from minmax_lint.loaders.script.conversion_script import converter_calls

HEAD = "import functools\nfrom functools import partial\nimport tensorflow as tf\n"
MADE = "c = tf.lite.TFLiteConverter.from_saved_model('m')\n"
DEFAULT = "c.optimizations = [tf.lite.Optimize.DEFAULT]\n"
CONVERTER = "tf.lite.TFLiteConverter"


def calls(text: str, folder: Path) -> tuple[ConverterCall, ...]:
    (folder / "export.py").write_text(HEAD + text)
    return converter_calls(folder / "export.py")


@pytest.mark.parametrize(
    ("made", "maker", "signatures"),
    [
        (f"partial({CONVERTER}.from_saved_model, 'm')()", "saved_model", ()),
        (f"partial({CONVERTER}.from_saved_model, 'm', signature_keys=['a'])()", "saved_model", ("a",)),
        (f"partial({CONVERTER}.from_saved_model, signature_keys=['a'])('m', tags=None)", "saved_model", ("a",)),
        (f"functools.partial(partial({CONVERTER}.from_saved_model, 'm'), ['a'])()", "saved_model", ("a",)),
        (f"getattr({CONVERTER}, 'from_keras_model')(model)", "keras", ()),
        ("getattr(tf.lite, 'TFLiteConverter').from_keras_model(model)", "keras", ()),
        (f"getattr({CONVERTER}, NAME)('m')", "saved_model", ()),
        (f"partial(getattr({CONVERTER}, 'from_saved_model'), 'm', ['a'])(tags=None)", "saved_model", ("a",)),
        ("MAKE()", "saved_model", ("a",)),
        ("GET('m')", "saved_model", ()),
    ],
)  # fmt: skip
@pytest.mark.parametrize("within", [False, True])
def test_a_maker_behind_partial_and_getattr_is_found(
    made: str, maker: str, signatures: tuple[str, ...], within: bool, tmp_path: Path
) -> None:
    names = (
        f"NAME = 'from_saved_model'\nMAKE = partial({CONVERTER}.from_saved_model, 'm', signature_keys=['a'])\n"
        f"GET = getattr({CONVERTER}, NAME)\n"
    )
    body = f"c = {made}\n{DEFAULT}c.convert()\n"
    if within:
        body = "def convert():\n" + "".join(f"    {line}\n" for line in body.splitlines()) + "convert()\n"
    (call,) = calls(names + body, tmp_path)
    assert (call.maker, call.signatures, call.optimizations) == (maker, signatures, True)
    assert call.converted == ("m" if maker == "saved_model" else "")


@pytest.mark.parametrize(
    ("attribute", "of"),
    [
        *((name, "TFLiteSavedModelConverterV2") for name in (
            "optimizations", "representative_dataset", "inference_input_type", "inference_output_type",
            "inference_type", "target_spec", "experimental_new_quantizer", "experimental_new_converter",
            "allow_custom_ops", "_experimental_disable_per_channel",
        )),
        ("target_spec.supported_ops", "TargetSpec"),
        ("target_spec.supported_types", "TargetSpec"),
    ],
)  # fmt: skip
def test_an_attribute_that_is_deleted_ends_the_conversion(attribute: str, of: str, tmp_path: Path) -> None:
    """TF 2.15.1 and 2.21.0 measured."""
    name = attribute.rpartition(".")[2]
    (call,) = calls(f"{MADE}{DEFAULT}del c.{attribute}\nc.convert()\n", tmp_path)
    assert refusal(call, trained=False) == f"AttributeError: '{of}' object has no attribute '{name}'"
    (call,) = calls(f"{MADE}del c.{attribute}\nc.{attribute} = []\nc.convert()\n", tmp_path)
    assert refusal(call, trained=False) == ""
    (call,) = calls(f"{MADE}del c.my_own\nc.convert()\n", tmp_path)
    assert refusal(call, trained=False) == ""


METHODS = f"""    def convert(self):
        {MADE}        {DEFAULT}        c.target_spec.supported_types = self.types
        c.convert()
"""


@pytest.mark.parametrize(
    ("classes", "mode"),
    [
        (f"class A:\n    types = []\n{METHODS}class B(A):\n    types = [tf.float16]\nB().convert()\n", "float16"),
        (f"class A:\n    types = [tf.float16]\n{METHODS}class B(A):\n    types = []\nB().convert()\n", "dynamic"),
        (f"class A:\n    types = []\n{METHODS}class B(A):\n    types: list = [tf.float16]\nA().convert()\n", "dynamic"),
        (f"class A:\n    types = [tf.float16]\n{METHODS}class B(A):\n    pass\nB().convert()\n", "float16"),
        (f"class X:\n    types = []\nclass A:\n    types = [tf.float16]\n{METHODS}A().convert()\n", "float16"),
        (f"class A:\n    types = [tf.float16]\nclass B(A):\n    x = 1\nclass C(B):\n{METHODS}C().convert()", "float16"),
    ],
)  # fmt: skip
def test_a_field_is_that_of_the_class_of_which_objects_are_made(
    classes: str, mode: Mode, tmp_path: Path
) -> None:
    (call,) = calls(classes, tmp_path)
    assert (call.mode(False), call.assumed) == (mode, ())


HALF = "c.target_spec.supported_types = [tf.float16]"
CHOICE = """def convert(kind):
    {made}    match kind:
        case "half":
            {half}
            {default}        case "dynamic":
            {default}{last}    c.convert()
"""
RAISES = "        case {}:\n            raise ValueError(kind)\n"


@pytest.mark.parametrize(
    ("last", "modes"),
    [
        (RAISES.format("_"), ["float16", "dynamic"]),
        (RAISES.format("other"), ["float16", "dynamic"]),
        (RAISES.format("_ if strict"), ["float16", "dynamic", "float"]),
        (RAISES.format("'int8'"), ["float16", "dynamic", "float"]),
        ("        case _:\n            pass\n", ["float16", "dynamic", "float"]),
        ("", ["float16", "dynamic", "float"]),
    ],
)
def test_a_last_case_that_raises_leaves_the_others(last: str, modes: list[Mode], tmp_path: Path) -> None:
    text = CHOICE.format(made=MADE, half=HALF, default=DEFAULT, last=last)
    (call,) = calls(text, tmp_path)
    assert [one.mode(False) for one in (call, *call.alternatives)] == modes


OPTIONS = "tf.lite.experimental.QuantizationDebugOptions"
DEBUGGER = "tf.lite.experimental.QuantizationDebugger(converter=c, debug_dataset=data, debug_options=o)\n"
CALIBRATED = f"{MADE}{DEFAULT}c.representative_dataset = data\n"


@pytest.mark.parametrize(
    ("text", "denied"),
    [
        (f"o = {OPTIONS}(denylisted_ops=['TANH'])\nd = {DEBUGGER}", [("TANH",)]),
        (f"o = {OPTIONS}()\no.denylisted_nodes = ['a', 'b']\nd = {DEBUGGER}", [("a", "b")]),
        (f"o = {OPTIONS}(denylisted_ops=['TANH'])\no.denylisted_ops = LEFT\nd = {DEBUGGER}", [("CONV_2D",)]),
        (f"c.convert()\no = {OPTIONS}(denylisted_ops=['TANH'])\nd = {DEBUGGER}", [(), ("TANH",)]),
        (f"o = {OPTIONS}(denylisted_ops=['TANH'])\nd = {DEBUGGER}c.convert()\n", [("TANH",), ()]),
        (f"o = {OPTIONS}()\nd = {DEBUGGER}", [()]),
    ],
)
def test_a_debugger_converts_and_leaves_what_its_options_name(
    text: str, denied: list[tuple[str, ...]], tmp_path: Path
) -> None:
    found = calls(f"LEFT = ['CONV_2D']\n{CALIBRATED}{text}", tmp_path)
    assert [tuple(sorted(one.denied_ops | one.denied_nodes)) for one in found] == denied
    assert {(one.mode(False), one.elsewhere, one.assumed) for one in found} == {("int8", "", ())}


CONVERTED = f"{MADE}{DEFAULT}c.convert()\n"
SHAPES = {
    "converters of one name": lambda n: CONVERTED * n,
    "branches that use what they give": lambda n: MADE + "".join(
        f"if a{i}:\n    x = [x, {i}]\n    c.optimizations = x\n" for i in range(n)
    ) + "c.convert()\n",
    "conversions of one converter": lambda n: MADE + f"{DEFAULT}c.convert()\n" * n,
    "functions of one name": lambda n: "def f(a, b):\n    x = a.b(b, [1])\n    return x\n" * n + CONVERTED,
}  # fmt: skip


def steps(text: str, folder: Path) -> int:
    """Calls of Python functions while a script is read."""
    counted: Counter[str] = Counter()

    def count(_: FrameType, event: str, __: object) -> None:
        counted[event] += 1

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        calls(text, folder)
    finally:
        sys.setprofile(before)
    return counted["call"]


@pytest.mark.parametrize("shape", SHAPES)
def test_twice_the_lines_take_about_twice_the_steps(shape: str, tmp_path: Path) -> None:
    make = SHAPES[shape]
    assert steps(make(1200), tmp_path) < 2.4 * steps(make(600), tmp_path)

"""What is set on a converter each time a script converts with it, however it is set."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from minmax_lint.backends.calibration.run import Data
from minmax_lint.converters.call import ConverterCall
from minmax_lint.errors import UserError
from minmax_lint.loaders.script.conversion_script import converter_calls
from minmax_lint.workflows.calling import Asked, converter_for
from minmax_lint.workflows.choice import choice
from minmax_lint.workflows.opened import open_model
from minmax_lint.workflows.script import patch_script

HEAD = """
import tensorflow as tf

def data():
    yield [tf.zeros([1, 4])]

DEFAULT = [tf.lite.Optimize.DEFAULT]
"""
MAKE = "c = tf.lite.TFLiteConverter.from_saved_model('model')\n"
OPTIMIZE = "c.optimizations = DEFAULT\n"
SAMPLES = "c.representative_dataset = data\n"
CONVERT = "c.convert()\n"


def calls_of(text: str, folder: Path) -> tuple[ConverterCall, ...]:
    script = folder / "export.py"
    script.write_text(HEAD + text)
    return converter_calls(script)


SEVERAL = {
    "one after the other": (
        MAKE + CONVERT + OPTIMIZE + CONVERT + SAMPLES + CONVERT,
        ["9 float", "11 dynamic", "13 int8"],
    ),
    "the same twice": (MAKE + OPTIMIZE + CONVERT + CONVERT, ["8 dynamic"]),
    "set after it": (MAKE + CONVERT + OPTIMIZE, ["8 float"]),
    "given away after it": (MAKE + CONVERT + OPTIMIZE + "write(c)\n", ["9 float", "11 dynamic"]),
    "taken back": (
        MAKE + OPTIMIZE + SAMPLES + CONVERT + "c.representative_dataset = None\n" + CONVERT,
        ["11 int8", "13 dynamic"],
    ),
    "in a function that is given it": (
        "def save(c):\n    write(c.convert())\n" + MAKE + "save(c)\n" + OPTIMIZE + "save(c)\n",
        ["11 float", "13 dynamic"],
    ),
    "set in another function": (
        "class Export:\n    def __init__(self, path):\n"
        "        self.c = tf.lite.TFLiteConverter.from_saved_model(path)\n"
        "    def run(self):\n        return self.c.convert()\n"
        "    def quantize(self):\n        self.c.optimizations = DEFAULT\n",
        ["10 dynamic"],
    ),
    "on the two ways through a branch": (
        MAKE + f"if fast:\n    {CONVERT}else:\n    {OPTIMIZE}    {CONVERT}",
        ["8 dynamic"],
    ),
    "again where it fails": (
        MAKE + OPTIMIZE + f"try:\n    {CONVERT}except Exception:\n    {SAMPLES}    {CONVERT}",
        ["8 int8"],
    ),
    "under a condition": (
        MAKE + f"if fast:\n    {OPTIMIZE}    {CONVERT}{CONVERT}",
        ["11 dynamic", "12 dynamic"],
    ),
    "another converter of the same name": (
        MAKE + CONVERT + MAKE + OPTIMIZE + CONVERT,
        ["8 float", "10 dynamic"],
    ),
}


@pytest.mark.parametrize(("text", "wanted"), SEVERAL.values(), ids=SEVERAL.keys())
def test_each_conversion_has_what_is_set_before_it(text: str, wanted: list[str], tmp_path: Path) -> None:
    found = calls_of(text, tmp_path)
    assert [f"{one.origin.rpartition(':')[2]} {one.mode(False)}" for one in found] == wanted


MAKER = "tf.lite.TFLiteConverter.from_saved_model('model')"
FUNCTION = "def export(kind, quantize=True):\n    " + MAKE
BY_KIND = f"if kind == 'q':\n    {OPTIMIZE}elif kind == 'i':\n    {OPTIMIZE}    {SAMPLES}"
WHERE_IT_STANDS = {
    "the value above it": (f"kind = 'q'\n{MAKE}{BY_KIND}{CONVERT}kind = 'i'\n", ["9 dynamic"]),
    "the value above the call of each": (
        f"def export(kind):\n    {MAKE}    if kind == 'i':\n        {OPTIMIZE}        {SAMPLES}    {CONVERT}"
        "kind = 'f'\nexport(kind)\nkind = 'i'\nexport(kind)\n",
        ["15 float", "17 int8"],
    ),
    "a parameter that gets another value": (
        f"{FUNCTION}    quantize = False\n    if quantize:\n        {OPTIMIZE}    {CONVERT}export(1)\n",
        ["9 float"],
    ),
    "a value that a loop brings round": (
        f"kind = 'q'\nfor one in models:\n    {MAKE}    if kind == 'q':\n"
        f"        {OPTIMIZE}    {CONVERT}    kind = 'f'\n",
        ["10 dynamic or float"],
    ),
    "a value of each branch": (
        f"{FUNCTION}    if kind:\n        level = DEFAULT\n    else:\n        level = []\n"
        f"    c.optimizations = level\n    {CONVERT}",
        ["9 dynamic or float"],
    ),
    "a value that a branch replaces": (
        f"level = []\nif kind:\n    level = DEFAULT\n{MAKE}c.optimizations = [*level]\n{CONVERT}",
        ["11 dynamic or float"],
    ),
    "a branch that is never taken": (
        f"kind = 'q'\n{MAKE}if kind == 'q':\n    {OPTIMIZE}    {CONVERT}elif kind == 'i':\n"
        f"    {OPTIMIZE}    {SAMPLES}    {CONVERT}",
        ["9 dynamic"],
    ),
    "a converter that is never made": (
        f"old = False\nif old:\n    {MAKE}    {CONVERT}else:\n    {MAKE}    {OPTIMIZE}    {CONVERT}",
        ["13 dynamic"],
    ),
    "a branch that fails": (
        f"{FUNCTION}    if kind == 1:\n        {OPTIMIZE}    elif kind == 2:\n        {OPTIMIZE}        {SAMPLES}"
        f"    else:\n        raise ValueError(kind)\n    {CONVERT}",
        ["9 int8 or dynamic"],
    ),
    "a branch that fails where that is handled": (
        f"{MAKE}try:\n    if kind:\n        {OPTIMIZE}    else:\n        raise ValueError(kind)\n"
        f"except ValueError:\n    pass\n{CONVERT}",
        ["8 dynamic or float"],
    ),
    "a branch that leaves": (
        f"{MAKE}if kind:\n    {OPTIMIZE}else:\n    sys.exit(1)\n{CONVERT}",
        ["8 dynamic"],
    ),
    "two functions of one name": (
        f"def export():\n    {MAKE}    {CONVERT}export()\n"
        f"def export():\n    {MAKE}    {OPTIMIZE}    {CONVERT}export()\n",
        ["9 float", "13 dynamic"],
    ),
    "two methods of one name": (
        f"class A:\n    def make(self):\n        return {MAKER}\n    def run(self):\n"
        f"        c = self.make()\n        {CONVERT}"
        f"class B:\n    def make(self):\n        return {MAKER}\n    def run(self):\n"
        f"        c = self.make()\n        {OPTIMIZE}        {CONVERT}",
        ["10 float", "16 dynamic"],
    ),
    "the parameter of another function": (
        f"{MAKE}{CONVERT}def later(c):\n    {OPTIMIZE}    {CONVERT}",
        ["8 float"],
    ),
    "another object under the name": (f"{MAKE}{CONVERT}c = Other()\n{OPTIMIZE}{CONVERT}", ["8 float"]),
    "the name of a module": (f"tf = tf.compat.v1\n{MAKE}c.inference_type = tf.uint8\n{CONVERT}", ["9 tf1"]),
    "elements of a dictionary": (
        f"made = {{'a': {MAKER}, 'b': {MAKER}}}\nmade['b'].optimizations = DEFAULT\n"
        f"for c in made.values():\n    {CONVERT}",
        ["8 float", "8 dynamic"],
    ),
    "an element that is set": (
        f"made = {{}}\nmade['a'] = {MAKER}\nmade['a'].optimizations = DEFAULT\nmade['a'].convert()\n",
        ["9 dynamic"],
    ),
    "all elements of a list": (
        f"made = [{MAKER} for one in models]\nfor number, c in enumerate(made):\n    {OPTIMIZE}    {CONVERT}",
        ["8 dynamic"],
    ),
    "a function of a dictionary": (
        f"def small(one):\n    one.optimizations = DEFAULT\nways = {{'small': small}}\n"
        f"{MAKE}ways['small'](c)\n{CONVERT}",
        ["11 dynamic"],
    ),
    "an object that becomes its target_spec": (
        f"spec = tf.lite.TargetSpec()\nspec.supported_types = [tf.float16]\n"
        f"{MAKE}{OPTIMIZE}c.target_spec = spec\n{CONVERT}",
        ["10 float16"],
    ),
    "a function without a name": (f"make = lambda: {MAKER}\nc = make()\n{OPTIMIZE}{CONVERT}", ["8 dynamic"]),
    "a converter of JAX": (
        "c = tf.lite.TFLiteConverter.experimental_from_jax([serve], [inputs])\n" + OPTIMIZE + CONVERT,
        ["8 dynamic"],
    ),
}


@pytest.mark.parametrize(("text", "wanted"), WHERE_IT_STANDS.values(), ids=WHERE_IT_STANDS.keys())
def test_a_name_stands_for_what_it_holds_where_it_is_read(
    text: str, wanted: list[str], tmp_path: Path
) -> None:
    """What the script does when it runs, on each way through its branches."""
    found = []
    for one in calls_of(text, tmp_path):
        ways = dict.fromkeys(way.mode(False) for way in (one, *one.alternatives))
        found.append(f"{one.origin.rpartition(':')[2]} {' or '.join(ways)}")
    assert found == wanted


@pytest.mark.parametrize(
    ("text", "unread"),
    [
        ("c = library.prepare(c)\n" + OPTIMIZE, "library.prepare (line 9)"),
        ("for name, value in flags.items():\n    setattr(c, name, value)\n", "setattr (line 10)"),
        ("c.__dict__.update(flags)\n", "c.__dict__.update (line 9)"),
        ("print(c)\nprint(c)\n", ""),
    ],
)
def test_what_a_function_elsewhere_may_set_is_said_to_be_unread(
    text: str, unread: str, tmp_path: Path
) -> None:
    (call,) = calls_of(MAKE + text + CONVERT, tmp_path)
    assert call.elsewhere == unread
    why = choice(open_model(SAVED_MODEL).model, calls=[call]).why
    assert (f"what {unread} sets is not read" in why) == bool(unread)


FLAGS = "'optimizations': DEFAULT, 'representative_dataset': data, 'inference_input_type': tf.int8"


@pytest.mark.parametrize(
    "text",
    [
        MAKE + f"for name, value in {{{FLAGS}}}.items():\n    setattr(c, name, value)\n",
        MAKE + f"flags = {{{FLAGS}}}\nfor name in flags:\n    setattr(c, name, flags[name])\n",
        MAKE
        + "flags = dict(optimizations=DEFAULT, representative_dataset=data, inference_input_type=tf.int8)\n"
        "for name, value in flags.items():\n    setattr(c, name, value)\n",
        MAKE + "for name, value in [('optimizations', DEFAULT), ('representative_dataset', data), "
        "('inference_input_type', tf.int8)]:\n    setattr(c, name, value)\n",
        "def make(path, **flags):\n    c = tf.lite.TFLiteConverter.from_saved_model(path)\n"
        "    for name, value in flags.items():\n        setattr(c, name, value)\n    return c\n"
        "make('model', optimizations=DEFAULT, representative_dataset=data, inference_input_type=tf.int8)\n",
        "def set_all(one, **flags):\n    for name, value in flags.items():\n        setattr(one, name, value)\n"
        + MAKE
        + "set_all(c, optimizations=DEFAULT, representative_dataset=data, inference_input_type=tf.int8)\n",
    ],
)
def test_setattr_in_a_loop_sets_what_the_loop_goes_over(text: str, tmp_path: Path) -> None:
    (call,) = calls_of(text, tmp_path)
    assert (call.mode(False), call.inference_input_type, call.dataset is not None) == ("int8", "int8", True)


def test_each_call_of_a_function_sets_its_own_keywords(tmp_path: Path) -> None:
    text = (
        "def set_all(one, **flags):\n    for name, value in flags.items():\n        setattr(one, name, value)\n"
        + MAKE
        + "set_all(c, optimizations=DEFAULT)\n"
        + "d = tf.lite.TFLiteConverter.from_saved_model('model')\nset_all(d, optimizations=[])\n"
    )
    assert [one.mode(False) for one in calls_of(text, tmp_path)] == ["dynamic", "float"]


SAVED_MODEL = Path(__file__).parents[2] / "fixtures" / "founding" / "eval-saved_model"


def test_a_patch_changes_the_last_conversion_alone(tmp_path: Path) -> None:
    first = MAKE.replace("'model'", repr(str(SAVED_MODEL))) + CONVERT
    script = tmp_path / "export.py"
    script.write_text(HEAD + first + "c.inference_input_type = tf.int8\n" + CONVERT)
    calls = [replace(one, tensorflow=(2, 21)) for one in converter_calls(script)]
    patch = patch_script(open_model(SAVED_MODEL, calls=calls), script)
    assert not patch.empty
    assert patch.after.startswith(HEAD + first)
    assert patch.after.endswith(CONVERT)


def test_convert_takes_the_conversion_of_the_mode_that_is_named(tmp_path: Path) -> None:
    text = MAKE + CONVERT + OPTIMIZE + SAMPLES + "c.inference_input_type = tf.uint8\n" + CONVERT
    opened = open_model(SAVED_MODEL, calls=calls_of(text, tmp_path))
    with pytest.raises(UserError, match="converts 2 times"):
        converter_for(opened, Asked())
    found = converter_for(opened, Asked(mode="int8", data=Data("samples.npz")))
    assert found.call is not None
    assert (found.mode, found.call.inference_input_type) == ("int8", "uint8")

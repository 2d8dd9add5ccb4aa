"""`minmax-lint guard --print`: a snippet that works in every TensorFlow, TensorFlow 1.15 in Python 3.7 included."""

import subprocess

import pytest

from minmax_lint.cli import main
from minmax_lint.docs import page
from minmax_lint.source_guard import SNIPPET
from tests.interpreters import tf115

CODE = SNIPPET.split("\n", 3)[3]

CONTRIB = """
import tensorflow as tf
{snippet}
x = tf.compat.v1.placeholder(tf.float32, [1, 2], name="input")
y = tf.nn.relu6(tf.matmul(x, tf.compat.v1.get_variable("w", [2, 1])), name="output")
y = guard(y)
tf.contrib.quantize.create_eval_graph()
print(y.op.name, y.op.inputs[0].op.type)
"""


def test_guard_prints_the_snippet(capsys):
    assert main(["guard", "--print"]) == 0
    assert capsys.readouterr().out == SNIPPET


def test_it_says_that_the_option_is_wanted(capsys):
    assert main(["guard"]) == 2
    assert "--print" in capsys.readouterr().err


def test_it_imports_nothing():
    assert "import " not in CODE


@pytest.mark.parametrize("topic", ["tf1"])
def test_the_page_shows_the_same_code(topic):
    assert CODE in page(topic)


def test_it_keeps_the_fake_quant_of_the_output_in_front_of_the_minimum():
    program = CONTRIB.format(snippet=CODE)
    done = subprocess.run([tf115(), "-c", program], capture_output=True, text=True, check=True, timeout=240)
    assert done.stdout.split() == ["guarded", "FakeQuantWithMinMaxVars"]

"""Random float networks as people write them, with TensorFlow's own functions: what stands for one op of the API is
what TensorFlow writes for it.

Any Python that has TensorFlow 2; no import of this package. `frozen(tensorflow, seed)` draws one network of one to
seven blocks; `frozen(tensorflow, seed, block)` is that block alone.
"""

import random

import numpy as np
from float_nets import formulas, layers, moves, sequences, values  # each registers its blocks
from float_nets.block import BLOCKS

__all__ = ["BLOCKS", "formulas", "frozen", "layers", "moves", "sequences", "values"]

STARTS = (
    [1, 8, 8, 4], [1, 6, 6, 3], [1, 9, 5, 4], [2, 4, 4, 8], [1, 8, 8, 36], [1, 6, 8], [1, 5, 4], [2, 6, 8], [1, 8],
    [1, 16], [3, 8], [1, 40],
)  # fmt: skip
TRIES = 60


class Draw:
    """Sizes, choices and weights of one network."""

    def __init__(self, tensorflow, seed):
        self.tf = tensorflow
        self.random = random.Random(seed)
        self.numbers = np.random.RandomState(seed % 2**31)

    def choice(self, *values):
        return self.random.choice(values)

    def weights(self, *shape):
        return self.tf.constant(self.numbers.uniform(-0.6, 0.6, shape).astype("float32"))

    def positive(self, *shape):
        return self.tf.constant(self.numbers.uniform(0.4, 1.6, shape).astype("float32"))

    def axes(self, rank):
        """One axis or several, never the batch; now and then counted from behind."""
        count = self.random.randint(1, max(1, rank - 1))
        axes = sorted(self.random.sample(range(1, rank), min(count, rank - 1)))
        return [axis - rank for axis in axes] if self.random.random() < 0.3 else axes


def frozen(tensorflow, seed, block=None):
    """The frozen GraphDef, its inputs {name: shape} and its outputs."""
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    draw = Draw(tensorflow, seed)
    specs = _inputs(draw, block)
    names = draw.random.sample(sorted(BLOCKS), 3)
    state = draw.random.getstate(), draw.numbers.get_state()

    def network(*inputs):
        draw.random.setstate(state[0])
        draw.numbers.set_state(state[1])
        return _alone(draw, inputs[0], block) if block else _network(draw, inputs, names)

    function = tensorflow.function(network, input_signature=specs).get_concrete_function()
    whole = convert_variables_to_constants_v2(function, lower_control_flow=seed % 2 == 0)
    inputs = {tensor.op.name: _sizes(tensor.shape) for tensor in whole.inputs}
    outputs = [_array(tensor.name) for tensor in whole.outputs]
    return whole.graph.as_graph_def().SerializeToString(), inputs, outputs


def _array(name):
    return name[:-2] if name.endswith(":0") else name


def _sizes(shape):
    return [None if size is None else int(size) for size in shape]


def _inputs(draw, block):
    """Specs of one input or two; the second of the first one's shape."""
    tf = draw.tf
    start = list(draw.choice(*STARTS))
    if block:
        start = list(draw.choice(*[one for one in STARTS if len(one) in (BLOCKS[block].ranks or (2, 3, 4))]))
    elif draw.random.random() < 0.15:
        start[0] = None
    elif draw.random.random() < 0.08 and len(start) == 4:
        start[1] = start[2] = None
    specs = [tf.TensorSpec(start, tf.float32, name="x")]
    chance = draw.random.random()
    if not block and chance < 0.15:
        specs.append(tf.TensorSpec(start, tf.float32, name="y"))
    elif not block and chance < 0.25:
        specs = [tf.TensorSpec([*start[:1], 5], tf.int32, name="x")]
    return specs


def _alone(draw, array, block):
    made = BLOCKS[block].make(draw, array)
    return [draw.tf.identity(one, name=f"output_{i}") for i, one in enumerate(_listed(made))]


def _network(draw, inputs, favourites):
    tf = draw.tf
    arrays = [tf.gather(draw.weights(4, 8), inputs[0]) if inputs[0].dtype == tf.int32 else inputs[0]]
    arrays += inputs[1:]
    read = set()
    blocks = draw.choice(1, 2, 3, 4, 5, 7)
    for _ in range(TRIES):
        place = len(arrays) - 1 if draw.random.random() < 0.8 else draw.random.randrange(len(arrays))
        array = arrays[place]
        pool = favourites if draw.random.random() < 0.3 else sorted(BLOCKS)
        name = draw.random.choice(pool)
        if len(inputs) > 1 and blocks > 1 and len(arrays) == 2:
            made = [inputs[0] * 0.5 + inputs[1]]
            read.add(0)
        else:
            made = _made(draw, name, array)
        if made is None:
            continue
        read.add(place)
        arrays.extend(made)
        blocks -= 1
        if not blocks:
            break
    ends = [one for place, one in enumerate(arrays) if place not in read] or arrays[-1:]
    return [tf.identity(one, name=f"output_{i}") for i, one in enumerate(ends[-3:])]


def _made(draw, name, array):
    """What a block makes of an array; None where it does not take it."""
    block = BLOCKS[name]
    rank = array.shape.rank
    if (
        rank is None
        or rank > 5
        or array.dtype != draw.tf.float32
        or (block.ranks and rank not in block.ranks)
    ):
        return None
    if rank == 0 or (None in array.shape[1:] and not block.open):
        return None
    if array.shape[0] is None and not block.batch:
        return None
    if any(size is not None and size > 300 for size in array.shape):
        return None
    try:
        return _listed(block.make(draw, array))
    except (ValueError, draw.tf.errors.InvalidArgumentError):
        return None


def _listed(made):
    return list(made) if isinstance(made, (list, tuple)) else [made]

"""What a block is: a function that takes the draws of a network and an array, and makes an array or several."""

import collections

Block = collections.namedtuple("Block", "make ranks open batch")
"""`ranks`: those it takes, any where it is empty; `open`, `batch`: with unknown sizes, with an unknown batch too."""
BLOCKS = {}


def block(*ranks, open=False, batch=True):
    """Register a block under the name of its function."""

    def register(make):
        BLOCKS[make.__name__] = Block(make, ranks, open, batch)
        return make

    return register


def activated(d, y):
    """An activation behind a layer, or none."""
    nn = d.tf.nn
    return d.choice(
        d.tf.identity, nn.relu, nn.relu6, d.tf.tanh, d.tf.sigmoid, nn.leaky_relu, nn.elu, nn.silu
    )(y)

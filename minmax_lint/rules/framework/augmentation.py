"""Layers of Keras that augment training data at random, in a graph that runs them.

They run unless they are called with training=False. `Model.export` calls them without it (Keras 3.15 and tf_keras 2.21,
measured), `TFLiteConverter.from_keras_model` with it (tensorflow/lite/python/lite.py).
"""

import re

from minmax_lint.graph.trace import Kept

_RANDOM_OPS = frozenset(
    """
    RandomStandardNormal RandomUniform RandomUniformInt StatelessRandomGammaV3 StatelessRandomGetKeyCounter
    StatelessRandomNormalV2 StatelessRandomUniformFullIntV2 StatelessRandomUniformIntV2 StatelessRandomUniformV2
    """.split()
)
_LAYERS = """
    aug_mix cut_mix data_augmentation mix_up rand_augment random_brightness random_color_degeneration
    random_color_jitter random_contrast random_crop random_elastic_transform random_erasing random_flip
    random_gaussian_blur random_grayscale random_height random_hue random_invert random_perspective
    random_posterization random_rotation random_saturation random_sharpness random_shear random_translation
    random_width random_zoom solarization
    """
"""Default names of these layers; data_augmentation is the Sequential around them in the guides of TensorFlow."""

_LAYER = re.compile(rf"(^|.*?/)({'|'.join(_LAYERS.split())})(_\d+)?/")


def augmenting_nodes(kept: Kept) -> dict[str, str]:
    """Kept node that draws random numbers for such a layer -> the layer, as the start of its nodes' names."""
    layers = {name: _LAYER.match(name) for name in kept.of_ops(_RANDOM_OPS)}
    return {name: found[0] for name, found in layers.items() if found is not None}

"""Make one kind of models: `python make.py FOLDER KIND SEED VARIANTS [NAME...]`, in a Python that has TensorFlow.

Kinds: `layers` (one layer of `layers.py`, alone or between others, as a SavedModel), `trained` (the same through
tfmot's quantize_model; Keras 2) and `applications` (small ones of keras.applications, in each format). Keras is that of
tf.keras: TensorFlow 2.16 and newer need TF_USE_LEGACY_KERAS=1 for Keras 2. What it refuses is printed and left out.
"""

import os
import random
import sys
import warnings

import layers

APPLICATIONS = {
    "MobileNet": {"alpha": 0.25, "input_shape": (32, 32, 3), "classes": 10},
    "MobileNetV2": {"alpha": 0.35, "input_shape": (32, 32, 3), "classes": 10},
    "MobileNetV3Small": {"alpha": 0.75, "input_shape": (32, 32, 3), "classes": 10, "minimalistic": True},
    "EfficientNetB0": {"input_shape": (32, 32, 3), "classes": 10},
    "EfficientNetV2B0": {"input_shape": (32, 32, 3), "classes": 10},
    "DenseNet121": {"input_shape": (32, 32, 3), "classes": 10},
    "NASNetMobile": {"input_shape": (32, 32, 3), "classes": 10},
    "ResNet50": {"input_shape": (32, 32, 3), "classes": 10},
    "ResNet50V2": {"input_shape": (32, 32, 3), "classes": 10},
    "Xception": {"input_shape": (71, 71, 3), "classes": 10},
    "InceptionV3": {"input_shape": (75, 75, 3), "classes": 10},
    "ConvNeXtTiny": {"input_shape": (32, 32, 3), "classes": 10},
}
FORMATS = ("saved_model", "keras", "h5")


def main(folder, kind, seed, variants, *names):
    os.environ.update({"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"})
    warnings.simplefilter("ignore")
    import tensorflow as tf

    keras = tf.keras
    if of_keras_3(tf):
        import keras  # tf.keras is a view of it that loads late
    os.makedirs(folder, exist_ok=True)
    made = []
    rows = APPLICATIONS if kind == "applications" else layers.ROWS
    for name in names or rows:
        for variant in range(int(variants)):
            try:
                made += MAKERS[kind](tf, keras, name, f"{seed}-{variant}", folder)
            except Exception as error:
                first = str(error).strip().splitlines()[:1] or [""]
                print(f"- {name} {variant}: {type(error).__name__} {first[0][:100]}", flush=True)
            keras.backend.clear_session()
    print(f"{len(made)} models of kind {kind} in {folder}")


def of_keras_3(tf):
    """Whether tf.keras is Keras 3."""
    version = tuple(map(int, tf.__version__.split(".")[:2]))
    return version >= (2, 16) and os.environ.get("TF_USE_LEGACY_KERAS") != "1"


def one_layer(keras, name, seed):
    """(a model with one layer of `layers.ROWS`, ...) or raises what Keras says of its arguments."""
    drawn = random.Random(f"{seed}-{name}")

    def d(*choices):
        return drawn.choice(choices)

    kinds, build = layers.ROWS[name]
    many, _, kind = d(*kinds.split()).rpartition("-")
    shape, batch = layers.SHAPES[kind](d), d(None, None, 1)
    whole = kind in layers.WHOLE
    between = d(True, False) and not whole
    L = keras.layers
    keras.utils.set_random_seed(drawn.randrange(1000))
    starts = [
        keras.Input(shape, batch_size=batch, dtype="int32" if whole else "float32", name=f"input_{place}")
        for place in range(2 if many == "pair" else 1)
    ]
    ends = [before(L, start, kind) for start in starts] if between else list(starts)
    layer = build(L, d)
    made = layer(ends) if many == "pair" else layer(ends[0], ends[0]) if many == "twice" else layer(ends[0])
    if between:
        made = after(L, made, d)
    return keras.Model(starts if len(starts) > 1 else starts[0], made)


def before(L, x, kind):
    """A product with an activation."""
    if kind in ("image", "even", "picture"):
        return L.Conv2D(x.shape[-1], 3, padding="same", activation="relu")(x)
    return L.Dense(x.shape[-1], activation="relu")(x)


def after(L, x, d):
    """A product behind it."""
    return L.Dense(3)(L.Flatten()(x) if len(x.shape) > 2 and d(True, False) else x)


def make_layer(tf, keras, name, seed, folder):
    place = os.path.join(folder, f"{name}-{seed}")
    save(tf, one_layer(keras, name, seed), place)
    return [place]


def make_trained(tf, keras, name, seed, folder):
    import numpy
    import tensorflow_model_optimization as tfmot

    model = tfmot.quantization.keras.quantize_model(one_layer(keras, name, seed))
    draw = numpy.random.default_rng(0)
    samples = [
        draw.normal(size=(one.shape[0] or 4, *one.shape[1:])).astype("float32") for one in model.inputs
    ]
    model(samples if len(samples) > 1 else samples[0], training=True)
    place = os.path.join(folder, f"{name}-{seed}")
    save(tf, model, place)
    return [place]


def make_application(tf, keras, name, seed, folder):
    model = getattr(keras.applications, name)(weights=None, **APPLICATIONS[name])
    places = []
    for form in FORMATS:
        place = os.path.join(folder, f"{name}-{seed}" + ("" if form == "saved_model" else "." + form))
        if form == "saved_model":
            save(tf, model, place)
        else:
            model.save(place)
        places.append(place)
    return places


def save(tf, model, place):
    """As a SavedModel with one signature."""
    model.export(place, **({"verbose": False} if of_keras_3(tf) else {}))


MAKERS = {"layers": make_layer, "trained": make_trained, "applications": make_application}

if __name__ == "__main__":
    main(*sys.argv[1:])

"""Small networks of Keras 2 and Keras 3: `FLOAT` for post-training quantization, `TRAINED` with tfmot's fake quants.

Runs in the interpreters that hold TensorFlow (see export.py): no import of this package. `keras` is the Keras that
builds, `tfmot` tensorflow_model_optimization.
"""

IMAGE, VECTOR = (None, 8, 8, 3), (None, 8)
ONE_SEQUENCE = (1, 4, 6)
"""Lists of an open batch cannot be lowered: recurrent layers convert where the batch is fixed."""


def functional(shape, body):
    """A network of one input, from a function of `keras.layers` and the input."""

    def build(keras):
        start = keras.Input(batch_shape=shape)
        return keras.Model(start, body(keras.layers, start))

    return build


def head(layers, x):
    return layers.Dense(3)(layers.GlobalAveragePooling2D()(x))


def plain(layers, x):
    x = layers.Conv2D(4, 3, padding="same", use_bias=False)(x)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    x = layers.MaxPooling2D()(x)
    return head(layers, layers.Conv2D(4, 3, activation="relu")(x))


def leaky(layers, x):
    x = layers.LeakyReLU(0.1)(layers.Conv2D(4, 3)(x))
    return layers.Dense(2)(layers.Flatten()(layers.MaxPooling2D()(x)))


def depthwise(layers, x):
    x = layers.DepthwiseConv2D(3, padding="same", use_bias=False)(x)
    x = layers.ReLU(6.0)(layers.BatchNormalization()(x))
    x = layers.Conv2D(4, 1, use_bias=False)(x)
    return head(layers, layers.ReLU(6.0)(layers.BatchNormalization()(x)))


def separable(layers, x):
    return head(layers, layers.SeparableConv2D(4, 3, activation="relu")(x))


def concat(layers, x):
    left, right = layers.Conv2D(4, 3, activation="relu")(x), layers.Conv2D(2, 3, activation="relu")(x)
    return head(layers, layers.Concatenate()([left, right]))


def residual(layers, x):
    x = layers.Conv2D(4, 3, padding="same", activation="relu")(x)
    return head(layers, layers.ReLU()(layers.Add()([x, layers.Conv2D(4, 3, padding="same")(x)])))


def upsampling(layers, x):
    x = layers.UpSampling2D()(layers.Conv2D(4, 3, activation="relu")(x))
    return layers.Conv2D(2, 1)(x)


def transposed(layers, x):
    x = layers.Conv2DTranspose(4, 3, strides=2, padding="same", activation="relu")(x)
    return layers.Conv2D(2, 1)(x)


def softmax(layers, x):
    x = layers.Dense(8, activation="relu")(x)
    return layers.Softmax()(layers.Dense(4)(x))


def hard_swish(layers, x):
    x = layers.Conv2D(4, 3)(x)
    gate = layers.Rescaling(1 / 6)(layers.ReLU(6.0)(layers.Rescaling(1.0, 3.0)(x)))
    return head(layers, layers.Multiply()([x, gate]))


def lstm(layers, x):
    return layers.Dense(2)(layers.LSTM(3)(x))


def gru(layers, x):
    return layers.Dense(2)(layers.GRU(3)(x))


def nested(keras):
    """A model in a model."""
    block = functional((None, 8, 8, 4), lambda layers, x: layers.Conv2D(4, 3, activation="relu")(x))(keras)
    stem = keras.Sequential(
        [keras.Input(batch_shape=IMAGE), keras.layers.Conv2D(4, 3, padding="same"), keras.layers.ReLU()]
    )
    start = keras.Input(batch_shape=IMAGE)
    return keras.Model(start, head(keras.layers, block(stem(start))))


FLOAT = {
    one.__name__: functional(shape, one)
    for shape, bodies in (
        (IMAGE, (plain, leaky, depthwise, separable, concat, residual, upsampling, transposed, hard_swish)),
        (VECTOR, (softmax,)),
        (ONE_SEQUENCE, (lstm, gru)),
    )
    for one in bodies
} | {"nested": nested}  # fmt: skip


def quantized(body, shape):
    """All of a network quantized."""

    def build(keras, tfmot):
        return tfmot.quantization.keras.quantize_model(functional(shape, body)(keras))

    return build


def partly(keras, tfmot):
    """The last layer alone is quantized."""
    annotate = tfmot.quantization.keras.quantize_annotate_layer
    start = keras.Input(batch_shape=IMAGE)
    x = keras.layers.GlobalAveragePooling2D()(keras.layers.Conv2D(4, 3, activation="relu")(start))
    model = keras.Model(start, annotate(keras.layers.Dense(3))(x))
    return tfmot.quantization.keras.quantize_apply(model)


def nested_quantized(keras, tfmot):
    """A quantized model in a model."""
    start = keras.Input(batch_shape=IMAGE)
    inner = quantized(plain, IMAGE)(keras, tfmot)
    return keras.Model(start, keras.layers.Softmax()(inner(start)))


TRAINED = {one.__name__: quantized(one, IMAGE) for one in (plain, leaky, depthwise, concat, transposed)} | {
    "partly": partly,
    "nested": nested_quantized,
}

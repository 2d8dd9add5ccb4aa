"""Every layer of Keras 2 and 3, with arguments to draw: `ROWS`, name -> (kind of input, layer).

Runs in interpreters that hold TensorFlow (see make.py): no import of this package. A layer is made of `L`, the module
`keras.layers`, and `d`, which draws one of its arguments. Kinds of input are those of `SHAPES`; `pair-` before one
stands for two inputs of that shape in a list. A name that only one Keras has is skipped by the other.
"""

SHAPES = {
    "vector": lambda d: (d(6, 8, 10),),
    "sequence": lambda d: (d(4, 6, 8), d(4, 6, 8)),
    "image": lambda d: (d(8, 10, 12), d(8, 9, 12), d(2, 3, 4)),
    "even": lambda d: (8, d(8, 9), d(2, 4)),
    "volume": lambda d: (d(4, 6), d(4, 6), d(4, 5), d(1, 2, 3)),
    "frames": lambda d: (d(3, 4), d(6, 8), d(6, 8), d(1, 2)),
    "rows": lambda d: (d(3, 4), d(6, 8), d(1, 2)),
    "movie": lambda d: (2, 4, 4, d(4, 5), d(1, 2)),
    "tokens": lambda d: (d(4, 6, 8),),
    "query": lambda d: (d(4, 6), d(4, 8)),
    "wave": lambda d: (d(64, 80),),
    "picture": lambda d: (d(8, 10, 12), d(8, 12), 3),
}
"""Kind -> the shape of an input without its batch; ids for `tokens`, 0 to 255 for `picture`."""
WHOLE = frozenset({"tokens"})

ACTIVATIONS = (
    "celu elu exponential gelu glu hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh leaky_relu linear "
    "log_sigmoid log_softmax mish relu relu6 selu sigmoid silu soft_shrink softmax softplus softsign sparse_plus "
    "sparse_sigmoid sparsemax squareplus swish tanh tanh_shrink"
).split()
USUAL = (
    None,
    "relu",
    "relu",
    "sigmoid",
    "tanh",
    "gelu",
    "softmax",
    "swish",
    "elu",
    "selu",
    "softplus",
    "softsign",
)


def conv(d, rank, **more):
    """The arguments of a convolution over `rank` dimensions; strides and dilations exclude each other."""
    stride = d(1, 1, 2)
    return {
        "kernel_size": d(1, 2, 3, 3, (3, 1, 2)[:rank]),
        "strides": stride,
        "padding": d("same", "valid"),
        "activation": d(*USUAL),
        "use_bias": d(True, True, False),
        **more,
    }


def dilated(d, rank, **more):
    found = conv(d, rank, **more)
    return {**found, "dilation_rate": d(1, 2, 2, 3) if found["strides"] == 1 else 1}


def pool(d, rank):
    size = d(2, 2, 3, (2, 1, 3)[:rank])
    return {"pool_size": size, "strides": d(None, 1, 2), "padding": d("same", "valid")}


def recurrent(d):
    return {
        "return_sequences": d(True, False),
        "go_backwards": d(False, False, True),
        "unroll": d(False, False, True),
        "activation": d("tanh", "tanh", "relu"),
        "use_bias": d(True, True, False),
    }


def per_axis(d, rank):
    """A pair a dimension, or one number."""
    return d(1, 2, tuple((d(0, 1, 2), 1) for _ in range(rank)))


def bounded(d, rank):
    """What a cropping takes off: never all."""
    return d(1, tuple((d(0, 1), 1) for _ in range(rank)))


ROWS = {
    "Dense": (
        "vector sequence image",
        lambda L, d: L.Dense(d(1, 4, 8), activation=d(*USUAL), use_bias=d(True, False)),
    ),
    "EinsumDense": (
        "sequence",
        lambda L, d: L.EinsumDense(
            *d(("abc,cd->abd", (None, 4)), ("abc,cde->abde", (None, 2, 4))), bias_axes="d"
        ),
    ),
    "Embedding": ("tokens", lambda L, d: L.Embedding(d(5, 16), d(4, 8), mask_zero=d(False, True))),
    "ReversibleEmbedding": ("tokens", lambda L, d: L.ReversibleEmbedding(d(5, 16), d(4, 8))),
    "Masking": ("sequence", lambda L, d: L.Masking(d(0.0, 1.0))),
    "Conv1D": (
        "sequence",
        lambda L, d: L.Conv1D(d(4, 8), **dilated(d, 1, padding=d("same", "valid", "causal"))),
    ),
    "Conv2D": ("image", lambda L, d: L.Conv2D(d(4, 8), **dilated(d, 2))),
    "Conv2D-groups": ("even", lambda L, d: L.Conv2D(d(4, 8), d(1, 3), groups=2, activation=d(*USUAL))),
    "Conv3D": ("volume", lambda L, d: L.Conv3D(d(2, 4), **conv(d, 3))),
    "DepthwiseConv1D": (
        "sequence",
        lambda L, d: L.DepthwiseConv1D(**dilated(d, 1), depth_multiplier=d(1, 2)),
    ),
    "DepthwiseConv2D": ("image", lambda L, d: L.DepthwiseConv2D(**dilated(d, 2), depth_multiplier=d(1, 2))),
    "SeparableConv1D": ("sequence", lambda L, d: L.SeparableConv1D(d(4, 8), **dilated(d, 1))),
    "SeparableConv2D": (
        "image",
        lambda L, d: L.SeparableConv2D(d(4, 8), **dilated(d, 2, strides=d(1, 1, 2))),
    ),
    "Conv1DTranspose": ("sequence", lambda L, d: L.Conv1DTranspose(d(4, 8), **conv(d, 1))),
    "Conv2DTranspose": ("image", lambda L, d: L.Conv2DTranspose(d(4, 8), **conv(d, 2))),
    "Conv3DTranspose": ("volume", lambda L, d: L.Conv3DTranspose(d(2, 4), **conv(d, 3))),
    "LocallyConnected1D": (
        "sequence",
        lambda L, d: L.LocallyConnected1D(4, d(1, 3), implementation=d(1, 2), activation=d(*USUAL)),
    ),
    "LocallyConnected2D": (
        "image",
        lambda L, d: L.LocallyConnected2D(4, d(1, 3), implementation=d(1, 2), activation=d(*USUAL)),
    ),
    "MaxPooling1D": ("sequence", lambda L, d: L.MaxPooling1D(**pool(d, 1))),
    "MaxPooling2D": ("image", lambda L, d: L.MaxPooling2D(**pool(d, 2))),
    "MaxPooling3D": ("volume", lambda L, d: L.MaxPooling3D(**pool(d, 3))),
    "AveragePooling1D": ("sequence", lambda L, d: L.AveragePooling1D(**pool(d, 1))),
    "AveragePooling2D": ("image", lambda L, d: L.AveragePooling2D(**pool(d, 2))),
    "AveragePooling3D": ("volume", lambda L, d: L.AveragePooling3D(**pool(d, 3))),
    **{
        f"Global{kind}Pooling{rank}D": (
            shape,
            lambda L, d, kind=kind, rank=rank: getattr(L, f"Global{kind}Pooling{rank}D")(
                keepdims=d(False, True)
            ),
        )
        for kind in ("Max", "Average")
        for rank, shape in ((1, "sequence"), (2, "image"), (3, "volume"))
    },
    **{
        f"Adaptive{kind}Pooling{rank}D": (
            shape,
            lambda L, d, kind=kind, rank=rank: getattr(L, f"Adaptive{kind}Pooling{rank}D")(d(1, 2, 3)),
        )
        for kind in ("Max", "Average")
        for rank, shape in ((1, "sequence"), (2, "image"), (3, "volume"))
    },
    "BatchNormalization": (
        "vector sequence image volume",
        lambda L, d: L.BatchNormalization(axis=d(-1, -1, 1), center=d(True, False), scale=d(True, False)),
    ),
    "LayerNormalization": (
        "vector sequence image",
        lambda L, d: L.LayerNormalization(axis=d(-1, -1, 1), center=d(True, False), scale=d(True, False)),
    ),
    "GroupNormalization": (
        "query image",
        lambda L, d: L.GroupNormalization(groups=d(1, 2, -1), center=d(True, False), scale=d(True, False)),
    ),
    "RMSNormalization": ("vector sequence image", lambda L, d: L.RMSNormalization(axis=d(-1, -1, 1))),
    "UnitNormalization": ("vector sequence image", lambda L, d: L.UnitNormalization(axis=d(-1, -1, 1))),
    "SpectralNormalization": (
        "image",
        lambda L, d: L.SpectralNormalization(L.Conv2D(d(4, 8), 3, activation=d(*USUAL))),
    ),
    "ReLU": (
        "vector image",
        lambda L, d: L.ReLU(
            max_value=d(None, 6.0, 1.0, 3.0), negative_slope=d(0.0, 0.0, 0.1), threshold=d(0.0, 0.0, 0.5)
        ),
    ),
    "LeakyReLU": ("vector image", lambda L, d: L.LeakyReLU(d(0.1, 0.3, 0.0))),
    "PReLU": ("vector image", lambda L, d: L.PReLU(shared_axes=d(None, [1]))),
    "ELU": ("vector image", lambda L, d: L.ELU(d(1.0, 0.5))),
    "ThresholdedReLU": ("vector image", lambda L, d: L.ThresholdedReLU(d(0.5, 1.0))),
    "Softmax": ("vector sequence image", lambda L, d: L.Softmax(axis=d(-1, -1, 1))),
    **{
        f"Activation-{name}": ("vector image", lambda L, d, name=name: L.Activation(name))
        for name in ACTIVATIONS
    },
    "Dropout": ("vector", lambda L, d: L.Dropout(0.5)),
    "SpatialDropout1D": ("sequence", lambda L, d: L.SpatialDropout1D(0.5)),
    "SpatialDropout2D": ("image", lambda L, d: L.SpatialDropout2D(0.5)),
    "SpatialDropout3D": ("volume", lambda L, d: L.SpatialDropout3D(0.5)),
    "GaussianNoise": ("vector", lambda L, d: L.GaussianNoise(0.5)),
    "GaussianDropout": ("vector", lambda L, d: L.GaussianDropout(0.5)),
    "AlphaDropout": ("vector", lambda L, d: L.AlphaDropout(0.5)),
    "ActivityRegularization": ("vector", lambda L, d: L.ActivityRegularization(0.5)),
    "Identity": ("vector", lambda L, d: L.Identity()),
    "Flatten": ("sequence image volume", lambda L, d: L.Flatten(data_format=d(None, "channels_first"))),
    "Reshape": ("vector", lambda L, d: L.Reshape(d((2, -1), (-1, 2), (1, 2, -1)))),
    "Permute": ("image", lambda L, d: L.Permute(d((2, 1, 3), (3, 1, 2), (1, 3, 2)))),
    "RepeatVector": ("vector", lambda L, d: L.RepeatVector(d(1, 3))),
    "Cropping1D": ("sequence", lambda L, d: L.Cropping1D(d(1, (0, 1)))),
    "Cropping2D": ("image", lambda L, d: L.Cropping2D(bounded(d, 2))),
    "Cropping3D": ("volume", lambda L, d: L.Cropping3D(bounded(d, 3))),
    "ZeroPadding1D": ("sequence", lambda L, d: L.ZeroPadding1D(d(1, (0, 2)))),
    "ZeroPadding2D": ("image", lambda L, d: L.ZeroPadding2D(per_axis(d, 2))),
    "ZeroPadding3D": ("volume", lambda L, d: L.ZeroPadding3D(per_axis(d, 3))),
    "UpSampling1D": ("sequence", lambda L, d: L.UpSampling1D(d(2, 3))),
    "UpSampling2D": (
        "image",
        lambda L, d: L.UpSampling2D(
            d(2, 3, (1, 2)), interpolation=d("nearest", "bilinear", "bicubic", "lanczos3")
        ),
    ),
    "UpSampling3D": ("volume", lambda L, d: L.UpSampling3D(2)),
    **{
        name: (
            "pair-vector pair-sequence pair-image",
            lambda L, d, name=name: getattr(L, name)(),
        )
        for name in ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum")
    },
    "Concatenate": ("pair-vector pair-sequence pair-image", lambda L, d: L.Concatenate(axis=d(-1, -1, 1))),
    "Dot": ("pair-vector pair-sequence", lambda L, d: L.Dot(axes=-1, normalize=d(False, True))),
    "Attention": (
        "pair-query",
        lambda L, d: L.Attention(use_scale=d(False, True), score_mode=d("dot", "concat")),
    ),
    "AdditiveAttention": ("pair-query", lambda L, d: L.AdditiveAttention(use_scale=d(False, True))),
    "MultiHeadAttention": (
        "twice-query",
        lambda L, d: L.MultiHeadAttention(d(1, 2), d(4, 8), value_dim=d(None, 4), use_bias=d(True, False)),
    ),
    "GroupQueryAttention": ("twice-query", lambda L, d: L.GroupQueryAttention(d(4, 8), 4, d(1, 2))),
    "SimpleRNN": ("sequence", lambda L, d: L.SimpleRNN(d(4, 8), **recurrent(d))),
    "GRU": ("sequence", lambda L, d: L.GRU(d(4, 8), **recurrent(d), reset_after=d(True, False))),
    "LSTM": ("sequence", lambda L, d: L.LSTM(d(4, 8), **recurrent(d))),
    "RNN": (
        "sequence",
        lambda L, d: L.RNN(
            d(L.LSTMCell(4), L.GRUCell(4), L.SimpleRNNCell(4)), return_sequences=d(True, False)
        ),
    ),
    "StackedRNNCells": (
        "sequence",
        lambda L, d: L.RNN(L.StackedRNNCells([L.LSTMCell(4), L.GRUCell(4)]), return_sequences=d(True, False)),
    ),
    "Bidirectional": (
        "sequence",
        lambda L, d: L.Bidirectional(
            d(L.LSTM, L.GRU, L.SimpleRNN)(4, return_sequences=d(True, False)),
            merge_mode=d("concat", "sum", "mul", "ave"),
        ),
    ),
    "TimeDistributed": (
        "frames",
        lambda L, d: L.TimeDistributed(d(L.Conv2D(4, 3), L.GlobalAveragePooling2D(), L.MaxPooling2D(2))),
    ),
    "ConvLSTM1D": ("rows", lambda L, d: L.ConvLSTM1D(2, 3, padding="same", return_sequences=d(True, False))),
    "ConvLSTM2D": (
        "frames",
        lambda L, d: L.ConvLSTM2D(2, 3, padding="same", return_sequences=d(True, False)),
    ),
    "ConvLSTM3D": ("movie", lambda L, d: L.ConvLSTM3D(2, 2, padding="same")),
    "Rescaling": ("picture", lambda L, d: L.Rescaling(d(1 / 255, 1 / 127.5), offset=d(0.0, -1.0))),
    "Normalization": (
        "vector image",
        lambda L, d: L.Normalization(mean=d(0.0, 0.5), variance=d(1.0, 2.0)),
    ),
    "Resizing": (
        "picture",
        lambda L, d: L.Resizing(
            d(4, 16),
            d(4, 16),
            interpolation=d("bilinear", "nearest", "bicubic"),
            crop_to_aspect_ratio=d(False, True),
        ),
    ),
    "CenterCrop": ("picture", lambda L, d: L.CenterCrop(d(4, 6), d(4, 8))),
    "RandomCrop": ("picture", lambda L, d: L.RandomCrop(d(4, 6), d(4, 6))),
    **{
        name: ("picture", lambda L, d, name=name: getattr(L, name)(d(0.1, 0.3)))
        for name in (
            "RandomBrightness RandomContrast RandomRotation RandomZoom RandomHue RandomSaturation RandomSharpness "
            "RandomShear RandomWidth RandomHeight RandomColorDegeneration RandomGrayscale RandomInvert"
        ).split()
    },
    **{
        name: ("picture", lambda L, d, name=name: getattr(L, name)())
        for name in (
            "RandomFlip AutoContrast Equalization Solarization RandomColorJitter RandomErasing RandomPerspective "
            "RandomGaussianBlur RandomElasticTransform RandAugment AugMix CutMix MixUp "
            "ContrastLimitedAdaptiveHistogramEqualization"
        ).split()
    },
    "RandomPosterization": ("picture", lambda L, d: L.RandomPosterization(d(2, 4))),
    "RandomTranslation": ("picture", lambda L, d: L.RandomTranslation(0.1, 0.1)),
    "Discretization": (
        "vector",
        lambda L, d: L.Discretization([0.2, 0.5, 1.0], output_mode=d("int", "one_hot")),
    ),
    "CategoryEncoding": (
        "tokens",
        lambda L, d: L.CategoryEncoding(6, output_mode=d("multi_hot", "count")),
    ),
    "IntegerLookup": ("tokens", lambda L, d: L.IntegerLookup(vocabulary=[1, 2, 3])),
    "Hashing": ("tokens", lambda L, d: L.Hashing(d(4, 8))),
    "STFTSpectrogram": (
        "wave",
        lambda L, d: L.STFTSpectrogram(
            mode=d("log", "magnitude", "psd"), frame_length=16, frame_step=8, fft_length=16
        ),
    ),
    "MelSpectrogram": (
        "wave",
        lambda L, d: L.MelSpectrogram(
            fft_length=16, sequence_stride=8, num_mel_bins=4, sampling_rate=160, max_freq=80
        ),
    ),
}

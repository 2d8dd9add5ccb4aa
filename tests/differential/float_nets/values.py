"""Blocks that compute: reductions, comparisons, look-ups."""

from float_nets.block import block


@block(open=True)
def vector(d, x):
    """A constant for each channel, by one operation, on either side."""
    tf = d.tf
    c = d.positive(x.shape[-1])
    op = d.choice(
        tf.add, tf.subtract, tf.multiply, tf.divide, tf.maximum, tf.minimum, tf.math.squared_difference
    )
    return op(x, c) if d.choice(True, True, False) else op(c, tf.abs(x) + 0.5)


@block(open=True)
def prelu(d, x):
    tf = d.tf
    return tf.nn.relu(x) - d.positive(x.shape[-1]) * tf.nn.relu(-x)


@block()
def reduce(d, x):
    tf = d.tf
    op = d.choice(
        tf.reduce_mean, tf.reduce_sum, tf.reduce_max, tf.reduce_min, tf.reduce_prod, tf.reduce_logsumexp,
        tf.math.reduce_variance, tf.math.reduce_std, tf.norm,
    )  # fmt: skip
    return (
        op(x, axis=d.axes(x.shape.rank), keepdims=d.choice(True, False))
        if op is not tf.norm
        else tf.norm(x, axis=-1)
    )


@block()
def reduce_any(d, x):
    tf = d.tf
    op = d.choice(tf.reduce_any, tf.reduce_all)
    return tf.cast(op(x > 0.7, d.axes(x.shape.rank), keepdims=True), tf.float32) * x


@block()
def arg(d, x):
    tf = d.tf
    found = d.choice(tf.argmax, tf.argmin)(x, -1, output_type=d.choice(tf.int64, tf.int32))
    return d.choice(
        lambda: tf.one_hot(found, x.shape[-1]),
        lambda: tf.cast(found, tf.float32) * 0.5,
        lambda: tf.gather(d.weights(x.shape[-1], 4), found),
        lambda: found,
    )()


@block(3, 4)
def softmax_axis(d, x):
    return d.tf.nn.softmax(x, axis=1)


@block()
def l2_normalize(d, x):
    return d.tf.math.l2_normalize(x, d.choice(-1, 1), epsilon=1e-6)


@block(2, 3, 4)
def masked(d, x):
    """A mask in whole numbers or truths from an array, as models with padding have it."""
    tf = d.tf
    mask = tf.reduce_any(tf.not_equal(x, 0.0), -1, keepdims=True)
    return d.choice(
        lambda: x * tf.cast(mask, tf.float32), lambda: tf.where(mask, x, tf.zeros_like(x)),
        lambda: tf.reduce_sum(x * tf.cast(mask, tf.float32), 1) / (tf.reduce_sum(tf.cast(mask, tf.float32), 1) + 1.0),
    )()  # fmt: skip


@block(2, 3, 4)
def broadcast(d, x):
    tf = d.tf
    first = x[..., :1]
    return d.choice(
        lambda: first * x, lambda: tf.broadcast_to(first, tf.shape(x)) + x,
        lambda: x - tf.reduce_mean(x, -1, keepdims=True),
        lambda: x[:, :1] + x, lambda: tf.maximum(first, x), lambda: x / (tf.abs(first) + 1.0),
    )()  # fmt: skip


@block(2, 3, 4)
def matrix(d, x):
    tf = d.tf
    return d.choice(
        lambda: tf.linalg.band_part(x, 1, 0),
        lambda: tf.linalg.diag(x) if x.shape.rank == 2 else tf.linalg.band_part(x, -1, 0),
        lambda: tf.linalg.matrix_transpose(x), lambda: tf.linalg.set_diag(x, tf.zeros_like(tf.linalg.diag_part(x))),
    )()  # fmt: skip


@block(2, 3, batch=False)
def scatter(d, x):
    tf = d.tf
    rest = x.shape[1:]
    return d.choice(
        lambda: tf.tensor_scatter_nd_update(x, [[0]], d.weights(1, *rest)),
        lambda: tf.tensor_scatter_nd_add(x, [[0]], d.weights(1, *rest)),
        lambda: tf.scatter_nd([[1]], x[:1], [3, *rest]),
        lambda: tf.math.unsorted_segment_sum(x, [0] * x.shape[0], 2),
        lambda: tf.math.segment_sum(x, [0] * x.shape[0]),
    )()


@block(2, 3, 4)
def embed(d, x):
    """Whole numbers made of an array look rows up, or are counted as one-hot."""
    tf = d.tf
    ids = tf.clip_by_value(tf.cast(x[..., :2] * 2.0, tf.int32), 0, 3)
    return d.choice(
        lambda: tf.gather(d.weights(4, 6), ids), lambda: tf.one_hot(ids, 4),
        lambda: tf.matmul(tf.one_hot(ids, 4), d.weights(4, 6)),
        lambda: tf.nn.embedding_lookup(d.weights(4, 6), ids), lambda: tf.one_hot(ids, 4, 0.9, 0.1),
        lambda: tf.cast(tf.equal(ids, 1), tf.float32),
    )()  # fmt: skip

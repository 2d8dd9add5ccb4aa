"""Blocks with weights, normalizations, and what convolutional networks are made of."""

from float_nets.block import activated, block


@block()
def layer_norm(d, x):
    """Over the last axis, over all, or by tf.nn.batch_normalization."""
    tf = d.tf
    axes = d.choice([-1], list(range(1, x.shape.rank)))
    mean, variance = tf.nn.moments(x, axes, keepdims=True)
    gamma, beta = d.positive(x.shape[-1]), d.weights(x.shape[-1])
    return d.choice(
        lambda: tf.nn.batch_normalization(x, mean, variance, beta, gamma, 1e-3),
        lambda: (x - mean) * tf.math.rsqrt(variance + 1e-3) * gamma + beta,
        lambda: (x - mean) / tf.sqrt(variance + 1e-3),
        lambda: gamma * (x - mean) / (tf.math.reduce_std(x, axes, keepdims=True) + 1e-3) + beta,
    )()


@block()
def rms_norm(d, x):
    tf = d.tf
    return x * tf.math.rsqrt(tf.reduce_mean(tf.square(x), -1, keepdims=True) + 1e-3) * d.positive(x.shape[-1])


@block(4)
def instance_norm(d, x):
    tf = d.tf
    mean, variance = tf.nn.moments(x, [1, 2], keepdims=True)
    return (x - mean) * tf.math.rsqrt(variance + 1e-3) * d.positive(x.shape[-1]) + d.weights(x.shape[-1])


@block(4, batch=False)
def group_norm(d, x):
    tf = d.tf
    n, h, w, c = x.shape
    grouped = tf.reshape(x, [n, h, w, 2, c // 2])
    mean, variance = tf.nn.moments(grouped, [1, 2, 4], keepdims=True)
    normal = d.choice(
        lambda: (grouped - mean) / tf.sqrt(variance + 1e-3),
        lambda: (grouped - mean) * tf.math.rsqrt(variance + 1e-3),
    )()
    return tf.reshape(normal, [n, h, w, c]) * d.positive(c) + d.weights(c)


@block(open=True)
def batch_norm(d, x):
    tf = d.tf
    c = x.shape[-1]
    if x.shape.rank == 4 and d.choice(True, False):
        return tf.compat.v1.nn.fused_batch_norm(
            x, d.positive(c), d.weights(c), d.weights(c), d.positive(c), is_training=False
        )[0]
    return tf.nn.batch_normalization(x, d.weights(c), d.positive(c), d.weights(c), d.positive(c), 1e-3)


@block()
def dense(d, x):
    tf = d.tf
    units = d.choice(1, 4, 8, 40)
    y = (
        tf.tensordot(x, d.weights(x.shape[-1], units), 1)
        if x.shape.rank > 2
        else x @ d.weights(x.shape[-1], units)
    )
    return activated(
        d, d.choice(lambda: y, lambda: tf.nn.bias_add(y, d.weights(units)), lambda: y + d.weights(units))()
    )


@block(3, 4)
def einsum(d, x):
    tf = d.tf
    c = x.shape[-1]
    if x.shape.rank == 4:
        return tf.einsum("bhwc,cd->bhwd", x, d.weights(c, 6))
    return d.choice(
        lambda: tf.einsum("btc,cd->btd", x, d.weights(c, 6)),
        lambda: tf.einsum("btc,chd->bthd", x, d.weights(c, 2, 4)),
        lambda: tf.einsum("btc,bsc->bts", x, tf.tanh(x)),
    )()


@block(2)
def gemm(d, x):
    tf = d.tf
    return d.choice(
        lambda: tf.matmul(x, d.weights(6, x.shape[-1]), transpose_b=True),
        lambda: tf.matmul(x, x, transpose_b=True),
        lambda: tf.matmul(x, tf.tanh(x), transpose_a=True),
    )()


@block(3)
def batch_matmul(d, x):
    tf = d.tf
    return d.choice(
        lambda: tf.matmul(x, tf.tanh(x), transpose_b=True),
        lambda: tf.matmul(tf.sigmoid(x), x, transpose_a=True),
        lambda: tf.matmul(x, d.weights(1, x.shape[-1], 5)),
    )()


@block(4)
def conv(d, x):
    tf = d.tf
    c, out = x.shape[-1], d.choice(4, 8, 32)
    size = d.choice(1, 3, 3)
    how = d.choice({}, {"strides": 2}, {"dilations": 2}, {"padding": "VALID"})
    y = tf.nn.conv2d(
        x,
        d.weights(size, size, c, out),
        how.get("strides", 1),
        how.get("padding", "SAME"),
        dilations=how.get("dilations", 1),
    )
    return activated(
        d,
        d.choice(
            lambda: y, lambda: tf.nn.bias_add(y, d.weights(out)), lambda: y * d.positive(out) + d.weights(out)
        )(),
    )


@block(4)
def depthwise(d, x):
    tf = d.tf
    c, times, s = x.shape[-1], d.choice(1, 1, 2), d.choice(1, 1, 2)
    y = tf.nn.depthwise_conv2d(x, d.weights(3, 3, c, times), [1, s, s, 1], "SAME")
    return activated(d, tf.nn.bias_add(y, d.weights(c * times)))


@block(4)
def separable(d, x):
    return activated(
        d,
        d.tf.nn.separable_conv2d(
            x, d.weights(3, 3, x.shape[-1], 1), d.weights(1, 1, x.shape[-1], 6), [1, 1, 1, 1], "SAME"
        ),
    )


@block(4)
def grouped_conv(d, x):
    tf = d.tf
    c = x.shape[-1]
    if c % 2:
        return x * 1.2
    return d.choice(
        lambda: tf.nn.conv2d(x, d.weights(3, 3, c // 2, 6), 1, "SAME"),
        lambda: tf.concat(
            [tf.nn.conv2d(one, d.weights(1, 1, c // 2, 3), 1, "SAME") for one in tf.split(x, 2, -1)], -1
        ),
    )()


@block(4, batch=False)
def transposed_conv(d, x):
    tf = d.tf
    n, h, w, c = x.shape
    y = tf.nn.conv2d_transpose(x, d.weights(3, 3, 4, c), [n, 2 * h, 2 * w, 4], 2)
    return activated(d, d.choice(lambda: y, lambda: tf.nn.bias_add(y, d.weights(4)))())


@block(4)
def transposed_conv_open(d, x):
    tf = d.tf
    h, w, c = x.shape[1:]
    shape = tf.stack([tf.shape(x)[0], 2 * h, 2 * w, 4])
    return tf.nn.bias_add(tf.nn.conv2d_transpose(x, d.weights(2, 2, 4, c), shape, 2), d.weights(4))


@block(4, open=True)
def pool(d, x):
    tf = d.tf
    op = d.choice(tf.nn.max_pool2d, tf.nn.avg_pool2d)
    return op(x, d.choice(2, 3), d.choice(1, 2), d.choice("SAME", "VALID"))


@block(4, open=True)
def global_pool(d, x):
    tf = d.tf
    return d.choice(tf.reduce_mean, tf.reduce_max, tf.reduce_sum)(x, [1, 2], keepdims=d.choice(True, False))


@block(4)
def squeeze_excite(d, x):
    tf = d.tf
    c = x.shape[-1]
    mean = tf.reduce_mean(x, [1, 2], keepdims=True)
    hidden = tf.nn.relu(tf.nn.conv2d(mean, d.weights(1, 1, c, 2), 1, "SAME"))
    return x * tf.sigmoid(tf.nn.conv2d(hidden, d.weights(1, 1, 2, c), 1, "SAME"))


@block(4)
def inception(d, x):
    tf = d.tf
    c = x.shape[-1]
    left = tf.nn.relu(tf.nn.conv2d(x, d.weights(1, 1, c, 4), 1, "SAME"))
    right = tf.nn.max_pool2d(x, 3, 1, "SAME")
    return tf.concat([left, right, tf.nn.avg_pool2d(x, 3, 1, "SAME")][: d.choice(2, 3)], -1)


@block(4)
def residual_conv(d, x):
    tf = d.tf
    c = x.shape[-1]
    y = tf.nn.relu(tf.nn.bias_add(tf.nn.conv2d(x, d.weights(3, 3, c, c), 1, "SAME"), d.weights(c)))
    return tf.nn.relu(x + tf.nn.conv2d(y, d.weights(1, 1, c, c), 1, "SAME"))

"""Blocks of sequences: attention, recurrent layers unrolled and as loops, branches."""

from float_nets.block import activated, block


@block(3)
def attention(d, x):
    """Scaled dot product, with one head or two, now and then with a mask."""
    tf = d.tf
    t, c = x.shape[1:]
    q, k, v = (x if d.choice(True, False) else tf.tensordot(x, d.weights(c, c), 1) for _ in range(3))
    if c % 2 == 0 and d.choice(True, False):
        q, k, v = (tf.transpose(tf.reshape(one, [-1, t, 2, c // 2]), [0, 2, 1, 3]) for one in (q, k, v))
    scores = tf.matmul(q, k, transpose_b=True) * (c**-0.5)
    if d.choice(True, False):
        mask = tf.linalg.band_part(tf.ones([t, t]), -1, 0)
        scores += (1.0 - mask) * d.choice(-1e4, -1e9)
    y = tf.matmul(tf.nn.softmax(scores), v)
    return y if y.shape.rank == 3 else tf.reshape(tf.transpose(y, [0, 2, 1, 3]), [-1, t, c])


@block(3)
def linear_attention(d, x):
    tf = d.tf
    q, k = tf.nn.elu(x) + 1.0, tf.nn.relu(x) + 0.1
    return tf.matmul(q, tf.matmul(k, x, transpose_a=True)) / (tf.reduce_sum(q, -1, keepdims=True) + 1.0)


@block(3, batch=False)
def positions(d, x):
    tf = d.tf
    t, c = x.shape[1:]
    return d.choice(
        lambda: x + tf.gather(d.weights(t, c), tf.range(t)),
        lambda: x + tf.sin(tf.cast(tf.range(t), tf.float32)[:, None] * d.positive(c)),
        lambda: x * (c**0.5) + d.weights(1, t, c),
    )()


@block(3)
def conv1d(d, x):
    tf = d.tf
    c = x.shape[-1]
    how = d.choice("same", "stride", "dilated", "causal", "causal dilated")
    if how.startswith("causal"):
        rate = 2 if how.endswith("dilated") else 1
        return activated(
            d,
            tf.nn.conv1d(
                tf.pad(x, [[0, 0], [2 * rate, 0], [0, 0]]), d.weights(3, c, 6), 1, "VALID", dilations=rate
            ),
        )
    y = tf.nn.conv1d(
        x, d.weights(3, c, 6), 2 if how == "stride" else 1, "SAME", dilations=2 if how == "dilated" else 1
    )
    return activated(d, tf.nn.bias_add(y, d.weights(6)))


@block(3)
def pool1d(d, x):
    tf = d.tf
    return d.choice(
        lambda: tf.nn.max_pool1d(x, 2, 2, "VALID"), lambda: tf.nn.avg_pool1d(x, 2, 1, "SAME"),
        lambda: tf.reduce_mean(x, 1), lambda: tf.reduce_max(x, 1), lambda: x[:, -1],
    )()  # fmt: skip


def lstm_step(d, units, inputs):
    tf = d.tf
    kernel, own, bias = d.weights(inputs, 4 * units), d.weights(units, 4 * units), d.weights(4 * units)

    def step(x, h, c):
        i, f, g, o = tf.split(x @ kernel + h @ own + bias, 4, -1)
        c = tf.sigmoid(f) * c + tf.sigmoid(i) * tf.tanh(g)
        return tf.sigmoid(o) * tf.tanh(c), c

    return step


def gru_step(d, units, inputs):
    tf = d.tf
    gates, own, state, new = (
        d.weights(inputs, 2 * units),
        d.weights(units, 2 * units),
        d.weights(inputs, units),
        d.weights(units, units),
    )

    def step(x, h, c):
        z, r = tf.split(tf.sigmoid(x @ gates + h @ own), 2, -1)
        return z * h + (1.0 - z) * tf.tanh(x @ state + (r * h) @ new), c

    return step


def simple_step(d, units, inputs):
    tf = d.tf
    kernel, own = d.weights(inputs, units), d.weights(units, units)
    return lambda x, h, c: (tf.tanh(x @ kernel + h @ own), c)


@block(3, batch=False)
def unrolled(d, x):
    tf = d.tf
    step = d.choice(lstm_step, gru_step, simple_step)(d, 4, x.shape[-1])
    h = c = tf.zeros([x.shape[0], 4])
    states = []
    for one in tf.unstack(x[:, :3], axis=1):
        h, c = step(one, h, c)
        states.append(h)
    return d.choice(lambda: h, lambda: tf.stack(states, 1), lambda: [h, c])()


@block(3, batch=False)
def looped(d, x):
    """A recurrent layer as a loop over a TensorArray, as Keras writes it."""
    tf = d.tf
    step = d.choice(lstm_step, gru_step, simple_step)(d, 4, x.shape[-1])
    steps = x.shape[1]
    turned = tf.transpose(x, [1, 0, 2])
    inputs = tf.TensorArray(tf.float32, steps).unstack(turned)
    outputs = tf.TensorArray(tf.float32, steps, element_shape=[x.shape[0], 4])
    zeros = tf.zeros([x.shape[0], 4])

    def body(i, h, c, outputs):
        h, c = step(inputs.read(i), h, c)
        return i + 1, h, c, outputs.write(i, h)

    _, h, _, outputs = tf.while_loop(lambda i, *_: i < steps, body, [0, zeros, zeros, outputs])
    return d.choice(lambda: h, lambda: tf.transpose(outputs.stack(), [1, 0, 2]))()


@block(2, 3, 4, batch=False)
def loop(d, x):
    tf = d.tf
    body = d.choice(lambda y: y * 0.5 + 0.1, tf.tanh, tf.sin)
    return tf.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, body(y)), [0, x])[1]


@block(2, 3, 4, batch=False)
def branch(d, x):
    tf = d.tf
    # A sum of sines has either sign: samples enter both branches.
    return tf.cond(tf.reduce_sum(tf.sin(x * 40.0)) > 0.0, lambda: tf.nn.relu(x) * 2.0, lambda: tf.sin(x))


@block(2, batch=False)
def cell(d, x):
    h = d.weights(x.shape[0], 4)
    return d.choice(lstm_step, gru_step)(d, 4, x.shape[-1])(x, h, d.tf.zeros([x.shape[0], 4]))[0]


@block(2, batch=False)
def map_rows(d, x):
    tf = d.tf
    return tf.map_fn(lambda row: tf.tanh(row) * 0.5, x)

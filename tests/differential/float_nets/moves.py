"""Blocks that move values: slices, joints, orders, shapes."""

from float_nets.block import block


@block(2, 3, 4)
def top_k(d, x):
    values, indices = d.tf.nn.top_k(x, 2)
    return d.choice(lambda: values, lambda: [values, indices], lambda: indices)()


@block()
def gather(d, x):
    axis = d.axes(x.shape.rank)[0]
    return d.tf.gather(x, d.choice([0, 2], [1], [2, 1, 0, 0]), axis=axis)


@block(2, 3, 4, batch=False)
def gather_nd(d, x):
    return d.tf.gather_nd(x, [[0, 1], [0, 0]])


@block(3, 4)
def batch_gather(d, x):
    tf = d.tf
    indices = tf.argmax(x[..., 0] if x.shape.rank == 3 else x[..., 0, 0], 1, output_type=tf.int32)
    return tf.gather(x, indices[:, None], axis=1, batch_dims=1)


@block(2, 3, 4)
def strided(d, x):
    return d.choice(
        lambda: x[:, ::2], lambda: x[:, 1:], lambda: x[..., 0], lambda: x[..., :1], lambda: x[:, None],
        lambda: x[..., None], lambda: x[:, ::-1], lambda: x[..., ::-1], lambda: x[:, -2:], lambda: x[..., 1::2],
        lambda: x[:, 0], lambda: x[0], lambda: x[:1], lambda: x[:, 1:-1], lambda: x[..., -1:],
        lambda: d.tf.slice(x, [0] * x.shape.rank, [-1] * (x.shape.rank - 1) + [2]),
    )()  # fmt: skip


@block(4)
def crop(d, x):
    return d.choice(
        lambda: x[:, 1:-1, 1:-1], lambda: x[:, ::2, ::2], lambda: x[:, :, ::-1, :2], lambda: x[:, 1, :, 1:3]
    )()


@block()
def split(d, x):
    tf = d.tf
    half = x.shape[-1] // 2
    parts = d.choice(lambda: tf.split(x, [half, x.shape[-1] - half], -1), lambda: tf.split(x, 2, -1))()
    return d.choice(
        lambda: [tf.tanh(parts[0]), parts[1]],
        lambda: tf.concat(parts[::-1], -1),
        lambda: parts[0] * tf.sigmoid(parts[1]) if half * 2 == x.shape[-1] else parts[0],
    )()


@block(2, 3, 4)
def unstack(d, x):
    tf = d.tf
    parts = tf.unstack(x, axis=1)[:6]
    if len(parts) != x.shape[1]:
        return tf.stack([x, x], 1)
    return d.choice(lambda: tf.stack(parts[::-1], 1), lambda: tf.add_n(parts), lambda: tf.concat(parts, -1))()


@block()
def stack(d, x):
    tf = d.tf
    return (
        tf.stack([x, tf.sigmoid(x)], d.choice(1, -1)) if x.shape.rank < 4 else tf.concat([x, tf.tanh(x)], 1)
    )


@block(batch=False)
def concat_constant(d, x):
    return d.tf.concat([x, d.weights(*x.shape[:-1], 2)], -1)


@block(2, 3, 4)
def transpose(d, x):
    rest = list(range(1, x.shape.rank))
    d.random.shuffle(rest)
    return d.tf.transpose(x, [0, *rest])


@block(2, 3, 4)
def transpose_batch(d, x):
    order = list(range(x.shape.rank))
    d.random.shuffle(order)
    return d.tf.transpose(x, order) * 0.9 if x.shape[0] is not None else x + 0.1


@block()
def reshape(d, x):
    tf = d.tf
    sizes = x.shape[1:]
    total = 1
    for size in sizes:
        total *= size
    return d.choice(
        lambda: tf.reshape(x, [-1, total]),
        lambda: tf.reshape(x, [-1, total // x.shape[-1], x.shape[-1]]),
        lambda: tf.reshape(x, [-1, x.shape[-1]]),
        lambda: tf.reshape(x, [-1, 1, total // x.shape[-1], x.shape[-1]]),
        lambda: (
            tf.reshape(x, tf.concat([tf.shape(x)[:1], [total // 2, 2]], 0)) if total % 2 == 0 else x * 0.7
        ),
    )()


@block(3, 4)
def pad(d, x):
    tf = d.tf
    around = [[0, 0]] + [[1, 2]] + [[1, 1]] * (x.shape.rank - 3) + [[0, 0]]
    how = d.choice("CONSTANT", "REFLECT", "SYMMETRIC", "value", "channels")
    if how == "value":
        return tf.pad(x, around, constant_values=d.choice(1.0, -1.0))
    if how == "channels":
        return tf.pad(x, [[0, 0]] * (x.shape.rank - 1) + [[0, 2]])
    return tf.pad(x, around, how)


@block()
def order(d, x):
    tf = d.tf
    axis = d.axes(x.shape.rank)[0]
    return d.choice(
        lambda: tf.cumsum(x, axis), lambda: tf.cumsum(x, axis, exclusive=True, reverse=True),
        lambda: tf.reverse(x, [axis]), lambda: tf.roll(x, 1, axis), lambda: tf.roll(x, -2, axis),
        lambda: tf.repeat(x, 2, axis), lambda: tf.sort(x), lambda: tf.tile(x, [1] * (x.shape.rank - 1) + [2]),
        lambda: tf.tile(x, [1, 2] + [1] * (x.shape.rank - 2)),
    )()  # fmt: skip


@block(3, 4, batch=False)
def reverse_sequence(d, x):
    return d.tf.reverse_sequence(x, [2] * x.shape[0], seq_axis=1, batch_axis=0)


@block(4)
def resize(d, x):
    tf = d.tf
    h, w = x.shape[1:3]
    return d.choice(
        lambda: tf.image.resize(x, [2 * h, 2 * w]), lambda: tf.image.resize(x, [2 * h, 2 * w], "nearest"),
        lambda: tf.image.resize(x, [5, 7]),
        lambda: tf.compat.v1.image.resize_bilinear(x, [2 * h, 2 * w], align_corners=True),
        lambda: tf.raw_ops.ResizeNearestNeighbor(images=x, size=[2 * h, 2 * w]),
        lambda: tf.repeat(tf.repeat(x, 2, 1), 2, 2),
        lambda: tf.image.resize(x, tf.shape(x)[1:3] * 2),
    )()  # fmt: skip


@block(4)
def rearrange(d, x):
    tf = d.tf
    h, w, c = x.shape[1:]
    return d.choice(
        lambda: tf.nn.space_to_depth(x, 2), lambda: tf.nn.depth_to_space(x, 2),
        lambda: tf.reshape(tf.transpose(tf.reshape(x, [-1, h, w, 2, c // 2]), [0, 1, 2, 4, 3]), [-1, h, w, c]),
        lambda: tf.reshape(tf.transpose(tf.reshape(x, [-1, h, w, 2, c // 2]), [0, 1, 3, 2, 4]), [-1, 2 * h, w, c // 2]),
        lambda: tf.space_to_batch(x, [2, 2], [[0, 0], [0, 0]]), lambda: tf.nn.lrn(x, 2),
        lambda: tf.image.extract_patches(x, [1, 2, 2, 1], [1, 2, 2, 1], [1, 1, 1, 1], "VALID"),
        lambda: tf.image.central_crop(x, 0.5),
    )()  # fmt: skip

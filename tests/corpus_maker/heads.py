"""Heads on bodies, as `tf.contrib.quantize.create_eval_graph` leaves them, and one-op probes."""

from __future__ import annotations

from collections.abc import Iterator

from tests.corpus_maker.pieces import PIECES, NotApplicable, Sizes
from tests.corpus_maker.program import Program, Ref, Step, build, chain

WIDE = (-4.0, 4.0)
POSITIVE = (0.0, 6.0)
IMAGE: Sizes = (1, 8, 8, 4)
ROW: Sizes = (1, 8)

# Body -> (input shape, steps). The rewriter puts a FakeQuant behind each activation.
BODIES: dict[str, tuple[Sizes, tuple[tuple[str, tuple[float, float] | None], ...]]] = {
    "dense": (ROW, (("Dense", None), ("Relu6", POSITIVE))),
    "deep": (ROW, (("Dense", None), ("Relu", POSITIVE), ("Dense", None), ("Relu", POSITIVE))),
    "conv": (IMAGE, (("Conv", None), ("Relu6", POSITIVE), ("AvgPool", POSITIVE), ("Flatten", None))),
    "separable": (
        IMAGE,
        (("Depthwise", None), ("Relu6", POSITIVE), ("Conv", None), ("Relu6", POSITIVE), ("Mean", POSITIVE)),
    ),
}
# Head -> steps; the last one's FakeQuant stands behind the output, or is the output, or there is none.
HEADS: dict[str, tuple[str, ...]] = {
    "linear": ("Dense",),
    "linear-add": ("DenseAdd",),
    "matmul": ("DenseNoBias",),
    "relu": ("Dense", "Relu"),
    "relu6": ("Dense", "Relu6"),
    "leaky": ("Dense", "LeakyRelu"),
    "elu": ("Dense", "Elu"),
    "sigmoid": ("Dense", "Sigmoid"),
    "tanh": ("Dense", "Tanh"),
    "softmax": ("Dense", "Softmax"),
    "log-softmax": ("Dense", "LogSoftmax"),
    "softplus": ("Dense", "Softplus"),
    "clip": ("Dense", "MaximumZero", "MinimumClip"),
    "scale": ("Dense", "MulConstant"),
    "denormalize": ("Dense", "MulConstant", "AddConstant"),
    "divide": ("Dense", "DivConstant"),
    "identity": ("Dense", "Identity"),
    "relu-identity": ("Dense", "Relu", "Identity"),
    "slice": ("Dense", "StridedSlice"),
    "split": ("Dense", "SplitSecond"),
    "expand": ("Dense", "ExpandDims"),
    "square": ("Dense", "Square"),
    "exp": ("Dense", "Exp"),
    "minimum": ("Dense", "MinimumGuard"),
    "raw-weights": ("DenseRaw",),
    "residual": ("Dense", "Add"),
}
PLACES = ("behind", "output", "missing", "guarded")


def heads() -> Iterator[tuple[str, Program]]:
    """Every head on every body, with the FakeQuant of the output in every place."""
    for body, (shape, before) in BODIES.items():
        for head, after in HEADS.items():
            for place in PLACES if body in {"dense", "conv"} else PLACES[:2]:
                yield f"head-{body}-{head}-{place}", _head(shape, before, after, place)


def _head(
    shape: Sizes,
    before: tuple[tuple[str, tuple[float, float] | None], ...],
    after: tuple[str, ...],
    place: str,
) -> Program:
    last = None if place == "missing" else WIDE
    # An activation after a layer shares the layer's FakeQuant; other ops have their own.
    inner = [(name, None if _activates(after[i + 1]) else WIDE) for i, name in enumerate(after[:-1])]
    steps = [*before, *inner, (after[-1], last)]
    if place == "guarded":
        steps.append(("MinimumGuard", None))
    return chain(shape, *steps, raw=place == "behind")


def _activates(piece: str) -> bool:
    return piece in {"Relu", "Relu6"}


def probes() -> Iterator[tuple[str, Program]]:
    """Each piece alone, in every place a FakeQuant can have around it."""
    for piece in PIECES:
        for name, program in _around(piece):
            try:
                build(program)
            except NotApplicable:
                continue
            yield f"probe-{piece}-{name}", program


def _around(piece: str) -> Iterator[tuple[str, Program]]:
    if piece == "Squeeze":
        shape: Sizes = (1, 1, 1, 8)
    elif piece in {"ExpandDims", "Pack"} or piece.startswith("Dense"):
        shape = ROW
    else:
        shape = (1, 4, 4, 4)
    yield "enclosed", chain(shape, (piece, WIDE), range=WIDE)
    yield "behind", chain(shape, (piece, WIDE), range=WIDE, raw=True)
    yield "between", chain(shape, piece, ("AddConstant", WIDE), range=WIDE)
    yield "bare-input", chain(shape, (piece, WIDE))
    last = Ref(1)
    yield (
        "read-raw",
        Program(
            shape,
            (
                Step(piece, (Ref(0),) * PIECES[piece].reads, WIDE),
                Step("AddConstant", (last,), WIDE),
                Step("MulConstant", (Ref(1, raw=True),), WIDE),
            ),
            (Ref(2), Ref(3)),
            WIDE,
        ),
    )

"""Pieces where arrays part, meet, or change their type."""

from collections.abc import Sequence

from minmax_lint.graph.dtype import DType
from tests.corpus_maker.pieces.piece import Array, Maker, Piece, need


def split(op: str, parts: int = 2) -> Piece:
    """Equal parts over the last dimension."""

    def make(b: Maker, name: str, arrays: Sequence[Array]) -> tuple[Array, ...]:
        (array,) = arrays
        size, rest = divmod(array.shape[-1], parts)
        need(rest == 0)
        axis = b.ints(f"{name}/axis", len(array.shape) - 1)
        if op == "Split":
            b.add(op, name, axis, array.name, num_split=parts)
        else:
            sizes = b.ints(f"{name}/sizes", [size] * parts)
            b.add(op, name, array.name, sizes, axis, num_split=parts, Tlen=DType.INT32)
        return _ports(name, parts, (*array.shape[:-1], size))

    return Piece(make)


def unpack(b: Maker, name: str, arrays: Sequence[Array]) -> tuple[Array, ...]:
    """All entries of dimension 1."""
    (array,) = arrays
    need(len(array.shape) >= 3 and array.shape[1] <= 4)
    b.add("Unpack", name, array.name, num=array.shape[1], axis=1)
    return _ports(name, array.shape[1], (array.shape[0], *array.shape[2:]))


def top_k(b: Maker, name: str, arrays: Sequence[Array]) -> tuple[Array, ...]:
    """The two greatest values and where they stand."""
    (array,) = arrays
    need(array.shape[-1] >= 2)
    b.add("TopKV2", name, array.name, b.ints(f"{name}/k", 2), sorted=True)
    shape = (*array.shape[:-1], 2)
    return Array(name, shape), Array(f"{name}:1", shape, DType.INT32)


def _ports(name: str, count: int, shape: tuple[int, ...]) -> tuple[Array, ...]:
    return tuple(Array(f"{name}:{i}" if i else name, shape) for i in range(count))


def concat(count: int, *, constant: bool = False) -> Piece:
    """Over the last dimension; `constant`: with a constant behind."""

    def make(b: Maker, name: str, arrays: Sequence[Array]) -> Array:
        names, shape = [a.name for a in arrays], arrays[0].shape
        if constant:
            names.append(b.const(f"{name}/constant", [0.5, -0.25], shape))
        axis = b.ints(f"{name}/axis", len(shape) - 1)
        b.add("ConcatV2", name, *names, axis, N=len(names), Tidx=DType.INT32)
        return Array(name, (*shape[:-1], shape[-1] * len(names)))

    return Piece(make, count)


def pack(count: int) -> Piece:
    """Over a new dimension after the batch."""

    def make(b: Maker, name: str, arrays: Sequence[Array]) -> Array:
        shape = arrays[0].shape
        need(len(shape) in {2, 3})
        b.add("Pack", name, *(a.name for a in arrays), N=count, axis=1)
        return Array(name, (shape[0], count, *shape[1:]))

    return Piece(make, count)


def select(op: str) -> Piece:
    """The greater of two arrays, by a comparison and a selection."""

    def make(b: Maker, name: str, arrays: Sequence[Array]) -> Array:
        left, right = arrays
        mask = b.add("Greater", f"{name}/Greater", left.name, right.name)
        return Array(b.add(op, name, mask, left.name, right.name), left.shape)

    return Piece(make, 2)


def compare(op: str) -> Piece:
    """A comparison with a constant; the result is boolean."""

    def make(b: Maker, name: str, arrays: Sequence[Array]) -> Array:
        (array,) = arrays
        return Array(b.add(op, name, array.name, b.const(f"{name}/constant", 0.5)), array.shape, DType.BOOL)

    return Piece(make)


def arg(op: str) -> Piece:
    """Where the extreme of the last dimension stands."""

    def make(b: Maker, name: str, arrays: Sequence[Array]) -> Array:
        (array,) = arrays
        need(len(array.shape) > 1)
        axis = b.ints(f"{name}/axis", len(array.shape) - 1)
        b.add(op, name, array.name, axis, Tidx=DType.INT32, output_type=DType.INT32)
        return Array(name, array.shape[:-1], DType.INT32)

    return Piece(make)


def cast(source: DType, target: DType) -> Piece:
    """To another element type."""

    def make(b: Maker, name: str, arrays: Sequence[Array]) -> Array:
        (array,) = arrays
        b.add("Cast", name, array.name, SrcT=source, DstT=target, Truncate=False)
        return Array(name, array.shape, target)

    return Piece(make, dtype=source)


def integer(op: str) -> Piece:
    """Arithmetic on integers."""

    def make(b: Maker, name: str, arrays: Sequence[Array]) -> Array:
        (array,) = arrays
        return Array(
            b.add(op, name, array.name, b.ints(f"{name}/constant", 2), T=DType.INT32),
            array.shape,
            DType.INT32,
        )

    return Piece(make, dtype=DType.INT32)


def logical_not(b: Maker, name: str, arrays: Sequence[Array]) -> Array:
    """The opposite of a boolean array."""
    (array,) = arrays
    return array._replace(name=b.add("LogicalNot", name, array.name))


def shape_of(b: Maker, name: str, arrays: Sequence[Array]) -> Array:
    """The shape as an array."""
    (array,) = arrays
    b.add("Shape", name, array.name, out_type=DType.INT32)
    return Array(name, (len(array.shape),), DType.INT32)


def one_hot(b: Maker, name: str, arrays: Sequence[Array]) -> Array:
    """Integers as rows of one 1."""
    (array,) = arrays
    operands = (b.ints(f"{name}/depth", 4), b.const(f"{name}/on", 1.0), b.const(f"{name}/off", 0.0))
    b.add("OneHot", name, array.name, *operands, TI=DType.INT32, axis=-1)
    return Array(name, (*array.shape, 4))


def another_input(b: Maker, name: str, arrays: Sequence[Array]) -> Array:
    """One more input, of the shape of the array."""
    return Array(b.placeholder(name, arrays[0].shape), arrays[0].shape)


JOINTS: dict[str, Piece] = {
    "Split": split("Split"),
    "SplitFour": split("Split", 4),
    "SplitV": split("SplitV"),
    "Unpack": Piece(unpack),
    "TopK": Piece(top_k),
    "Concat": concat(2),
    "ConcatThree": concat(3),
    "ConcatConstant": concat(1, constant=True),
    "Pack": pack(2),
    "PackOne": pack(1),
    "Select": select("Select"),
    "SelectV2": select("SelectV2"),
    "Greater": compare("Greater"),
    "LessEqual": compare("LessEqual"),
    "Equal": compare("Equal"),
    "ArgMax": arg("ArgMax"),
    "ArgMin": arg("ArgMin"),
    "CastToInt": cast(DType.FLOAT, DType.INT32),
    "CastToFloat": cast(DType.INT32, DType.FLOAT),
    "CastBool": cast(DType.BOOL, DType.FLOAT),
    "IntAdd": integer("Add"),
    "IntMul": integer("Mul"),
    "IntMinimum": integer("Minimum"),
    "LogicalNot": Piece(logical_not, dtype=DType.BOOL),
    "Shape": Piece(shape_of),
    "OneHot": Piece(one_hot, dtype=DType.INT32),
    "Input": Piece(another_input),
}

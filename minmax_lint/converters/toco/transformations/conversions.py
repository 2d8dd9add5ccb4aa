"""Turning operators into simpler ones: into Reshape, Concatenation, FullyConnected, Mul and Add.

Sources: convert_*.cc, resolve_tensorflow_matmul.cc, unroll_batch_matmul.cc, resolve_batch_normalization.cc.
Shape and permutation operands of generated operators are kept as attributes: int arrays need no range.
"""

import math
import operator

from minmax_lint.converters.toco.constants import combine
from minmax_lint.converters.toco.failure import Unmodeled
from minmax_lint.converters.toco.model import Model
from minmax_lint.converters.toco.operator import Operator
from minmax_lint.converters.toco.transformations.fusion import propagate_shape
from minmax_lint.converters.toco.transformations.trivial import BINARIES
from minmax_lint.graph.dtype import DType

_MOST_MATRICES = 10_000  # of one batch; each becomes an operator


def _become(model: Model, op: Operator, type: str, inputs: list[str]) -> bool:
    model.replace(op, Operator(type, inputs, op.outputs, op.node))
    return True


def convert_to_reshape(model: Model, op: Operator) -> bool:
    """ConvertExpandDimsToReshape, ConvertSqueezeToReshape: once the shapes are known and not scalar."""
    source, output = model.arrays[op.inputs[0]].shape, model.arrays[op.output].shape
    if source is None or output is None or len(output) == 0:
        return False
    if op.type == "Squeeze" and len(source) == 0:
        return False
    if op.type == "ExpandDims" and not model.is_constant(op.inputs[1]):
        return False
    return _become(model, op, "Reshape", op.inputs[:1])


def convert_trivial_add_n_to_add(model: Model, op: Operator) -> bool:
    """AddN of two arrays is Add."""
    return len(op.inputs) == 2 and _become(model, op, "Add", op.inputs)


def convert_trivial_pack_to_reshape(model: Model, op: Operator) -> bool:
    """Pack of one array is Reshape."""
    if len(op.inputs) != 1 or model.arrays[op.inputs[0]].shape is None:
        return False
    return _become(model, op, "Reshape", op.inputs)


def convert_trivial_tile_to_concat(model: Model, op: Operator) -> bool:
    """Tile along exactly one axis: the array, concatenated with itself."""
    multiples = model.integers(op.inputs[1])
    if multiples is None or model.arrays[op.inputs[0]].shape is None:
        return False
    repeated = [count for count in multiples if count != 1]
    return len(repeated) == 1 and _become(model, op, "Concatenation", op.inputs[:1] * repeated[0])


def resolve_transpose_attributes(model: Model, op: Operator) -> bool:
    """ResolveTransposeAttributes: read the permutation once it is constant."""
    if "perm" in op.attrs or len(op.inputs) < 2:
        return False
    perm = model.integers(op.inputs[1])
    if perm is None:
        return False
    op.attrs["perm"] = perm
    return True


def convert_trivial_transpose_to_reshape(model: Model, op: Operator) -> bool:
    """A Transpose that leaves the order of the dimensions other than 1 alone."""
    perm, shape = op.attrs.get("perm"), model.arrays[op.inputs[0]].shape
    if not isinstance(perm, tuple) or shape is None or len(perm) != len(shape):
        return False
    moved = [axis for axis in perm if shape[axis] != 1]
    return moved == sorted(moved) and _become(model, op, "Reshape", op.inputs[:1])


def convert_reorder_axes(model: Model, op: Operator) -> bool:
    """ConvertReorderAxes: weights that are not (behind one FakeQuant) constant get a real Transpose or Reshape."""
    source = model.arrays[op.inputs[0]]
    if source.buffer is None and source.producer is not None and source.producer.type == "FakeQuant":
        source = model.arrays[source.producer.inputs[0]]
    if source.buffer is not None or model.arrays[op.output].shape is None:
        return False
    if op.attrs["order"] == "DepthwiseConv":
        return _become(model, op, "Reshape", op.inputs)
    transpose = Operator("Transpose", op.inputs, op.outputs, op.node, nodes=())
    transpose.attrs["perm"] = (3, 0, 1, 2)
    model.replace(op, transpose)
    return True


def resolve_tensorflow_concat(model: Model, op: Operator) -> bool:
    """Concat and ConcatV2 become Concatenation once the axis is constant."""
    axis = 0 if op.type == "Concat" else len(op.inputs) - 1
    if not model.is_constant(op.inputs[axis]):
        return False
    return _become(model, op, "Concatenation", [name for slot, name in enumerate(op.inputs) if slot != axis])


def convert_pure_conv_to_depthwise(model: Model, op: Operator) -> bool:
    """A Conv over one input channel is a DepthwiseConv."""
    strides, dilations = op.node.integers("strides"), op.node.integers("dilations")
    shape = model.arrays[op.inputs[0]].shape
    weights = model.arrays[op.inputs[1]]
    if len(strides) == 4 and strides[1] != strides[2]:
        return False
    if op.attrs.get("dilated") or any(factor != 1 for factor in dilations):
        return False
    if shape is None or len(shape) != 4 or shape[3] != 1 or weights.shape is None:
        return False
    if weights.buffer is None or len(weights.consumers) > 1:
        return False
    depthwise = Operator("DepthwiseConv", op.inputs, op.outputs, op.node)
    depthwise.activation = op.activation
    model.replace(op, depthwise)
    outer, height, width, _ = weights.shape
    weights.shape = (1, height, width, outer)
    return True


def _shift(offset: list[float], mean: list[float], multiplier: list[float]) -> list[float]:
    return list(map(operator.sub, offset, map(operator.mul, mean, multiplier)))


def resolve_batch_normalization(model: Model, op: Operator) -> bool:
    """With constant parameters: a Mul and an Add, to be fused into what stands around them."""
    x, mean, multiplier, offset = op.inputs
    if any(model.arrays[name].buffer is None for name in (mean, multiplier, offset)):
        return False
    name = op.output
    source = model.arrays[name].source
    shape = model.arrays[multiplier].shape
    product = model.available_name(f"{name}_mul")
    model.new_array(product, source, model.arrays[x].dtype, model.arrays[x].shape)
    factor = model.available_name(f"{product}_param")
    model.new_array(factor, source, DType.FLOAT, shape)
    added = model.available_name(f"{model.available_name(f'{name}_add')}_param")
    model.new_array(added, source, DType.FLOAT, shape)
    model.arrays[factor].buffer = combine(model, lambda values: values, multiplier)
    model.arrays[added].buffer = combine(model, _shift, offset, mean, multiplier)
    first = Operator("Mul", [x, factor], [product], op.node)
    second = Operator("Add", [product, added], [name], op.node)
    second.activation = op.activation
    model.replace(op, first, second)
    return True


def resolve_tensorflow_mat_mul(model: Model, op: Operator) -> bool:
    """MatMul becomes FullyConnected over transposed weights; a Reshape in front of it is absorbed."""
    left, right = op.inputs[:2]
    if op.node.flag("transpose_a") and op.type == "MatMul":
        if model.arrays[left].shape is None:
            return False
        left = _transpose(model, op, left).output
    if not (op.attrs.get("rhs_transposed") or (op.node.flag("transpose_b") and "batch" not in op.attrs)):
        readers = model.arrays[right].consumers
        reused = next(
            (one for one in readers if one.type == "Transpose" and one.attrs.get("perm") == (1, 0)), None
        )
        right = (reused or _transpose(model, op, right)).output
    producer = model.producer(op.inputs[0])
    absorbed = producer if producer is not None and producer.type == "Reshape" else None
    alone = absorbed is not None and model.count_consumers(op.inputs[0]) == 1
    dense = Operator("FullyConnected", [absorbed.inputs[0] if absorbed else left, right], op.outputs, op.node)
    dense.activation = op.activation
    if model.arrays[right].shape is None:
        model.unsized[dense] = model.arrays[op.output].shape
        model.arrays[op.output].shape = None
    if absorbed is not None and alone:
        dense.nodes = (*dense.nodes, *absorbed.nodes)
    model.replace(op, dense)
    if absorbed is not None and alone:
        model.remove(absorbed)
    return True


def _transpose(model: Model, op: Operator, name: str, *, shaped: bool = False) -> Operator:
    """A Transpose of the last two dimensions put in before `op`; its shape waits for the visit unless `shaped`."""
    array = model.arrays[name]
    output = model.available_name(f"{name}/transpose")
    shape = array.shape if array.shape is not None and len(array.shape) > 1 else None
    rank = len(shape) if shape is not None else 2
    perm = (*range(rank - 2), rank - 1, rank - 2)
    result = tuple(shape[axis] for axis in perm) if shape is not None else None
    model.new_array(output, array.source, array.dtype, result if shaped else None)
    transpose = Operator("Transpose", [name], [output], op.node, nodes=())
    transpose.attrs["perm"] = perm
    if not shaped:
        model.unsized[transpose] = result
    model.insert_before(op, transpose)
    return transpose


def propagate_generated_shape(model: Model, op: Operator) -> bool:
    """PropagateFixedSizes for operators that were put in: no shape is known before they are looked at."""
    shape = model.unsized.get(op)
    if shape is None or any(model.arrays[name].shape is None for name in op.inputs[:2]):
        return False
    del model.unsized[op]
    array = model.arrays[op.output]
    array.shape = shape
    for reader in array.consumers:
        if reader.type in BINARIES:
            propagate_shape(model, reader)
    return True


def unroll_batch_mat_mul(model: Model, op: Operator) -> bool:
    """BatchMatMul becomes one MatMul for each batch, between Reshapes, Slices and a Pack."""
    left, right = op.inputs[:2]
    if model.arrays[left].shape is None or model.arrays[right].shape is None:
        return False
    if op.node.flag("adj_x"):
        left = _transpose(model, op, left, shaped=True).output
    if op.node.flag("adj_y"):
        right = _transpose(model, op, right, shaped=True).output
    shape_a, shape_b = model.arrays[left].shape, model.arrays[right].shape
    if shape_a is None or shape_b is None or min(len(shape_a), len(shape_b)) < 2:
        return False
    if len(shape_a) == 2 and len(shape_b) == 2:
        return _matmul_of_matrices(model, op, left, right)
    batch = _broadcast(shape_a[:-2], shape_b[:-2])
    if math.prod(batch) > _MOST_MATRICES:
        raise Unmodeled(f"{op.node.name} multiplies {math.prod(batch)} matrices, each of which becomes an op")
    base, dtype = op.output, model.arrays[left].dtype
    a = _batch_slices(model, op, left, "a")
    b = _batch_slices(model, op, right, "b")
    products = []
    for index in range(math.prod(batch)):
        name = model.available_name(f"{base}_b{index}")
        model.new_array(name, model.arrays[base].source, dtype, (shape_a[-2], shape_b[-1]))
        slices = (a[_batch_index(index, batch, shape_a[:-2])], b[_batch_index(index, batch, shape_b[:-2])])
        matmul = Operator("MatMul", slices, [name], op.node)
        matmul.attrs["batch"] = index
        model.insert_before(op, matmul)
        products.append(name)
    packed = model.available_name(f"{base}/pack")
    model.new_array(packed, model.arrays[base].source, dtype, (len(products), shape_a[-2], shape_b[-1]))
    model.replace(
        op, Operator("Pack", products, [packed], op.node), Operator("Reshape", [packed], [base], op.node)
    )
    return True


def _matmul_of_matrices(model: Model, op: Operator, left: str, right: str) -> bool:
    matmul = Operator("MatMul", [left, right], op.outputs, op.node)
    matmul.attrs["batch"] = 0
    model.replace(op, matmul)
    return True


def _batch_slices(model: Model, op: Operator, name: str, side: str) -> list[str]:
    shape = model.arrays[name].shape or ()
    base, source, dtype = op.output, model.arrays[op.output].source, model.arrays[name].dtype
    rows, columns = shape[-2:]
    batch = math.prod(shape[:-2])
    flat = model.available_name(f"{base}/reshape_{side}/reshape")
    model.new_array(flat, source, dtype, (batch, rows, columns))
    made = [Operator("Reshape", [name], [flat], op.node)]
    results = []
    for index in range(batch):
        prefix = f"{base}_b{index}/slice_{side}"
        piece = model.available_name(f"{prefix}/slice")
        model.new_array(piece, source, dtype, (1, rows, columns))
        matrix = model.available_name(f"{prefix}/reshape")
        model.new_array(matrix, source, dtype, (rows, columns))
        made.append(Operator("Slice", [flat], [piece], op.node))
        made.append(Operator("Reshape", [piece], [matrix], op.node))
        results.append(matrix)
    model.insert_before(op, *made)
    return results


def _broadcast(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
    rank = max(len(a), len(b))
    a, b = (1,) * (rank - len(a)) + a, (1,) * (rank - len(b)) + b
    return tuple(max(x, y) for x, y in zip(a, b, strict=True))


def _batch_index(index: int, batch: tuple[int, ...], own: tuple[int, ...]) -> int:
    own = (1,) * (len(batch) - len(own)) + own
    result, stride = 0, 1
    for size, mine in zip(reversed(batch), reversed(own), strict=True):
        index, place = divmod(index, size)
        if mine > 1:
            result += place * stride
        stride *= mine
    return result

"""Hypothesis strategies for graphs that are sound as files and absurd as graphs.

Every op that the converter models know may stand anywhere, with any number of inputs, with attributes of
the wrong kind, with shapes and types that no tensor has.
"""

from hypothesis import strategies as st

from minmax_lint.converters.mlir.legalize.legalize_patterns import LEGALIZED
from minmax_lint.converters.toco.import_tensorflow.converter_map import IMPORTED
from minmax_lint.graph.arity import input_counts
from minmax_lint.graph.attr import FunctionRef, UnknownRank
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.fakequant import FAKE_QUANTS
from minmax_lint.graph.graph import Graph, graph_of
from minmax_lint.graph.names import Edge
from minmax_lint.graph.node import Node
from minmax_lint.graph.tensor import Tensor
from minmax_lint.inference.shape_rules import SHAPE_RULES
from tests.fuzz import FIXTURES

CONTROL = ["Switch", "Merge", "Enter", "Exit", "NextIteration", "LoopCond", "PlaceholderWithDefault"]
OPS = sorted(
    {
        *IMPORTED,
        *LEGALIZED,
        *SHAPE_RULES,
        *FAKE_QUANTS,
        *CONTROL,
        "Assign",
        "Const",
        "Placeholder",
        "If",
        "Made",
    }
)
KEYS = """
    T Tidx Tout Tparams DstT SrcT dtype shape value axis num_bits narrow_range min max N num num_split ksize strides
    padding dilations data_format explicit_paddings keep_dims squeeze_dims begin_mask end_mask ellipsis_mask
    new_axis_mask shrink_axis_mask transpose_a transpose_b adj_x adj_y epsilon is_training alpha block_size
    half_pixel_centers align_corners out_type output_type k seed depth_radius _class _output_shapes
    _output_quantized then_branch else_branch
""".split()

_mostly = st.sampled_from([True] * 9 + [False])
_integers = st.sampled_from([-(2**63), -2, -1, 0, 1, 2, 3, 4, 8, 255, 2**31, 2**62]) | st.integers(-9, 9)
_reals = st.floats(width=32) | st.sampled_from([0.0, -1.0, 6.0, 1e38])
_types = st.sampled_from(list(DType)) | st.just(DType.FLOAT)
_texts = st.sampled_from([b"SAME", b"VALID", b"EXPLICIT", b"NHWC", b"NCHW", b"", b"\xff", b"loc:@n0"])
_sizes = st.none() | st.sampled_from([0, 1, 2, 3, 4, 8, 2**31, 2**40])
_shapes = st.lists(_sizes, max_size=5).map(tuple) | st.just(UnknownRank())


@st.composite
def _tensors(draw):
    dtype = draw(
        st.sampled_from([DType.FLOAT, DType.FLOAT, DType.INT32, DType.INT64, DType.BOOL, DType.HALF])
    )
    shape = draw(st.lists(st.sampled_from([0, 1, 2, 3, 4, 2**40]), max_size=4))
    elements = {DType.BOOL: st.booleans(), DType.INT32: st.integers(-9, 9), DType.INT64: _integers}
    count = draw(st.integers(0, 6))
    values = draw(st.lists(elements.get(dtype, _reals.filter(lambda v: not abs(v) > 6e4)), max_size=count))
    return Tensor.of(dtype, shape, values)


_single = st.one_of(
    _integers, _reals, st.booleans(), _types, _texts, _shapes, _tensors(), st.just(FunctionRef("body"))
)
_lists = st.one_of(*(st.lists(one, max_size=5) for one in (_integers, _reals, st.booleans(), _types, _texts)))
ATTRIBUTES = _single | _lists


@st.composite
def absurd_graphs(draw) -> Graph:
    """A graph of up to a dozen nodes of known ops; nothing about it need make sense."""
    nodes: list[Node] = []
    count = draw(st.integers(1, 12))
    for number in range(count):
        common = st.sampled_from(["Const", "Placeholder", "FakeQuantWithMinMaxVars", *CONTROL])
        op = draw(st.sampled_from(OPS) | common)
        known = st.sampled_from(range(max(number, 1))) | st.sampled_from(range(count))
        least, most = input_counts(op)
        slots = {"min_size": least, "max_size": min(most, least + 3)} if draw(_mostly) else {"max_size": 4}
        edges = draw(st.lists(st.tuples(known, st.sampled_from([0, 0, 0, 0, 1, 7])), **slots))
        attrs = draw(st.dictionaries(st.sampled_from(KEYS), ATTRIBUTES, max_size=4))
        if op in ("Const", "Placeholder"):
            edges = []
            attrs.setdefault(
                "value" if op == "Const" else "shape", draw(_tensors() if op == "Const" else _shapes)
            )
        attrs.setdefault("T" if edges else "dtype", DType.FLOAT)
        nodes.append(Node(f"n{number}", op, tuple(Edge(f"n{to}", port) for to, port in edges), (), attrs))
    return graph_of(nodes)


@st.composite
def disturbed_graphs(draw) -> Graph:
    """A sound graph of which a few nodes say something else."""
    from minmax_lint.loaders import load

    graph = load(draw(st.sampled_from(FIXTURES))).graph
    nodes = list(graph)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(nodes) - 1))
        node = nodes[at]
        kind = draw(st.sampled_from(["attribute", "op", "inputs", "drop an input", "port"]))
        if kind == "attribute":
            key = draw(st.sampled_from(sorted(node.attrs) or KEYS) | st.sampled_from(KEYS))
            node = node._replace(attrs={**node.attrs, key: draw(ATTRIBUTES)})
        elif kind == "op":
            node = node._replace(op=draw(st.sampled_from(OPS)))
        elif kind == "inputs":
            names = draw(st.lists(st.sampled_from(graph.names), max_size=4))
            node = node._replace(inputs=tuple(Edge(name, 0) for name in names))
        elif kind == "port":
            node = node._replace(inputs=tuple(edge._replace(port=9) for edge in node.inputs))
        else:
            node = node._replace(inputs=node.inputs[1:])
        nodes[at] = node
    return graph_of(nodes)

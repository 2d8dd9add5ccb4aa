"""A MetaGraph as training writes it: a few nodes are kept, all others are gradients, slots, losses and savers."""

from pathlib import Path

from minmax_lint.graph.attr import Attr
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.names import parse_edge
from minmax_lint.graph.node import Node
from minmax_lint.graph.tensor import Tensor
from minmax_lint.schema.attributes import encode_node
from minmax_lint.schema.messages import message_class
from minmax_lint.writers.graphdef import record
from tests.benchmarks.chains import BLOCK, Chain, block_name, write_chain

_HERE, _AFTER = "MobilenetV1/MobilenetV1/block_@@@@@@@", "MobilenetV1/MobilenetV1/block_#######"
_GRADIENTS = ("Mul", "Sub", "AddN", "Reshape", "Sum", "Select", "Tile", "Neg")
_SHAPE = (1, 14, 14, 4)


def write_training(path: Path, nodes: int, kept: int) -> Chain:
    """Write a MetaGraph of about `nodes` nodes of which about `kept` are kept; every block has its own weights."""
    blocks = kept // BLOCK
    chain = write_chain(path, kept, distinct=True)
    template = b"".join(record(encode_node(node)) for node in _training(nodes // blocks - BLOCK))
    content = bytearray(path.read_bytes())
    for number in range(1, blocks + 1):
        after = min(number + 1, blocks)
        content += template.replace(_HERE.encode(), block_name(number).encode()).replace(
            _AFTER.encode(), block_name(after).encode()
        )
    meta = message_class("tensorflow.MetaGraphDef")()
    meta.meta_info_def.tags.append("train")
    meta.graph_def.MergeFromString(bytes(content))
    meta.saver_def.filename_tensor_name = "save/Const:0"
    meta.saver_def.save_tensor_name = "save/control_dependency:0"
    meta.saver_def.restore_op_name = "save/restore_all"
    path.write_bytes(meta.SerializeToString())
    return chain


def _training(count: int) -> list[Node]:
    """What training adds for one block: a loss, gradients one behind the other, slots with their assignments."""
    head = f"gradients/{_HERE}"
    made = [
        _node("L2Loss", f"{_HERE}/regularizer", f"{_HERE}/weights/read"),
        _node("Shape", f"{head}/Shape", f"{_HERE}/Relu6", out_type=DType.INT32),
        _node("Relu6Grad", f"{head}/Relu6Grad", f"gradients/{_AFTER}/Shape", f"{_HERE}/Relu6"),
    ]
    last = f"{head}/Relu6Grad"
    while len(made) < count - 4:
        number = len(made)
        if number % 5 == 0:
            slot = f"{_HERE}/Adam_{number}"
            made += [
                _constant(f"{slot}/initial_value", Tensor.of(DType.FLOAT, [4], [0.0])),
                Node(
                    slot,
                    "VariableV2",
                    attrs={"dtype": DType.FLOAT, "shape": (4,), "shared_name": b"", "container": b""},
                ),
                _node(
                    "Assign",
                    f"{slot}/Assign",
                    slot,
                    f"{slot}/initial_value",
                    _class=[f"loc:@{slot}".encode()],
                ),
                _node("Identity", f"{slot}/read", slot, _class=[f"loc:@{slot}".encode()]),
            ]
        else:
            name = f"{head}/{_GRADIENTS[number % len(_GRADIENTS)]}_{number}"
            made.append(
                _node(
                    _GRADIENTS[number % len(_GRADIENTS)],
                    name,
                    last,
                    f"{_HERE}/Conv2D",
                    "^" + f"{_HERE}/regularizer",
                )
            )
            last = name
    return made


def _constant(name: str, value: Tensor) -> Node:
    return Node(name, "Const", attrs={"dtype": value.dtype, "value": value, "_output_shapes": [value.shape]})


def _node(op: str, name: str, *inputs: str, **attrs: Attr) -> Node:
    data = tuple(parse_edge(text) for text in inputs if not text.startswith("^"))
    control = tuple(text[1:] for text in inputs if text.startswith("^"))
    return Node(name, op, data, control, {"T": DType.FLOAT, "_output_shapes": [_SHAPE], **attrs})

"""Print the OpDefs of the running TensorFlow as a serialized OpList; also runs in Python 3.7 with TF 1.15."""

import sys

import tensorflow  # noqa: F401  (registers the ops)

try:
    from tensorflow.python.client.pywrap_tf_session import TF_GetAllOpList, TF_GetBuffer

    _CONTENT = TF_GetBuffer(TF_GetAllOpList())
except ImportError:
    from tensorflow.core.framework.op_def_pb2 import OpList
    from tensorflow.python.framework.op_def_registry import get_registered_ops

    _CONTENT = OpList(op=get_registered_ops().values()).SerializeToString()

if __name__ == "__main__":
    sys.stdout.buffer.write(_CONTENT)

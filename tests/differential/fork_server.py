"""Hundreds of real conversions a minute: TensorFlow is imported once, every conversion is a forked child.

`python fork_server.py WORKER` (any Python that has TensorFlow; no import of this package): one JSON
request a line on standard input (as for `minmax_lint/backends/conversion/worker.py`, with `log`, `time_limit` and
`layout` besides), one JSON reply a line on standard output: {"returncode": as subprocess gives it}.
"""

import ctypes
import importlib.util
import json
import os
import random
import signal
import sys
import traceback


def main(worker_path):
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    worker, tensorflow = imported(worker_path)
    reply(replies, {"tensorflow": tensorflow.__version__})
    for line in sys.stdin:
        request = json.loads(line)
        child = os.fork()
        if child == 0:
            os._exit(serve(worker, tensorflow, request))
        reply(replies, {"returncode": wait(child, request["time_limit"])})


def imported(worker_path):
    """The worker at that path, and TensorFlow."""
    spec = importlib.util.spec_from_file_location("conversion_worker", worker_path)
    worker = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(worker)
    tensorflow = worker.import_tensorflow()
    import_lazy_parts(tensorflow)
    return worker, tensorflow


def import_lazy_parts(tensorflow):
    """What TensorFlow imports at the first use would be imported by every child again."""
    if tensorflow.__version__.startswith("1."):
        return tensorflow.lite.TFLiteConverter
    return (
        tensorflow.compat.v1.lite.TFLiteConverter,
        tensorflow.lite.TFLiteConverter,
        tensorflow.lite.Interpreter,
    )


def serve(worker, tensorflow, request):
    """Convert in the child; the result file is missing where the converter ended the process."""
    print_to(request["log"])
    shift_heap(request["layout"])
    write_result(request, convert(worker, tensorflow, request))
    return 0


def print_to(log):
    """Let all that this process prints go to that file."""
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(file, 1)
    os.dup2(file, 2)
    os.close(file)


def convert(worker, tensorflow, request):
    """Write the model; the result says whether there is one, and else what was raised."""
    try:
        model = worker.convert(tensorflow, request)
        with open(request["model"], "wb") as file:
            file.write(model)
    except Exception as error:
        traceback.print_exc()
        return {"ok": False, "exception": type(error).__name__, "message": str(error)}
    return {"ok": True}


def write_result(request, result):
    with open(request["result"], "w") as file:
        json.dump(result, file)


def shift_heap(layout):
    """Let what is allocated from now on lie elsewhere: forked children share their parent's addresses, and MLIR
    walks maps whose keys are addresses. The same `layout` gives the same addresses."""
    libc = ctypes.CDLL(None)
    libc.malloc.restype = ctypes.c_void_p
    libc.free.argtypes = [ctypes.c_void_p]
    draw = random.Random(layout)
    blocks = [libc.malloc(draw.randrange(16, 512)) for _ in range(3000)]
    for block in draw.sample(blocks, 1500):
        libc.free(block)


def wait(child, seconds):
    def stop(signum, frame):
        os.kill(child, signal.SIGKILL)

    signal.signal(signal.SIGALRM, stop)
    signal.alarm(int(seconds))
    while True:
        try:
            _, status = os.waitpid(child, 0)
            break
        except InterruptedError:
            continue
    signal.alarm(0)
    return -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def reply(stream, value):
    stream.write(json.dumps(value) + "\n")
    stream.flush()


if __name__ == "__main__":
    main(sys.argv[1])

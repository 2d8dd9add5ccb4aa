"""Convert many graphs with one import of TensorFlow and few forks.

`python convert_batch.py WORKER REQUESTS`, in any Python that has TensorFlow (no import of this package): REQUESTS
holds one JSON request a line, as for `fork_server.py`. A child converts until it dies or has done
PIECE requests; the next one goes on behind it. A request whose child died has no `result` file, and its `log` ends
with what TensorFlow printed; `returncode` is written beside it.
"""

import importlib.util
import json
import os
import signal
import sys
import traceback

PIECE = 60


def main(worker_path, requests_path):
    spec = importlib.util.spec_from_file_location("conversion_worker", worker_path)
    worker = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(worker)
    tensorflow = worker.import_tensorflow()
    # What TensorFlow imports at the first use would be imported by every child again.
    import_parts = [tensorflow.compat.v1.lite.TFLiteConverter, tensorflow.lite.TFLiteConverter]
    assert all(import_parts)
    with open(requests_path) as lines:
        requests = [json.loads(line) for line in lines]
    place = 0
    while place < len(requests):
        until = min(place + PIECE, len(requests))
        child = os.fork()
        if child == 0:
            for request in requests[place:until]:
                serve(worker, tensorflow, request)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        while place < until and os.path.exists(requests[place]["result"]):
            place += 1
        if place < until:
            code = -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
            with open(requests[place]["log"] + ".returncode", "w") as file:
                file.write(str(code))
            place += 1


def serve(worker, tensorflow, request):
    log = os.open(request["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    signal.alarm(int(request["time_limit"]))
    result = {"ok": True}
    try:
        model = worker.convert(tensorflow, request)
        with open(request["model"], "wb") as file:
            file.write(model)
    except Exception as error:
        traceback.print_exc()
        result = {"ok": False, "exception": type(error).__name__, "message": str(error)}
    signal.alarm(0)
    with open(request["result"], "w") as file:
        json.dump(result, file)


if __name__ == "__main__":
    main(*sys.argv[1:])

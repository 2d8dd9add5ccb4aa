"""Convert many graphs with one import of TensorFlow and few forks.

`python convert_batch.py WORKER REQUESTS`, in any Python that has TensorFlow (no import of this package): REQUESTS
holds one JSON request a line, as for `fork_server.py`. A child converts until it dies or has done
PIECE requests; the next one goes on behind it. A request whose child died has no `result` file, and its `log` ends
with what TensorFlow printed; `returncode` is written beside it.
"""

import json
import os
import signal
import sys

from fork_server import convert, imported, print_to, write_result  # beside this file, the program

PIECE = 60


def main(worker_path, requests_path):
    worker, tensorflow = imported(worker_path)
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
    print_to(request["log"])
    signal.alarm(int(request["time_limit"]))
    result = convert(worker, tensorflow, request)
    signal.alarm(0)
    write_result(request, result)


if __name__ == "__main__":
    main(*sys.argv[1:])

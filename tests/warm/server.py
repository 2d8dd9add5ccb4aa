"""`python server.py WORKER SOCKET`: serves requests of `worker.py` in forked children; TensorFlow is imported once.

Runs in any Python that has TensorFlow, without importing this package. A connection (see client.py) brings the
request's path, working directory and environment, and the streams of the child; the reply is how the child ended.
"""

import importlib.util
import json
import os
import select
import signal
import socket
import sys
import traceback


def main(worker_path, address):
    sys.path.pop(0)
    spec = importlib.util.spec_from_file_location("conversion_worker", worker_path)
    worker = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = worker
    spec.loader.exec_module(worker)
    tensorflow = worker.import_tensorflow()
    # What is imported at its first use would be imported by every child again.
    assert tensorflow.compat.v1.lite.TFLiteConverter
    assert tensorflow.lite.TFLiteConverter
    assert tensorflow.lite.Interpreter
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(address)
        listening.listen()
        print("ready", flush=True)
        while True:
            readable, _, _ = select.select([listening, sys.stdin], [], [])
            if sys.stdin in readable:
                return  # the tests have ended
            connection, _ = listening.accept()
            with connection:
                if os.fork() == 0:
                    listening.close()
                    watch(worker, connection)
            reap()


def reap():
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return


def watch(worker, connection):
    """Serve one request in a child of this process, which ends the child where nobody waits for it any more."""
    content, streams, _, _ = socket.recv_fds(connection, 1 << 20, 2)
    child = os.fork()
    if child == 0:
        connection.close()
        serve(worker, json.loads(content), streams)
    for stream in streams:
        os.close(stream)
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            connection.sendall(str(status).encode())
            os._exit(0)
        if select.select([connection], [], [], 0.01)[0]:
            os.killpg(child, signal.SIGKILL)
            os._exit(0)


def serve(worker, request, streams):
    code = 1
    try:
        os.setsid()
        os.dup2(streams[0], 1)
        os.dup2(streams[1], 2)
        os.environ.clear()
        os.environ.update(request["environment"])
        os.chdir(request["folder"])
        code = worker.main(request["request"])
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main(*sys.argv[1:])

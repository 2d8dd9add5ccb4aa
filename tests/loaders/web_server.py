"""A web server that does what web servers do: `/half/graph.pb` is half of a file, `/moved/graph.pb` lies elsewhere."""

import gzip
import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

FOUNDING = Path(__file__).parents[2] / "fixtures" / "founding"
GRAPH = (FOUNDING / "eval-frozen.pb").read_bytes()
_ZIPPED = gzip.compress(GRAPH)
_PAGE = b"<!doctype html><html>Please log in</html>"
_SIZE = "Content-Length"

ANSWERS: dict[str, tuple[int, dict[str, object], bytes]] = {
    "plain": (200, {_SIZE: len(GRAPH)}, GRAPH),
    "without-length": (200, {}, GRAPH),
    "zipped": (200, {_SIZE: len(_ZIPPED), "Content-Encoding": "gzip"}, _ZIPPED),
    "moved": (302, {_SIZE: 0, "Location": "/plain/graph.pb"}, b""),
    "moved-in-a-circle": (302, {_SIZE: 0, "Location": "/moved-in-a-circle/graph.pb"}, b""),
    "moved-to-a-file": (302, {_SIZE: 0, "Location": "file:///etc/passwd"}, b""),
    "moved-to-nobody": (302, {_SIZE: 0, "Location": "http://127.0.0.1:9/graph.pb"}, b""),
    "missing": (404, {_SIZE: 0}, b""),
    "forbidden": (403, {_SIZE: 0}, b""),
    "failing": (500, {_SIZE: 0}, b""),
    "half": (200, {_SIZE: len(GRAPH)}, GRAPH[:700]),
    "shorter-than-it-is": (200, {_SIZE: 700}, GRAPH),
    "petabyte": (200, {_SIZE: 1 << 50}, GRAPH),
    "of-negative-length": (200, {_SIZE: -5}, GRAPH),
    "falsely-zipped": (200, {_SIZE: 4, "Content-Encoding": "gzip"}, b"abcd"),
    "empty": (200, {_SIZE: 0}, b""),
    "page": (200, {_SIZE: len(_PAGE)}, _PAGE),
}


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers with what the first part of the path names in ANSWERS, or without end, or not at all."""

    protocol_version = "HTTP/1.1"
    stopping = threading.Event()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: tests look at what the client says."""

    def do_HEAD(self) -> None:
        """Headers alone."""
        self._answer(body=False)

    def do_GET(self) -> None:
        """Headers and body."""
        self._answer(body=True)

    def _answer(self, *, body: bool) -> None:
        self.close_connection = True
        name = self.path.split("/")[1]
        if name == "silent":
            self.stopping.wait(60)
            return
        status, headers, content = ANSWERS.get(name, (200, {}, GRAPH))
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, str(value))
        self.end_headers()
        with suppress(ConnectionError):
            self.wfile.write(content if body else b"")
            while body and name == "endless":
                self.wfile.write(content)


@contextmanager
def serving(handler: type[http.server.BaseHTTPRequestHandler] = Handler) -> Iterator[str]:
    """The address of a server that runs as long as the context."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        Handler.stopping.clear()
        yield f"http://127.0.0.1:{server.server_port}"
        Handler.stopping.set()
        server.shutdown()

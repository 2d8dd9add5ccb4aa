"""The part of Google's storage API (JSON, v1) that reads, over a folder of files: one bucket named `bucket`."""

import http.server
import json
import urllib.parse
from contextlib import suppress

from tests.loaders.web_server import FOUNDING

_ROOT = "/storage/v1/b/bucket"
_CONTENT = "/download/storage/v1/b/bucket/o/"


class Handler(http.server.BaseHTTPRequestHandler):
    """Objects of the bucket: what they are, which there are, what they hold."""

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: tests look at what the client says."""

    def do_GET(self) -> None:
        """Answer one call."""
        url = urllib.parse.urlsplit(self.path)
        asked = dict(urllib.parse.parse_qsl(url.query))
        name = urllib.parse.unquote(url.path.rpartition("/o/")[2])
        if not url.path.startswith((_ROOT, _CONTENT)):
            self._answer(403, b'{"error": {"code": 403, "message": "Forbidden"}}')
        elif url.path == f"{_ROOT}/o":
            self._answer(200, json.dumps(_listed(asked)).encode())
        elif not (FOUNDING / name).is_file():
            self._answer(404, b'{"error": {"code": 404, "message": "Not Found"}}')
        elif asked.get("alt") == "media" or url.path.startswith(_CONTENT):
            self._answer(200, (FOUNDING / name).read_bytes())
        else:
            self._answer(200, json.dumps(_object(name)).encode())

    def _answer(self, status: int, content: bytes) -> None:
        with suppress(ConnectionError):  # a client that goes away early, as one that is refused does
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)


def _object(name: str) -> dict[str, str]:
    path = f"bucket/{name}"
    return {"kind": "storage#object", "name": name, "bucket": "bucket", "id": path} | {
        "size": str((FOUNDING / name).stat().st_size),
        "mediaLink": f"{_CONTENT}{urllib.parse.quote(name, safe='')}?alt=media",
    }


def _listed(asked: dict[str, str]) -> dict[str, object]:
    prefix, delimiter = asked.get("prefix", ""), asked.get("delimiter", "")
    items, folders = [], set()
    for path in sorted(FOUNDING.rglob("*")):
        name = str(path.relative_to(FOUNDING))
        if not path.is_file() or not name.startswith(prefix):
            continue
        head, found, _ = name[len(prefix) :].partition(delimiter) if delimiter else (name, "", "")
        if found:
            folders.add(f"{prefix}{head}{delimiter}")
        else:
            items.append(_object(name))
    return {"kind": "storage#objects", "items": items, "prefixes": sorted(folders)}

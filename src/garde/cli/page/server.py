"""The page's web server: the standard library's, on 127.0.0.1 only.

Comes in: GET requests whose Host is this very address (another name means a web page elsewhere is trying to read ours).
Goes out: the page, `/status.json` and three small static files, under a policy that runs no inline script and loads
nothing from anywhere else. It has no other method and takes no input but `lang`.
"""

from __future__ import annotations

import functools
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from garde.cli.page.board import Board
from garde.cli.page.render import HERE, page
from garde.errors import UsageError
from garde.journal.speech import LANGUAGES

_LOOPBACK = "127.0.0.1"
_IDLE_S = 10  # a client that says nothing is let go
_STATIC = {
    "/page.css": "text/css; charset=utf-8",
    "/page.js": "text/javascript; charset=utf-8",
    "/icon.svg": "image/svg+xml",
}
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}


@contextmanager
def serve(
    state: Path, alive: Callable[[], bool], port: int = 0, errands: Callable[[], dict[str, Any]] = dict
) -> Iterator[str]:
    """Serve until the block is left; yields the page's address."""
    board = Board(state, alive, errands)
    try:
        server = _Server((_LOOPBACK, port), functools.partial(_Handler, board))
    except (OSError, OverflowError) as error:
        raise UsageError(
            f"port {port} cannot be used: {error}", "choose another --port, or none for a free one"
        ) from error
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, name="page", daemon=True)
    thread.start()
    try:
        yield f"http://{_LOOPBACK}:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
        board.close()


def language_of(query: str, accepted: str) -> str:
    """Return the page's language: `?lang=`, else the first one of Accept-Language that there is, else English."""
    for chosen in parse_qs(query).get("lang", []):
        if chosen in LANGUAGES:
            return chosen
    for tag in sorted(accepted[:200].split(","), key=_weight, reverse=True):
        name = tag.split(";")[0].strip().lower().split("-")[0]
        if name in LANGUAGES:
            return name
    return "en"


def _weight(tag: str) -> float:
    _, _, quality = tag.partition(";q=")
    try:
        return float(quality) if quality else 1.0
    except ValueError:
        return 0.0


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that went away in the middle is no event."""


class _Handler(BaseHTTPRequestHandler):
    server_version, sys_version = "garde", ""
    timeout = _IDLE_S

    def __init__(self, board: Board, *rest: Any) -> None:
        self._board = board
        super().__init__(*rest)

    def do_GET(self) -> None:
        """Answer one request."""
        if not self._is_for_us():
            self._answer(HTTPStatus.MISDIRECTED_REQUEST, "text/plain", b"this page answers on its own address only\n")
            return
        target = urlsplit(self.path)
        match target.path:
            case "/":
                language = language_of(target.query, self.headers.get("Accept-Language", ""))
                body = page(self._board.look(), language).encode("utf-8", "replace")
                self._answer(HTTPStatus.OK, "text/html; charset=utf-8", body)
            case "/status.json":
                self._answer(HTTPStatus.OK, "application/json", self._status())
            case path if path in _STATIC:
                self._answer(HTTPStatus.OK, _STATIC[path], (HERE / "static" / path[1:]).read_bytes())
            case _:
                self._answer(HTTPStatus.NOT_FOUND, "text/plain", b"no such page\n")

    def _is_for_us(self) -> bool:
        port = self.server.server_port  # type: ignore[attr-defined]
        return self.headers.get("Host", "") in {f"{_LOOPBACK}:{port}", f"localhost:{port}"}

    def _status(self) -> bytes:
        look = self._board.look()
        body = {"alive": look.alive, "mark": look.mark, **look.summary.as_data()}
        return json.dumps(body).encode()

    def _answer(self, status: HTTPStatus, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Other methods and broken requests: the status line alone, nothing of the request in it."""
        status = HTTPStatus.METHOD_NOT_ALLOWED if code == HTTPStatus.NOT_IMPLEMENTED else HTTPStatus(code)
        self.close_connection = True
        self._answer(status, "text/plain", f"{status.phrase}\n".encode())

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the terminal belongs to the agent's events."""

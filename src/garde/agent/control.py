"""The agent's control socket: a closed list of verbs for the person at the machine.

Comes in: one JSON object a line over `<state>/agent.sock` (0600). Goes out: one reply, or progress lines and a reply.
Verbs: status, release, restore. There is no verb that runs anything.
"""

from __future__ import annotations

import os
import selectors
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

SOCKET = "agent.sock"
REQUEST_LIMIT = 65_536  # bytes; a longer line is no request of ours
CLIENTS = 16

Reply = Callable[[dict[str, Any]], None]
Verb = Callable[[dict[str, Any], Reply], None]


@dataclass(slots=True)
class _Client:
    sock: socket.socket
    buffer: bytes = b""
    out: bytes = b""


@dataclass(slots=True)
class Control:
    """Serves the socket inside the core's selector; never blocks."""

    state: Path
    selector: selectors.BaseSelector
    verbs: dict[str, Verb]
    _server: socket.socket | None = None
    _clients: dict[int, _Client] = field(default_factory=dict)

    def open(self) -> None:
        """Listen. The state lock is ours already, so a socket left behind is nobody's."""
        path = self.state / SOCKET
        path.unlink(missing_ok=True)
        server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
        mask = os.umask(0o177)
        try:
            self._bind(server, path)
        finally:
            os.umask(mask)
        server.listen(CLIENTS)
        self._server = server
        self.selector.register(server, selectors.EVENT_READ, self._accept)

    def close(self) -> None:
        """Stop listening and drop clients."""
        for client in list(self._clients.values()):
            self._drop(client)
        if self._server is not None:
            self.selector.unregister(self._server)
            self._server.close()
            (self.state / SOCKET).unlink(missing_ok=True)
            self._server = None

    @staticmethod
    def _bind(server: socket.socket, path: Path) -> None:
        """Bind by way of the directory's descriptor: a socket path may have 107 bytes only."""
        directory = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            server.bind(f"/proc/self/fd/{directory}/{path.name}")
        finally:
            os.close(directory)

    def _accept(self) -> None:
        assert self._server is not None
        try:
            sock, _ = self._server.accept()
        except OSError:
            return
        if len(self._clients) >= CLIENTS:
            sock.close()
            return
        sock.setblocking(False)
        client = _Client(sock)
        self._clients[sock.fileno()] = client
        self.selector.register(sock, selectors.EVENT_READ, lambda: self._readable(client))

    def _readable(self, client: _Client) -> None:
        try:
            data = client.sock.recv(REQUEST_LIMIT)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        client.buffer += data
        if not data or len(client.buffer) > REQUEST_LIMIT:
            self._drop(client)
            return
        while b"\n" in client.buffer:
            line, client.buffer = client.buffer.split(b"\n", 1)
            self._serve(client, line)

    def _serve(self, client: _Client, line: bytes) -> None:
        def reply(answer: dict[str, Any]) -> None:
            self._send(client, answer)

        try:
            request = msgspec.json.decode(line, type=dict[str, Any])
            verb = self.verbs[str(request.pop("verb"))]
        except (msgspec.DecodeError, KeyError):
            reply({"ok": False, "code": "USAGE", "message": "no such verb", "todo": "status, release or restore"})
            return
        verb(request, reply)

    def _send(self, client: _Client, answer: dict[str, Any]) -> None:
        client.out += msgspec.json.encode(answer) + b"\n"
        try:
            sent = client.sock.send(client.out)
            client.out = client.out[sent:]
        except BlockingIOError:
            pass
        except OSError:
            self._drop(client)
        if len(client.out) > 16 * REQUEST_LIMIT:
            self._drop(client)  # it asked and does not read

    def _drop(self, client: _Client) -> None:
        number = client.sock.fileno()
        if number >= 0 and self._clients.pop(number, None) is not None:
            self.selector.unregister(client.sock)
            client.sock.close()

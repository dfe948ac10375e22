"""A hub as small as it can be, over real TLS with real envelopes: what an agent's link is tried against.

It keeps docs/link.md to the letter and nothing else: reports are counted once by their number, orders are sealed and
sent until they are seen, refusals are signed. Its faults are switches: it can be away, deaf, slow, or know nothing.
"""

from __future__ import annotations

import http.server
import json
import socket
import ssl
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from garde.model.order import Order
from garde.trust.ca import Ca, server_context
from garde.trust.codes import release_secret
from garde.trust.enrolment import Token, token_hash
from garde.trust.envelope import HUB, EnvelopeRefusedError, open_sealed, seal
from garde.trust.keys import PublicKey, SigningKey

MASTER = b"m" * 32
SIGNED_CODES = ("EARLY", "EXPIRED", "REPLAYED")


@dataclass
class SmallHub:
    """Start it with `with`; it may be stopped and started again on its port."""

    directory: Path
    address: str = "127.0.0.1"
    port: int = 0
    ahead: float = 0.0  # seconds that its clock is ahead of this machine's
    agents: dict[str, PublicKey] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)  # hash -> machine
    entries: list[dict[str, Any]] = field(default_factory=list)  # what was reported, once each
    upto: dict[str, int] = field(default_factory=dict)
    beats: list[dict[str, Any]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)  # kinds of questions, in order
    sealed: list[tuple[int, bytes]] = field(default_factory=list)  # orders on their way
    polled: list[int] = field(default_factory=list)
    lose_answers: int = 0  # so many reports are taken and not answered
    connections: int = 0

    def __post_init__(self) -> None:
        self.key = SigningKey.generate()
        self.ca = Ca.load_or_make(self.directory / "ca", hospital="Test", now=time.time())
        self.change = threading.Condition()
        self.last: dict[tuple[str, str], int] = {}
        self.order_seq = 0
        self._server: _Server | None = None

    # --- its life -----------------------------------------------------------------------------------------------------

    def start(self) -> SmallHub:
        self._server = _Server((self.address, self.port), self)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def stop(self) -> None:
        """Gone as a killed process is: every connection is reset."""
        server, self._server = self._server, None
        if server is not None:
            server.shutdown()
            server.server_close()
            server.drop_all()
            with self.change:
                self.change.notify_all()

    def __enter__(self) -> SmallHub:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def up(self) -> bool:
        return self._server is not None

    def now(self) -> float:
        return time.time() + self.ahead

    # --- what a test asks of it --------------------------------------------------------------------------------------

    def token(self, machine: str) -> Token:
        made = Token.new(self.address, self.port, self.ca.pin, machine)
        self.tokens[made.hash] = machine
        return made

    def order(
        self, machine: str, order: Order, *, key: SigningKey | None = None, ttl: float = 60.0, **changed: Any
    ) -> int:
        """Send an order; `changed` are fields of the envelope that are not as they should be."""
        with self.change:
            self.order_seq += 1
            seq = changed.get("seq", self.order_seq)
            fields: dict[str, Any] = {"sender": HUB, "recipient": machine, "kind": "order", "seq": seq, **changed}
            body = fields.pop("body", msgspec.json.encode(order))
            self.sealed.append((self.order_seq, seal(key or self.key, body=body, now=self.now(), ttl=ttl, **fields)))
            self.change.notify_all()
            return self.order_seq

    def wait(self, until: Any, seconds: float = 15.0) -> bool:
        """Wait for something to become true of what it has heard."""
        with self.change:
            return bool(self.change.wait_for(lambda: until(self), seconds))

    def kinds(self) -> list[str]:
        return [entry["kind"] for entry in self.entries]

    def of_kind(self, kind: str) -> list[dict[str, Any]]:
        return [entry["payload"] for entry in self.entries if entry["kind"] == kind]

    # --- what it answers --------------------------------------------------------------------------------------------

    def answer(self, path: str, raw: bytes) -> tuple[int, bytes]:
        if path == "/agent/enrol":
            return self._enrol(json.loads(raw))
        kind = path.removeprefix("/agent/")
        try:
            question = open_sealed(
                raw, key_of=self.agents.get, recipient=HUB, now=self.now(), last_seq=lambda *who: self.last.get(who, 0)
            )
        except EnvelopeRefusedError as error:
            return self._refuse(raw, error)
        with self.change:
            self.asked.append(kind)
            self.last[question.sender, question.kind] = question.seq
            body = {"report": self._report, "heartbeat": self._beat, "poll": self._poll}[kind](
                question.sender, json.loads(question.body)
            )
            self.change.notify_all()
        return 200, self._seal(question.sender, question.seq, "answer", body)

    def _seal(self, machine: str, seq: int, kind: str, body: Any) -> bytes:
        raw = msgspec.json.encode(body)
        return seal(self.key, sender=HUB, recipient=machine, seq=seq, kind=kind, body=raw, now=self.now(), ttl=60)

    def _refuse(self, raw: bytes, error: EnvelopeRefusedError) -> tuple[int, bytes]:
        with self.change:
            self.refused.append(error.code)
            self.change.notify_all()
        if error.code not in SIGNED_CODES:
            return 403, msgspec.json.encode({"code": error.code, "reason": "not believed"})
        question = open_sealed(raw, key_of=self.agents.get, recipient=HUB, now=0, skew=float("inf"))
        last = self.last.get((question.sender, question.kind), 0)
        body = {"code": error.code, "reason": error.reason, "now": self.now(), "last": last}
        return 409, self._seal(question.sender, question.seq, "refused", body)

    def _report(self, machine: str, body: Any) -> dict[str, Any]:
        for entry in body["entries"]:
            if entry["seq"] > self.upto.get(machine, 0):
                self.entries.append(entry)
                self.upto[machine] = entry["seq"]
        if body["entries"] and self.lose_answers:
            self.lose_answers -= 1
            raise _LostError
        return {"upto": self.upto.get(machine, 0)}

    def _beat(self, machine: str, body: Any) -> dict[str, Any]:
        self.beats.append(body)
        return {"now": self.now(), "checkpoint": {"size": len(self.entries)}}

    def _poll(self, machine: str, body: Any) -> dict[str, Any]:
        self.polled.append(body["after"])
        self.change.notify_all()
        server, number = self._server, len(self.polled)
        self.change.wait_for(
            lambda: (
                self._server is not server
                or len(self.polled) > number  # a new poll ends this one, empty: its connection may be dead
                or any(seq > body["after"] for seq, _ in self.sealed)
            ),
            min(body["wait"], 30),
        )
        if len(self.polled) > number:
            return {"orders": []}
        found = [raw.decode() for seq, raw in self.sealed if seq > body["after"]]
        self.sealed = []  # sent once: what is lost on its way has to be sent again by the test
        return {"orders": found}

    def _enrol(self, body: Any) -> tuple[int, bytes]:
        machine = self.tokens.pop(token_hash(body["token"]), "")
        if machine != body["machine"]:
            return 403, msgspec.json.encode({"code": "REFUSED", "reason": "the token was used already"})
        self.agents[machine] = PublicKey.from_hex(body["key"])
        welcome = {
            "machine": machine,
            "hub_key": self.key.public.hex,
            "ca": self.ca.pem,
            "release_secret": release_secret(MASTER, machine, 1).hex(),
            "generation": 1,
            "address": f"{self.address}:{self.port}",
            "now": self.now(),
        }
        return 200, msgspec.json.encode(welcome)


class _LostError(Exception):
    """The answer is lost on its way."""


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], hub: SmallHub) -> None:
        self.hub = hub
        self._open: set[socket.socket] = set()
        self._tls = server_context(hub.ca.server([hub.address], now=time.time()))
        super().__init__(address, _Handler)

    def get_request(self) -> tuple[socket.socket, Any]:
        plain, address = self.socket.accept()
        self.hub.connections += 1
        plain.settimeout(40)
        try:
            plain.getpeername()  # gone again already? Wrapping it would leave a socket behind
        except OSError:
            plain.close()
            raise
        wrapped = self._tls.wrap_socket(plain, server_side=True, do_handshake_on_connect=False)
        self._open.add(wrapped)
        return wrapped, address

    def drop_all(self) -> None:
        for connection in list(self._open):
            try:
                socket.socket.shutdown(connection, socket.SHUT_RDWR)
            except OSError:
                pass

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        self.close_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that broke is no news here."""


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version: ClassVar[str] = "HTTP/1.1"  # type: ignore[misc]
    disable_nagle_algorithm: ClassVar[bool] = True  # type: ignore[misc]
    server: _Server

    def setup(self) -> None:
        try:
            assert isinstance(self.request, ssl.SSLSocket)
            self.request.do_handshake()
        except (OSError, ValueError):
            pass  # who only looks at the certificate, or does not like it
        super().setup()

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["content-length"]))
        try:
            status, body = self.server.hub.answer(self.path, raw)
        except _LostError:
            self.close_connection = True
            return
        if not self.server.hub.up:
            self.close_connection = True
            return
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""

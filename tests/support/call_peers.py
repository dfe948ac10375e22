"""Real peers for the channels: an IPP printer, an SMS daemon with a dummy modem, an HTTP server, an SMTP sink.

Comes in: a folder. Goes out: running peers, ended with their `with`. A peer that is not
installed skips with the reason.
"""

from __future__ import annotations

import contextlib
import http.server
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from bench import calling_peers
from bench.common import UnavailableError

WAIT_S = 30.0


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])


def until(what: Callable[[], Any]) -> Any:
    """Wait until something is so; the end is generous, and nothing is measured by it."""
    end = time.monotonic() + WAIT_S
    while time.monotonic() < end:
        if found := what():
            return found
        time.sleep(0.02)
    raise AssertionError("it did not come")


# --- a printer --------------------------------------------------------------------------------------------------------


@dataclass
class PrinterPeer:
    uri: str
    spool: Path

    def pages(self) -> list[bytes]:
        """What was printed, in order."""
        found = (path.read_bytes() for path in sorted(self.spool.rglob("*")) if path.is_file())
        return list(dict.fromkeys(each for each in found if each))  # it keeps a page under two names for a moment


@contextlib.contextmanager
def ipp_printer(
    folder: Path, formats: str = "text/plain,application/pdf", command: str = "/bin/true"
) -> Iterator[PrinterPeer]:
    """CUPS's own `ippeveprinter`, which keeps what it prints."""
    with _or_skip(calling_peers.printer(folder, formats, command)) as (uri, spool):
        yield PrinterPeer(uri, spool)


# --- a modem ----------------------------------------------------------------------------------------------------------


@dataclass
class ModemPeer:
    folder: Path

    @property
    def options(self) -> dict[str, str]:
        return {name: str(self.folder / name) for name in ("outbox", "sent", "error", "inbox")}

    def sent(self) -> list[str]:
        """The texts that the modem sent."""
        found = sorted((self.folder / "sent").glob("OUT*"))
        return [path.read_bytes()[2:].decode("utf-16-be") for path in found]

    def receive(self, sender: str, text: str, number: int = 1) -> None:
        """Let a message arrive in the dummy modem's memory."""
        folder = self.folder / "dummy" / "sms" / "1"
        until(folder.is_dir)
        beside = self.folder / "message"
        beside.write_text(
            "[SMSBackup000]\n"
            '#\nSMSC = "+3240000"\nSMSCFormat = Text\nSMSCValidity = 255\n'
            f'SentTime = 20261128T030000\nDateTime = 20261128T030000\nState = UnRead\nNumber = "{sender}"\nName = ""\n'
            f"Text00 = {text.encode('utf-16-be').hex().upper()}\nCoding = Unicode_No_Compression\nFolder = 1\n"
            f"Length = {len(text)}\nClass = -1\nReplySMSC = False\nRejectDuplicates = False\nReplaceMessage = 0\n"
            "MessageReference = 0\n"
        )
        beside.rename(folder / str(number))


@contextlib.contextmanager
def sms_daemon(folder: Path, device: str = "", connection: str = "none") -> Iterator[ModemPeer]:
    """The real `gammu-smsd` on a dummy modem, or on whatever device is named."""
    with _or_skip(calling_peers.modem(folder, device, connection)) as running:
        yield ModemPeer(running)


@contextlib.contextmanager
def _or_skip(peer: Any) -> Iterator[Any]:
    with contextlib.ExitStack() as at_end:
        try:
            found = at_end.enter_context(peer)
        except UnavailableError as error:
            pytest.skip(str(error))
        yield found


# --- HTTP and SMTP ----------------------------------------------------------------------------------------------------


@dataclass
class WebPeer:
    url: str
    got: list[tuple[str, str, dict[str, str], Any]] = field(default_factory=list)  # method, path, headers, body
    status: int = 200


@contextlib.contextmanager
def web_server() -> Iterator[WebPeer]:
    """A relay with an HTTP port."""
    peer = WebPeer("")

    class Handler(http.server.BaseHTTPRequestHandler):
        def _take(self) -> None:
            raw = self.rfile.read(int(self.headers.get("content-length", 0)))
            body = json.loads(raw) if raw.startswith(b"{") else raw
            peer.got.append((self.command, self.path, dict(self.headers), body))
            self.send_response(peer.status)
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_POST = _take  # noqa: N815 - the names that the server calls

        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    peer.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield peer
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class MailPeer:
    port: int
    got: list[Any] = field(default_factory=list)  # envelopes


@contextlib.contextmanager
def smtp_sink() -> Iterator[MailPeer]:
    """A mail relay that keeps everything."""
    from aiosmtpd.controller import Controller

    peer = MailPeer(free_port())

    class Handler:
        async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
            peer.got.append(envelope)
            return "250 taken"

    controller = Controller(Handler(), hostname="127.0.0.1", port=peer.port)
    controller.start()
    try:
        yield peer
    finally:
        controller.stop()

"""What a printing says of itself when the printer does not do its part. The real printer is in tests/integration."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator

import pytest

from garde.paper.printing import Progress, look_at, print_pdf

PDF = b"%PDF-1.7\n"


def _attribute(tag: int, name: str, value: bytes) -> bytes:
    return struct.pack(">BH", tag, len(name)) + name.encode() + struct.pack(">H", len(value)) + value


def _integer(tag: int, name: str, value: int) -> bytes:
    return _attribute(tag, name, struct.pack(">i", value))


ABOUT = (
    b"\x04" + _attribute(0x49, "document-format-supported", b"application/pdf")
    + _integer(0x23, "printer-state", 5) + _attribute(0x44, "printer-state-reasons", b"media-empty-error")
)  # fmt: skip
TAKEN = b"\x02" + _integer(0x21, "job-id", 7)


def job(state: int, done: int | None = None) -> bytes:
    counted = b"" if done is None else _integer(0x21, "job-impressions-completed", done)
    return b"\x02" + _integer(0x23, "job-state", state) + counted


class Fake:
    """A printer that answers what it is told, by operation; None: it hangs up in the middle."""

    def __init__(self, answers: dict[int, list[bytes | None]]) -> None:
        self.answers = answers
        self.server = socket.create_server(("127.0.0.1", 0))
        self.uri = f"ipp://127.0.0.1:{self.server.getsockname()[1]}/ipp/print"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                peer, _ = self.server.accept()
                with peer, peer.makefile("rb") as file:
                    self._answer(peer, file)

    def _answer(self, peer: socket.socket, file: object) -> None:
        length = 0
        while line := file.readline().strip():  # type: ignore[attr-defined]
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        body = file.read(length)  # type: ignore[attr-defined]
        waiting = self.answers[struct.unpack_from(">H", body, 2)[0]]
        found = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if found is not None:
            raw = b"\x02\x00\x00\x00\x00\x00\x00\x01" + found + b"\x03"
            peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(raw) + raw)


@pytest.fixture
def printer() -> Iterator[Fake]:
    found = Fake({0x000B: [ABOUT], 0x0002: [TAKEN], 0x0009: [job(9)]})
    yield found
    found.server.close()


def test_what_came_out_is_what_the_printer_says(printer: Fake) -> None:
    said: list[Progress] = []
    printer.answers[0x0009] = [job(5, 1), job(5, 2), job(9, 3)]
    done = print_pdf(printer.uri, "x", PDF, say=said.append, sleep=lambda _: None)
    assert (done.handed, done.job, done.came_out, done.fault) == (True, 7, 3, "")
    assert [each.came_out for each in said] == [1, 2] and said[0].troubles == ("media-empty",)


def test_a_job_that_never_ends_is_left_with_its_reason(printer: Fake) -> None:
    printer.answers[0x0009] = [job(6, 2)]
    done = print_pdf(printer.uri, "x", PDF, patience_s=5, sleep=lambda _: None)
    assert done.handed and done.came_out == 2
    assert "job 7 waits" in done.fault and "the paper is out" in done.fault and "nobody knows" in done.fault


def test_a_printer_that_is_lost_after_it_took_the_job_may_have_printed(printer: Fake) -> None:
    printer.answers[0x0009] = [None]
    done = print_pdf(printer.uri, "x", PDF, patience_s=2, sleep=lambda _: None)
    assert done.handed and "does not answer any more" in done.fault


def test_a_printer_that_hangs_up_instead_of_saying_that_it_has_the_job_may_have_it(printer: Fake) -> None:
    printer.answers[0x0002] = [None]
    assert print_pdf(printer.uri, "x", PDF, sleep=lambda _: None).handed is True


@pytest.mark.parametrize(("state", "word"), [(7, "cancelled"), (8, "gave the job up")])
def test_a_job_that_was_given_up_says_how_far_it_came(printer: Fake, state: int, word: str) -> None:
    printer.answers[0x0009] = [job(state, 2)]
    fault = print_pdf(printer.uri, "x", PDF, sleep=lambda _: None).fault
    assert word in fault and "2 pages came out" in fault
    printer.answers[0x0009] = [job(state)]
    assert "nobody knows" in print_pdf(printer.uri, "x", PDF, sleep=lambda _: None).fault


def test_how_a_printer_stands(printer: Fake) -> None:
    found = look_at(printer.uri)
    assert (found.state, found.troubles) == ("stopped", ("media-empty",))
    assert look_at("ipp://127.0.0.1:9/").state == look_at("file:///etc/passwd").state == "absent"

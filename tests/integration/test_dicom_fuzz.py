"""Bytes that no modality would send, by the hundred: the server lives, prints nothing, keeps no thread of theirs."""

from __future__ import annotations

import os
import random
import shutil
import socket
import struct
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom.dataset import Dataset
from pynetdicom.dsutils import encode

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))
from dicom_peers import association, echo

from garde.desk.dicom import DicomServer

TRIES = 3000 if os.environ.get("GARDE_FUZZ") else 120


def _answer(question: Dataset, peer: str) -> Iterator[tuple[int | Dataset, Dataset | None]]:
    yield 0xFF00, question


def _unit(kind: int, data: bytes) -> bytes:
    return struct.pack(">BBL", kind, 0, len(data)) + data


def _part(flag: int, data: bytes) -> bytes:
    return _unit(4, struct.pack(">LBB", len(data) + 2, 1, flag) + data)


def _command() -> bytes:
    found = Dataset()
    found.AffectedSOPClassUID, found.CommandField = "1.2.840.10008.5.1.4.31", 0x20
    found.MessageID, found.Priority, found.CommandDataSetType = 1, 0, 1
    body = encode(found, True, True) or b""
    return struct.pack("<HHLL", 0, 0, 4, len(body)) + body


def _question() -> bytes:
    found = Dataset()
    found.PatientName, found.PatientID = "Lef*", ""
    return encode(found, True, True) or b""


def _spoilt(data: bytes, draw: random.Random) -> bytes:
    found = bytearray(data)
    for _ in range(draw.randint(1, 6)):
        at = draw.randrange(len(found) + 1)
        match draw.randrange(4):
            case 0:
                found[at : at + 1] = draw.randbytes(1)
            case 1:
                del found[at : at + draw.randint(1, 8)]
            case 2:
                found[at:at] = draw.randbytes(draw.randint(1, 8))
            case _:
                found[at : at + 4] = b"\xff\xff\xff\xff"
    return bytes(found)


def _bytes(draw: random.Random) -> tuple[bytes, bytes]:
    """What is sent to begin, and after that."""
    command, question = _command(), _question()
    return [
        (_spoilt(association(), draw), b""),
        (association(), _spoilt(_part(3, command) + _part(2, question), draw)),
        (association(), _part(3, command) + _part(2, _spoilt(question, draw))),
        (association(), _part(3, _spoilt(command, draw)) + _part(2, question)),
        (association(), _part(3, command) + _part(2, draw.randbytes(draw.randrange(300)))),
        (association(), _unit(draw.randint(1, 9), draw.randbytes(draw.randrange(60)))),
    ][draw.randrange(6)]


def _try(port: int, draw: random.Random) -> None:
    first, then = _bytes(draw)
    with socket.create_connection(("127.0.0.1", port), timeout=5) as sock:
        sock.settimeout(0.2)
        try:
            sock.sendall(first)
            sock.recv(400)
            sock.sendall(then)
            sock.recv(400)
        except OSError:
            pass


@pytest.mark.skipif(shutil.which("echoscu") is None, reason="needs echoscu (Debian: dcmtk)")
def test_no_bytes_end_it_or_are_printed(capfd: pytest.CaptureFixture[str]) -> None:
    said: list[str] = []
    before = threading.active_count()
    server = DicomServer("GARDE", (), 12, _answer, said.append)
    _, port = server.start("127.0.0.1", 0)
    draw = random.Random(os.urandom(8) if os.environ.get("GARDE_FUZZ") else 7)
    try:
        for _ in range(TRIES):
            _try(port, draw)
        assert any(echo(port) == 0 for _ in range(40))
        for _ in range(200):
            if threading.active_count() <= before + 1:
                break
            threading.Event().wait(0.1)
        assert threading.active_count() <= before + 1, "a thread of a connection that is gone is still there"
    finally:
        server.stop()
    shown = capfd.readouterr()
    assert (shown.out, shown.err) == ("", "")
    assert said and all("Lef" not in line for line in said)

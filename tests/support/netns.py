"""Network namespaces without names: this process moves into one of its own, and machines are children in others.

Comes in: nothing. Goes out: `own_network` (a context in which the process, and whoever it starts, is in a new
network) and `Machine` (another one, wired to it). Nothing of it is seen in the machine's own network, and the kernel
removes all of it with its last process. It needs root."""

from __future__ import annotations

import contextlib
import ctypes
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from typing import Any

CLONE_NEWNET = 0x40000000
_LIBC = ctypes.CDLL(None, use_errno=True)


# Duplicate address detection would keep an address of a new wire unusable for a second.
_PREPARE = "ip link set lo up && echo 0 > /proc/sys/net/ipv6/conf/default/accept_dad"


def _call(name: str, *arguments: int) -> None:
    if getattr(_LIBC, name)(*arguments):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


@contextlib.contextmanager
def own_network() -> Iterator[None]:
    """Only the calling thread moves, and what it starts from then on: call it from the main thread."""
    before = os.open("/proc/self/ns/net", os.O_RDONLY)
    try:
        _call("unshare", CLONE_NEWNET)
        subprocess.run(["sh", "-c", _PREPARE], check=True)
        yield
    finally:
        _call("setns", before, CLONE_NEWNET)
        os.close(before)


class Machine:
    """Another machine: a process that waits in a network of its own, and the wire to us."""

    def __init__(self, stack: contextlib.ExitStack) -> None:
        words = ["unshare", "--net", "--", "sh", "-c", f"{_PREPARE} && echo ready && exec sleep 600"]
        self._process = subprocess.Popen(words, stdout=subprocess.PIPE, start_new_session=True)
        stack.callback(self._end)
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == b"ready\n"

    @property
    def pid(self) -> int:
        return self._process.pid

    def _end(self) -> None:
        self._process.kill()
        self._process.wait(10)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def wire(self, name: str, *, ours: Sequence[str] = (), theirs: Sequence[str] = (), master: str = "") -> None:
        """A veth `name` here, `eth<N>` there, with addresses like "10.0.0.1/24"."""
        inner = f"to-{name}"[:15]
        ip("link", "add", name, "type", "veth", "peer", "name", inner, "netns", str(self.pid))
        for address in ours:
            ip("addr", "add", address, "dev", name, *_nodad(address))
        if master:
            ip("link", "set", name, "master", master)
        ip("link", "set", name, "up")
        for address in theirs:
            self.run(["ip", "addr", "add", address, "dev", inner, *_nodad(address)], check=True)
        self.run(["ip", "link", "set", inner, "up"], check=True)

    def command(self, arguments: Sequence[str]) -> list[str]:
        return ["nsenter", f"--net=/proc/{self.pid}/ns/net", "--", *arguments]

    def run(self, arguments: Sequence[str], **options: Any) -> subprocess.CompletedProcess[str]:
        how: dict[str, Any] = {"capture_output": True, "text": True, **options}
        return subprocess.run(self.command(arguments), check=how.pop("check", False), **how)

    def popen(self, arguments: Sequence[str], **options: Any) -> subprocess.Popen[bytes]:
        return subprocess.Popen(self.command(arguments), start_new_session=True, **options)

    def pings(self, address: str) -> bool:
        """Whether one echo comes back within a third of a second."""
        return self.run([sys.executable, "-c", _PING, address]).returncode == 0


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


def _nodad(address: str) -> tuple[str, ...]:
    return ("nodad",) if ":" in address else ()


# One echo; `ping` is not installed everywhere.
_PING = """
import socket, struct, sys, time
where, six = sys.argv[1], ":" in sys.argv[1]
sock = socket.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_RAW, 58 if six else 1)
head = struct.pack("!BBHHH", 128 if six else 8, 0, 0 if six else 0, 0x1234, 1)
total = sum(struct.unpack("!4H", head[:2] + b"\\0\\0" + head[4:]))
if not six:
    head = head[:2] + struct.pack("!H", ~total & 0xFFFF) + head[4:]
end = time.monotonic() + 0.35
try:
    sock.sendto(head, (where, 0))
    while time.monotonic() < end:
        sock.settimeout(max(0.001, end - time.monotonic()))
        data = sock.recv(2048)
        data = data if six else data[20:]
        if data[0] == (129 if six else 0) and data[4:6] == b"\\x12\\x34":
            sys.exit(0)
except OSError:
    pass
sys.exit(1)
"""

"""Conntrack messages of the kernel: asked for, heard, read.

Comes in: a socket's bytes. Goes out: `Entry`. Own `struct` code: pyroute2 says the same (a test compares the two) and
takes many times as long, which a gateway with 50,000 connections would feel four times a minute. Numbers are those of
linux/netfilter/nfnetlink_conntrack.h.
"""

from __future__ import annotations

import errno
import os
import socket
import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

from garde.forensics.egress.nouns import carried
from garde.sockets import widen

NEW, DESTROY = 0, 2  # IPCTNL_MSG_CT_NEW, IPCTNL_MSG_CT_DELETE
_GET: Final = 1
_SUBSYSTEM: Final = 1 << 8  # NFNL_SUBSYS_CTNETLINK
_NETFILTER: Final = 12
_SOL_NETLINK, _ADD_MEMBERSHIP, _GROUPS = 270, 1, (1, 3)  # NFNLGRP_CONNTRACK_NEW, _DESTROY
_ERROR, _DONE = 2, 3
_DUMP: Final = 0x301  # NLM_F_REQUEST | NLM_F_ROOT | NLM_F_MATCH
_HEAD: Final = struct.Struct("=IHHII")
_ATTRIBUTE: Final = struct.Struct("=HH")
_EIGHT: Final = struct.Struct(">Q")
_TWO: Final = struct.Struct(">H")
_ORIG, _REPLY, _COUNT_ORIG, _COUNT_REPLY, _ID, _TIMES = 1, 2, 9, 10, 12, 20
BUFFER: Final = 16 << 20  # bytes that wait in the socket: some 100,000 events
_DUMP_S: Final = 10.0  # for a whole table; the kernel answers as fast as it is read


class Tuple(NamedTuple):
    """One way of a connection."""

    source: bytes
    target: bytes
    source_port: int
    target_port: int
    protocol: int


class Entry(NamedTuple):
    """One connection as the kernel says it."""

    event: int  # NEW | DESTROY
    key: bytes  # tells it from every other one
    orig: Tuple
    reply: Tuple
    counted: bool  # whether it has counters: those opened before accounting was switched on have none
    sent: int  # bytes, from who opened it, without headers
    back: int
    began: float  # wall seconds; 0: not known


def listen() -> socket.socket:
    """Hear of every connection that begins or ends; raises OSError."""
    made = _socket()
    try:
        for group in _GROUPS:
            made.setsockopt(_SOL_NETLINK, _ADD_MEMBERSHIP, group)
        made.setblocking(False)
    except OSError:
        made.close()
        raise
    return made


def _socket() -> socket.socket:
    made = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, _NETFILTER)
    widen(made, BUFFER)
    made.bind((0, 0))
    return made


def dump() -> list[Entry]:
    """Return the whole table; raises OSError."""
    found: list[Entry] = []
    with _socket() as asked:
        asked.settimeout(_DUMP_S)
        body = struct.pack("=BBH", socket.AF_UNSPEC, 0, 0)
        asked.sendto(_HEAD.pack(_HEAD.size + len(body), _SUBSYSTEM | _GET, _DUMP, 1, 0) + body, (0, 0))
        while True:
            data = asked.recv(1 << 17)
            found += entries(data)
            if _ends(data):
                return found


def _ends(data: bytes) -> bool:
    for kind, body in _messages(data):
        if kind == _ERROR:
            number = -struct.unpack_from("=i", body)[0]
            raise OSError(number, os.strerror(number))
        if kind == _DONE:
            return True
    return False


def read(heard: socket.socket, most: int) -> tuple[list[Entry], bool]:
    """Return what has come, up to so many datagrams, and whether some was lost; raises OSError for a dead socket."""
    found: list[Entry] = []
    lost = False
    for _ in range(most):
        try:
            data = heard.recv(1 << 16)
        except BlockingIOError:
            break
        except OSError as error:
            if error.errno != errno.ENOBUFS:
                raise
            lost = True
            continue
        found += entries(data)
    return found, lost


def entries(data: bytes) -> Iterator[Entry]:
    """Read every conntrack message in a datagram; what can't be read is left out."""
    for kind, body in _messages(data):
        if kind >> 8 == _SUBSYSTEM >> 8 and kind & 0xFF in (NEW, DESTROY):
            found = _entry(kind & 0xFF, body)
            if found is not None:
                yield found


def _messages(data: bytes) -> Iterator[tuple[int, memoryview]]:
    view, at = memoryview(data), 0
    while len(view) - at >= _HEAD.size:
        length, kind, _, _, _ = _HEAD.unpack_from(view, at)
        if length < _HEAD.size or at + length > len(view):
            return
        yield kind, view[at + _HEAD.size : at + length]
        at += (length + 3) & ~3


def _attributes(view: memoryview) -> Iterator[tuple[int, memoryview]]:
    at = 0
    while len(view) - at >= 4:
        length, kind = _ATTRIBUTE.unpack_from(view, at)
        if length < 4 or at + length > len(view):
            return
        yield kind & 0x3FFF, view[at + 4 : at + length]
        at += (length + 3) & ~3


def _entry(event: int, body: memoryview) -> Entry | None:
    orig = reply = None
    key, counted, began = b"", False, 0.0
    sent = back = (0, 0)
    for kind, value in _attributes(body[4:]):  # after struct nfgenmsg
        if kind == _ORIG:
            orig, key = _tuple(value), bytes(value) + key
        elif kind == _REPLY:
            reply = _tuple(value)
        elif kind == _COUNT_ORIG:
            sent, counted = (_number(value, 2), _number(value, 1)), True
        elif kind == _COUNT_REPLY:
            back = (_number(value, 2), _number(value, 1))
        elif kind == _ID:
            key += bytes(value)
        elif kind == _TIMES:
            began = _number(value, 1) / 1e9
    if orig is None or reply is None:
        return None
    v6, protocol = len(orig.source) == 16, orig.protocol
    return Entry(
        event, key, orig, reply, counted, carried(*sent, protocol, v6=v6), carried(*back, protocol, v6=v6), began
    )


def _number(value: memoryview, wanted: int) -> int:
    for kind, data in _attributes(value):
        if kind == wanted and len(data) == 8:
            return int(_EIGHT.unpack(data)[0])
    return 0


def _tuple(value: memoryview) -> Tuple | None:
    source = target = b""
    numbers = {1: 0, 2: 0, 3: 0}  # protocol, port of the source, port of the target
    for kind, data in _attributes(value):
        for inner, each in _attributes(data):
            if kind == 1 and inner in (1, 3):
                source = bytes(each)
            elif kind == 1 and inner in (2, 4):
                target = bytes(each)
            elif kind == 2 and inner in numbers:
                numbers[inner] = int(_TWO.unpack(each)[0]) if len(each) == 2 else each[0] if len(each) == 1 else 0
    if len(source) not in (4, 16) or len(source) != len(target):
        return None
    return Tuple(source, target, numbers[2], numbers[3], numbers[1])

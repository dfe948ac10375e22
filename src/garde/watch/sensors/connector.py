"""The kernel's proc connector: one datagram for every fork, exec, exit, and change of user or session.

Comes in: netlink datagrams. Goes out: `Event`. It keeps no tree (procs.py does). Linux only; needs CAP_NET_ADMIN in
the first user namespace, and the network and pid namespaces that the machine started with.
"""

from __future__ import annotations

import ctypes
import errno
import os
import select
import socket
import struct
from collections.abc import Collection, Iterator
from contextlib import suppress
from typing import Final, NamedTuple

from garde.model.finding import Skipped
from garde.sockets import widen

# <linux/cn_proc.h>
ACK, FORK, EXEC, UID, SID, COMM, EXIT = 0x0, 0x1, 0x2, 0x4, 0x80, 0x200, 0x8000_0000

_NETLINK_CONNECTOR: Final = 11
_CN_IDX_PROC, _CN_VAL_PROC = 1, 1
_LISTEN = 1
_SO_ATTACH_FILTER: Final = 26
_UNHEARD_MOST: Final = 1000  # processes that a filter names: two instructions each, of the 4,096 that it may have
_BUFFER = 8 << 20  # bytes the kernel may hold for us: some 10,000 datagrams at its own accounting
_ACK_MS = 500  # a kernel that will not serve this namespace says nothing at all
_HEAD: Final = struct.Struct("=16x20xI12xiiii").unpack_from  # after nlmsghdr and cn_msg: what, cpu+time, four words
_ACK: Final = struct.Struct("=16x20xI12xI").unpack_from
_COMM: Final = 16 + 20 + 16 + 8  # where the 16 bytes of comm start
_LEAST = 16 + 20 + 16 + 16  # bytes; shorter events are padded to it


class Event(NamedTuple):
    """One event of a whole process (threads are told apart by the reader: `pid` is a thread, `tgid` its process)."""

    what: int
    pid: int
    tgid: int
    third: int  # FORK: the child's thread; UID: the real uid; EXIT: exit code
    fourth: int  # FORK: the child's process
    comm: bytes = b""


class Connector:
    """The open socket."""

    def __init__(self) -> None:
        self._socket: socket.socket | None = None
        self._room = bytearray(512)

    def open(self) -> Skipped | None:
        """Start listening; a reason when the kernel refuses."""
        try:
            made = socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK, _NETLINK_CONNECTOR)
        except OSError as error:
            return Skipped("short-lived writers", f"by user only: no proc connector ({error.strerror})")
        self._socket = made
        try:
            made.bind((0, _CN_IDX_PROC))
            made.send(_message(_LISTEN))
            refused = self._await_ack(made)
        except OSError as error:
            refused = _WORDS.get(error.errno or 0, error.strerror or str(error))
        if refused:
            self.close()
            return Skipped("short-lived writers", f"by user only: {refused}")
        widen(made, _BUFFER)
        self.leave_out(())
        return None

    def leave_out(self, served: Collection[int]) -> None:
        """Have the kernel keep changes of user of these processes to itself, and what nobody here reads of any.

        An smbd becomes its client's user and root again in each request: that is thousands of datagrams a second, each
        with a wake-up. Where the kernel takes no filter they come, and are gone over.
        """
        if self._socket is not None:
            program = _program(sorted(served)[:_UNHEARD_MOST])
            room = ctypes.create_string_buffer(program, len(program))
            with suppress(OSError):
                self._socket.setsockopt(
                    socket.SOL_SOCKET,
                    _SO_ATTACH_FILTER,
                    struct.pack("@HP", len(program) // _INSTRUCTION.size, ctypes.addressof(room)),
                )

    def fileno(self) -> int:
        """The socket's descriptor, -1 when it is not open."""
        return self._socket.fileno() if self._socket else -1

    def events(self) -> Iterator[Event]:
        """Give what is waiting; never blocks. Raises OSError(ENOBUFS) when the kernel dropped events."""
        receive, room = (self._socket.recv_into if self._socket else None), self._room
        while receive is not None:
            try:
                count = receive(room)
            except BlockingIOError:
                return
            event = parse(room, count)
            if event is not None:
                yield event

    def close(self) -> None:
        """Stop listening; may be called twice."""
        if self._socket is not None:
            self._socket.close()
        self._socket = None

    def _await_ack(self, made: socket.socket) -> str:
        """Return "" once the kernel agreed, else its reason. Events that come first are not ours yet."""
        poll = select.poll()
        poll.register(made, select.POLLIN)
        while poll.poll(_ACK_MS):
            count = made.recv_into(self._room)
            what, code = _ACK(self._room) if count >= _HEAD_LEAST else (FORK, 0)
            if what == ACK:
                return os.strerror(code) if code else ""
        return "the proc connector does not serve this pid namespace"


_HEAD_LEAST = 16 + 20 + 16 + 4
_WORDS: Final = {
    errno.ECONNREFUSED: "the proc connector does not reach into this network namespace",
    errno.EPERM: "the proc connector needs root",
    errno.EACCES: "the proc connector needs root",
}


def parse(data: bytes | bytearray, count: int) -> Event | None:
    """Return the event in the first `count` bytes, None when it is cut short."""
    if count < _HEAD_LEAST:
        return None
    if count < _LEAST:
        data = bytes(data[:count]).ljust(_LEAST, b"\0")
    what, pid, tgid, third, fourth = _HEAD(data)
    comm = bytes(data[_COMM : min(count, _COMM + 16)]).partition(b"\0")[0] if what == COMM else b""
    return Event(what, pid, tgid, third, fourth, comm)


# Classic BPF (<linux/filter.h>): code, where to go if true and if false, an operand. Words are the network's.
_INSTRUCTION: Final = struct.Struct("=HBBI")
_LOAD, _EQUAL, _ANY_OF, _RETURN = 0x20, 0x15, 0x45, 0x06
_WHAT_AT, _TGID_AT = 16 + 20, 16 + 20 + 16 + 4  # nlmsghdr, cn_msg, the event's head, the thread
_TAKE, _DROP = _INSTRUCTION.pack(_RETURN, 0, 0, 0xFFFF_FFFF), _INSTRUCTION.pack(_RETURN, 0, 0, 0)


def _program(served: Collection[int]) -> bytes:
    """Return the filter: ACK and what the tree reads pass, changes of user but for those of `served`."""
    steps = [
        _INSTRUCTION.pack(_LOAD, 0, 0, _WHAT_AT),
        _INSTRUCTION.pack(_EQUAL, 4, 0, _loaded(UID)),
        _INSTRUCTION.pack(_ANY_OF, 2, 0, _loaded(FORK | EXEC | SID | COMM | EXIT)),
        _INSTRUCTION.pack(_EQUAL, 1, 0, ACK),
        _DROP,
        _TAKE,
        _INSTRUCTION.pack(_LOAD, 0, 0, _TGID_AT),
    ]
    for pid in served:
        steps += [_INSTRUCTION.pack(_EQUAL, 0, 1, _loaded(pid)), _DROP]
    return b"".join([*steps, _TAKE])


def _loaded(word: int) -> int:
    """Return a word of this machine as the filter loads it."""
    return int.from_bytes(struct.pack("=I", word), "big")


def _message(operation: int) -> bytes:
    body = struct.pack("=IIIIHHI", _CN_IDX_PROC, _CN_VAL_PROC, 0, 0, 4, 0, operation)
    return struct.pack("=IHHII", 16 + len(body), 3, 0, 0, os.getpid()) + body  # 3: NLMSG_DONE

"""File operations on an SMB share through Debian's libsmbclient, fast enough to play an attacker or an office.

Comes in: server, share, login, password. Goes out: `SmbShare` with open/read/write/seek/truncate/rename/unlink/mkdir on
paths relative to the share, each a real SMB2/3 request; and a program that does operations read as JSON lines. One
process is one connection, as on a real client. libsmbclient keeps global state and is not thread-safe: one `SmbShare`
per process. It talks to the lab's own networks only, so that it can't be turned on a real server.
"""

from __future__ import annotations

import base64
import ctypes
import ipaddress
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any, Final, Self
from urllib.parse import quote

Request = dict[str, Any]

LIBRARY: Final = "libsmbclient.so.0"
# Where `lab/samba.py` puts its servers, and this machine itself.
LAB_NETWORKS: Final = tuple(
    map(ipaddress.ip_network, ("198.18.0.0/15", "fd67:6172:6465::/48", "127.0.0.0/8", "::1/128"))
)
_PASSWORD_VARIABLE = "GARDE_SMB_PASSWORD"  # noqa: S105 - the name of a variable, so that no password stands in argv
_SMBC_DIR = 7
_SMBC_FILE = 8

_AUTH = ctypes.CFUNCTYPE(
    None,
    ctypes.c_void_p,
    ctypes.c_char_p,
    ctypes.c_char_p,
    *[kind for _ in range(3) for kind in (ctypes.POINTER(ctypes.c_char), ctypes.c_int)],
)


class _Dirent(ctypes.Structure):
    _fields_ = [
        ("smbc_type", ctypes.c_uint),
        ("dirlen", ctypes.c_uint),
        ("commentlen", ctypes.c_uint),
        ("comment", ctypes.c_void_p),
        ("namelen", ctypes.c_uint),
        # The name follows in place; its offset is all that is needed.
        ("name", ctypes.c_char * 1),
    ]


_NAMES: Final = {
    # name: (result, arguments)
    "smbc_new_context": (ctypes.c_void_p, []),
    "smbc_init_context": (ctypes.c_void_p, [ctypes.c_void_p]),
    "smbc_set_context": (ctypes.c_void_p, [ctypes.c_void_p]),
    "smbc_free_context": (ctypes.c_int, [ctypes.c_void_p, ctypes.c_int]),
    "smbc_setFunctionAuthDataWithContext": (None, [ctypes.c_void_p, _AUTH]),
    "smbc_setTimeout": (None, [ctypes.c_void_p, ctypes.c_int]),
    "smbc_setPort": (None, [ctypes.c_void_p, ctypes.c_uint16]),
    "smbc_setOptionProtocols": (ctypes.c_int, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p]),
    "smbc_setOptionNoAutoAnonymousLogin": (None, [ctypes.c_void_p, ctypes.c_int]),
    "smbc_open": (ctypes.c_int, [ctypes.c_char_p, ctypes.c_int, ctypes.c_uint]),
    "smbc_read": (ctypes.c_ssize_t, [ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t]),
    "smbc_write": (ctypes.c_ssize_t, [ctypes.c_int, ctypes.c_char_p, ctypes.c_size_t]),
    "smbc_lseek": (ctypes.c_int64, [ctypes.c_int, ctypes.c_int64, ctypes.c_int]),
    "smbc_ftruncate": (ctypes.c_int, [ctypes.c_int, ctypes.c_int64]),
    "smbc_close": (ctypes.c_int, [ctypes.c_int]),
    "smbc_rename": (ctypes.c_int, [ctypes.c_char_p, ctypes.c_char_p]),
    "smbc_unlink": (ctypes.c_int, [ctypes.c_char_p]),
    "smbc_mkdir": (ctypes.c_int, [ctypes.c_char_p, ctypes.c_uint]),
    "smbc_rmdir": (ctypes.c_int, [ctypes.c_char_p]),
    "smbc_opendir": (ctypes.c_int, [ctypes.c_char_p]),
    "smbc_readdir": (ctypes.POINTER(_Dirent), [ctypes.c_uint]),
    "smbc_closedir": (ctypes.c_int, [ctypes.c_int]),
}


class SmbFile:
    """One open file; a context manager, with the calls of a raw Python file."""

    def __init__(self, library: ctypes.CDLL, descriptor: int, path: str) -> None:
        self._library = library
        self._descriptor = descriptor
        self.path = path

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def read(self, count: int) -> bytes:
        """Up to `count` bytes from the current position."""
        room = ctypes.create_string_buffer(count)
        got = _checked(self._library.smbc_read(self._descriptor, room, count), self.path)
        return room.raw[:got]

    def write(self, data: bytes) -> int:
        """Write all of `data`; returns its length."""
        done = 0
        while done < len(data):
            part = data[done:] if done else data
            done += _checked(self._library.smbc_write(self._descriptor, part, len(part)), self.path)
        return done

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        return _checked(self._library.smbc_lseek(self._descriptor, offset, whence), self.path)

    def truncate(self, size: int) -> None:
        _checked(self._library.smbc_ftruncate(self._descriptor, size), self.path)

    def close(self) -> None:
        """Close; a second call does nothing."""
        if self._descriptor >= 0:
            descriptor, self._descriptor = self._descriptor, -1
            _checked(self._library.smbc_close(descriptor), self.path)


class SmbShare:
    """One connection to one share. Paths are relative to the share, with slashes; errors are OSError."""

    def __init__(self, server: str, share: str, login: str, password: str, *, port: int = 445) -> None:
        check_lab(server)
        _prepare_surroundings()
        self._library = _load()
        self._root = f"smb://{_host(server)}/{quote(share)}/"
        self._login = (b"", login.encode(), password.encode())
        self._auth = _AUTH(self._answer)  # kept: the library calls it at any later time
        self._context = self._new_context(port)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _new_context(self, port: int) -> int:
        library = self._library
        context: int = library.smbc_new_context()
        library.smbc_setFunctionAuthDataWithContext(context, self._auth)
        library.smbc_setOptionProtocols(context, b"SMB2_10", b"SMB3_11")
        library.smbc_setOptionNoAutoAnonymousLogin(context, 1)
        library.smbc_setPort(context, port)
        if not library.smbc_init_context(context):
            raise OSError(ctypes.get_errno(), "libsmbclient does not start")
        library.smbc_set_context(context)
        return context

    def _answer(self, _context: int, _server: bytes, _share: bytes, *rooms: Any) -> None:
        for text, room, size in zip(self._login, rooms[0::2], rooms[1::2], strict=True):
            ctypes.memmove(room, text[: size - 1] + b"\0", min(len(text), size - 1) + 1)

    def _url(self, path: str) -> bytes:
        return (self._root + quote(path, errors="surrogateescape")).encode()

    def open(self, path: str, mode: str = "r") -> SmbFile:
        """Open: "r" to read, "r+" to change in place, "w" to make anew or cut to nothing, "x" only when new."""
        flags = {
            "r": os.O_RDONLY,
            "r+": os.O_RDWR,
            "w": os.O_RDWR | os.O_CREAT | os.O_TRUNC,
            "x": os.O_RDWR | os.O_CREAT | os.O_EXCL,
        }[mode]
        return SmbFile(self._library, _checked(self._library.smbc_open(self._url(path), flags, 0o644), path), path)

    def read(self, path: str) -> bytes:
        """The whole of a file."""
        with self.open(path) as file:
            return b"".join(iter(lambda: file.read(1 << 20), b""))

    def write(self, path: str, data: bytes, mode: str = "w") -> None:
        """Write a whole file: "w" replaces it, "r+" overwrites it in place from the start."""
        with self.open(path, mode) as file:
            file.write(data)

    def rename(self, old: str, new: str) -> None:
        _checked(self._library.smbc_rename(self._url(old), self._url(new)), old)

    def unlink(self, path: str) -> None:
        _checked(self._library.smbc_unlink(self._url(path)), path)

    def mkdir(self, path: str) -> None:
        _checked(self._library.smbc_mkdir(self._url(path), 0o755), path)

    def rmdir(self, path: str) -> None:
        _checked(self._library.smbc_rmdir(self._url(path)), path)

    def list(self, path: str = "") -> list[tuple[str, bool]]:
        """Names in a directory with "is a directory", sorted, without . and .. ."""
        handle = _checked(self._library.smbc_opendir(self._url(path)), path)
        try:
            return sorted(self._entries(handle))
        finally:
            self._library.smbc_closedir(handle)

    def _entries(self, handle: int) -> Iterator[tuple[str, bool]]:
        while entry := self._library.smbc_readdir(handle):
            start = ctypes.addressof(entry.contents) + _Dirent.name.offset
            name = ctypes.string_at(start, entry.contents.namelen).rstrip(b"\0").decode(errors="surrogateescape")
            if name not in (".", "..") and entry.contents.smbc_type in (_SMBC_DIR, _SMBC_FILE):
                yield name, entry.contents.smbc_type == _SMBC_DIR

    def walk(self, path: str = "") -> Iterator[str]:
        """Every file below a directory, depth first."""
        for name, is_directory in self.list(path):
            below = f"{path}/{name}" if path else name
            if is_directory:
                yield from self.walk(below)
            else:
                yield below

    def close(self) -> None:
        """End the connection; a second call does nothing."""
        if self._context:
            context, self._context = self._context, 0
            self._library.smbc_free_context(context, 1)


def missing() -> str:
    """Why this client can't run here, or an empty string."""
    try:
        ctypes.CDLL(LIBRARY)
    except OSError:
        return f"not installed: {LIBRARY}"
    return ""


def _truncate(share: SmbShare, path: str, request: Request) -> None:
    with share.open(path, "r+") as file:
        file.truncate(int(request.get("size", 0)))


_OPERATIONS: Final[dict[str, Callable[[SmbShare, str, Request], Any]]] = {
    "write": lambda share, path, it: share.write(path, base64.b64decode(it["data"]), str(it.get("mode", "w"))),
    "read": lambda share, path, _: base64.b64encode(share.read(path)).decode(),
    # As many random bytes in place: the plainest attack, without its data on the pipe.
    "random": lambda share, path, it: share.write(path, os.urandom(int(it["size"])), "r+"),
    "truncate": _truncate,
    "rename": lambda share, path, it: share.rename(path, str(it["to"])),
    "unlink": lambda share, path, _: share.unlink(path),
    "mkdir": lambda share, path, _: share.mkdir(path),
    "list": lambda share, path, _: share.list(path),
}


def do(share: SmbShare, request: Request) -> Any:
    """One operation as data: `{"do": "write", "path": …, "data": base64, "mode": "r+"}` and the like."""
    return _OPERATIONS[request["do"]](share, str(request.get("path", "")), request)


def main() -> int:
    """`smb_client SERVER SHARE LOGIN`: JSON lines on stdin, one answer line each on stdout.

    The answer carries `at` (CLOCK_MONOTONIC when the server had confirmed it) and `seconds`. `--pace RATE` spaces the
    operations out on a fixed grid.
    """
    import argparse

    parser = argparse.ArgumentParser(prog="smb_client", description=main.__doc__)
    for name in ("server", "share", "login"):
        parser.add_argument(name)
    parser.add_argument("--port", type=int, default=445)
    parser.add_argument("--pace", type=float, default=0.0, help="operations a second; 0: as fast as it goes")
    options = parser.parse_args()
    with SmbShare(
        options.server, options.share, options.login, os.environ.get(_PASSWORD_VARIABLE, ""), port=options.port
    ) as share:
        _answer_lines(share, options.pace)
    return 0


def _answer_lines(share: SmbShare, pace: float) -> None:
    start = time.monotonic()
    for number, line in enumerate(sys.stdin):
        if pace:
            time.sleep(max(0.0, start + number / pace - time.monotonic()))
        begun = time.monotonic()
        try:
            answer = {"ok": True, "result": do(share, json.loads(line))}
        except OSError as error:
            answer = {"ok": False, "errno": error.errno, "error": str(error)}
        now = time.monotonic()
        sys.stdout.write(json.dumps({"number": number, **answer, "at": now, "seconds": now - begun}) + "\n")
        sys.stdout.flush()


def check_lab(server: str) -> None:
    """Raise ValueError where an address is none of the lab's."""
    address = ipaddress.ip_address(server)
    if not any(address in network for network in LAB_NETWORKS):
        raise ValueError(f"{server} is not in the lab: {', '.join(map(str, LAB_NETWORKS))}")


def _load() -> ctypes.CDLL:
    library = ctypes.CDLL(LIBRARY, use_errno=True)
    for name, (result, arguments) in _NAMES.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


def _prepare_surroundings() -> None:
    """Keep libsmbclient off the machine's own smb.conf and the user's home: it reads both when it starts."""
    os.environ["SMB_CONF_PATH"] = os.devnull
    os.environ["HOME"] = "/nonexistent"


def _host(server: str) -> str:
    """libsmbclient's URLs take no IPv6 address, bracketed or not, but Windows' way of writing one as a name."""
    return server.replace(":", "-").replace("%", "s") + ".ipv6-literal.net" if ":" in server else server


def _checked(result: int, path: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), path)
    return result


if __name__ == "__main__":
    sys.exit(main())

"""File handles: the kernel's lasting names for files, and the calls that make and open them.

Comes in: paths, or the bytes of a handle. Goes out: keys, descriptors, paths. Two forms of key exist:

* `fid` (shared with the vault): fsid (8 bytes, as the kernel puts it into fanotify records) + handle type (int32,
  little endian) + the handle's own bytes.
* directory key (private to the sensors): fsid + `struct file_handle` as it stands (length, type, bytes), because
  that is one slice of an event and goes back into open_by_handle_at without being rebuilt.

It keeps no state and caches nothing.
"""

from __future__ import annotations

import ctypes
import os
import struct

_libc = ctypes.CDLL(None, use_errno=True)
_name_to_handle_at = _libc.name_to_handle_at
_name_to_handle_at.argtypes = [ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int]
_open_by_handle_at = _libc.open_by_handle_at
_open_by_handle_at.argtypes = [ctypes.c_int, ctypes.c_char_p, ctypes.c_int]

_MOST = 128  # MAX_HANDLE_SZ of the kernel, in bytes
_EMPTY = struct.pack("=I", _MOST)
_AT_FDCWD = -100
_O_PATH = os.O_PATH | os.O_CLOEXEC
_DELETED = b" (deleted)"


def fsid_of(path: bytes | int) -> bytes:
    """Return the 8 bytes by which fanotify names the file system of `path` (or descriptor); raises OSError."""
    return struct.pack("=Q", os.statvfs(path).f_fsid)


def handle_of(path: bytes) -> tuple[int, bytes] | None:
    """Return (mount id, `struct file_handle` bytes) of `path`, None when it is gone or has no handle.

    A symlink is not followed; nothing is opened.
    """
    if b"\0" in path:
        return None
    room = ctypes.create_string_buffer(_EMPTY, 8 + _MOST)
    mount = ctypes.c_int()
    if _name_to_handle_at(_AT_FDCWD, path, room, ctypes.byref(mount), 0) != 0:
        return None
    (count,) = struct.unpack_from("=I", room)
    return mount.value, room.raw[: 8 + count]


def fid_of(path: bytes, fsid: bytes = b"") -> bytes:
    """Return the `fid` of `path` (a symlink is not followed), b"" when it is gone or its file system has no handles."""
    try:
        fsid = fsid or fsid_of(path.rpartition(b"/")[0] or b"/")
    except OSError:
        return b""
    found = handle_of(path)
    return fid_of_key(fsid + found[1]) if found else b""


def is_at(path: bytes, fid: bytes) -> bool:
    """Return False where another file than `fid` stands at `path`. What file system it is on is not asked again."""
    return fid_of(path, fid[:8]) in (b"", fid)


def fid_of_key(key: bytes) -> bytes:
    """Turn a directory key into a `fid`."""
    return key[:8] + key[12:]


def key_of_fid(fid: bytes) -> bytes:
    """Turn a `fid` into a directory key."""
    return fid[:8] + struct.pack("=I", len(fid) - 12) + fid[8:]


def path_by_handle(mount: int, handle: bytes) -> bytes | None:
    """Return where the file of `struct file_handle` bytes lies as seen through the mount of descriptor `mount`.

    None when the handle is stale (deleted), or when the file is not visible through that mount. The caller needs
    CAP_DAC_READ_SEARCH. O_PATH opens nothing: no event, no lease broken, no device touched.
    """
    opened = _open_by_handle_at(mount, handle, _O_PATH)
    if opened < 0:
        return None
    try:
        return path_of_descriptor(opened)
    finally:
        os.close(opened)


def path_of_descriptor(descriptor: int) -> bytes | None:
    """Return the path of an open descriptor; None when it has none in this mount namespace."""
    try:
        path = os.readlink(b"/proc/self/fd/%d" % descriptor)  # noqa: PTH115 - raw bytes, not text
        if path.endswith(_DELETED) and os.fstat(descriptor).st_nlink == 0:
            path = path[: -len(_DELETED)]  # removed while somebody holds it open; a name may also really end so
    except OSError:
        return None
    return path if path.startswith(b"/") else None  # "(unreachable)/…": outside this mount

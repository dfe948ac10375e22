"""Owner, mode, times and extended attributes: read from an open file, put onto another.

Comes in: descriptors. Goes out: packed extended attributes; notes on what could not be put back. It reads no content.
"""

from __future__ import annotations

import os
import stat

import msgspec

from garde.vault.index import Version

_encode = msgspec.msgpack.encode
_decode = msgspec.msgpack.Decoder(list[tuple[bytes, bytes]]).decode


def read_xattrs(fd: int) -> bytes | None:
    """All extended attributes (POSIX ACLs, Samba's DOS attributes and security labels are among them), packed."""
    try:
        names = os.listxattr(fd)
    except OSError:
        return None
    if not names:
        return None
    found: list[tuple[bytes, bytes]] = []
    for name in sorted(names):
        try:
            found.append((os.fsencode(name), os.getxattr(fd, name)))
        except OSError:  # vanished, or not ours to read
            continue
    return _encode(found)


def put_metadata(fd: int, version: Version) -> tuple[str, ...]:
    """Make owner, mode, attributes and times those of `version`; return what was refused, in words.

    In this order: a change of owner clears set-user-id bits and capabilities; every change but the last touches a time.
    """
    notes = [note for note in (_put_owner(fd, version.uid, version.gid),) if note]
    os.fchmod(fd, stat.S_IMODE(version.mode))
    notes += _put_xattrs(fd, version.xattrs)
    os.utime(fd, ns=(os.fstat(fd).st_atime_ns, version.mtime_ns))
    return tuple(notes)


def _put_owner(fd: int, uid: int, gid: int) -> str:
    seen = os.fstat(fd)
    if (seen.st_uid, seen.st_gid) == (uid, gid):
        return ""
    try:
        os.fchown(fd, uid, gid)
    except OSError as error:
        return f"owner {uid}:{gid} not put back: {error.strerror}"
    return ""


def _put_xattrs(fd: int, packed: bytes | None) -> list[str]:
    notes: list[str] = []
    wanted = dict(_decode(packed)) if packed else {}
    for name in os.listxattr(
        fd
    ):  # a directory's default ACL gives a new file attributes that the old one may not have had
        if os.fsencode(name) not in wanted and name.startswith(("user.", "system.posix_acl")):
            os.removexattr(fd, name)
    for raw, value in wanted.items():
        try:
            os.setxattr(fd, raw, value)
        except OSError as error:
            notes.append(f"attribute {os.fsdecode(raw)!r} not put back: {error.strerror}")
    return notes


def put_directory_metadata(fd: int, mode: int, uid: int, gid: int, xattrs: bytes | None) -> None:
    """The same for a directory that was made again; what is refused there does not stop the restore."""
    _put_owner(fd, uid, gid)
    os.fchmod(fd, stat.S_IMODE(mode))
    _put_xattrs(fd, xattrs)


def has_metadata(fd: int, version: Version) -> bool:
    """True when the open file already carries the version's owner, mode, mtime and attributes."""
    seen = os.fstat(fd)
    return (seen.st_mode & 0o7777, seen.st_uid, seen.st_gid, seen.st_mtime_ns, read_xattrs(fd)) == (
        version.mode & 0o7777,
        version.uid,
        version.gid,
        version.mtime_ns,
        version.xattrs,
    )

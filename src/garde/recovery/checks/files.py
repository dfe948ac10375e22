"""Goes through a root and writes down every file that starts something or lets somebody in.

Comes in: a root, its accounts' homes, who owns which path. Goes out: `Listing`: the things by path, set-uid files and
devices anywhere on the local file systems, variables that load a foreign library. Every listed file is read and hashed
each time: size and times are the attacker's to set. It follows no link, opens no device and changes no access time.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import sys
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final

from garde.recovery.checks.names import Root, spell
from garde.recovery.checks.places import CODE_ONLY, HOME, WHOLE, is_code, passed_over
from garde.recovery.checks.things import NONE, Thing, kind_of

_CHUNK: Final = 1 << 20
_SMALL: Final = 256 << 10  # a configuration is smaller; larger files are not searched for variables
_LARGE: Final = 1 << 30  # no package brings such a file
_THREADS: Final = 2  # hashing lets go of the interpreter; more would only contend with the server's own work
_FLAGS: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_PRELOAD: Final = re.compile(rb"^[^#\n]*\bLD_(?:PRELOAD|AUDIT|LIBRARY_PATH)\b[^\n]*", re.MULTILINE)
_SETTINGS: Final = re.compile(rb"/etc/|/run/|.*/systemd/|.*/\.[^/]+$|.*/\.(config|ssh)/")
# What Garde's own cut writes into smbd's configuration, and nothing else: a line more, and the file counts as changed.
_OURS: Final = re.compile(
    rb"\n?^# Garde: begin\.[^\n]*\n(?:\[[^\]\n]+\]\n|\t(?:read only = yes|write list =|invalid users = [^\n]*"
    rb"|usershare max shares = 0)\n)*# Garde: end\.$\n?",
    re.MULTILINE,
)


@dataclass(slots=True)
class Listing:
    """What was found."""

    things: dict[str, Thing] = field(default_factory=dict)
    preloads: dict[str, str] = field(default_factory=dict)  # path -> the lines, spelled
    skipped: list[str] = field(default_factory=list)


Found = tuple[bytes, os.stat_result]


def list_files(root: Root, homes: Iterable[bytes], owners: Mapping[bytes, str], also: Iterable[bytes] = ()) -> Listing:
    """Go through the places of the table, the homes and `also`."""
    listing = Listing()
    found = dict(_places(root, homes, also, listing))
    with ThreadPoolExecutor(_THREADS) as pool:
        for path, answer in zip(found, pool.map(lambda item: _describe(root, *item), found.items()), strict=True):
            if answer is None:
                continue
            if isinstance(answer, str):
                listing.skipped.append(f"{spell(path)}: {answer}")
                continue
            thing, preload = answer
            listing.things[spell(path)] = _owned(thing, owners.get(path, NONE))
            if preload:
                listing.preloads[spell(path)] = preload
    return listing


def _owned(thing: Thing, package: str) -> Thing:
    return Thing(thing.kind, thing.mode, thing.owner, thing.content, thing.capabilities, package)


def _places(root: Root, homes: Iterable[bytes], also: Iterable[bytes], listing: Listing) -> Iterator[Found]:
    for tree in (*WHOLE, *also):
        yield from walk(root, tree, listing.skipped)
    for tree in CODE_ONLY:
        yield from ((path, info) for path, info in walk(root, tree, listing.skipped) if _starts(path, info))
    for home in homes:
        for name in HOME:
            yield from walk(root, home + b"/" + name, listing.skipped)


def _starts(path: bytes, info: os.stat_result) -> bool:
    return not stat.S_ISREG(info.st_mode) or is_code(path, info.st_mode)


def walk(root: Root, tree: bytes, skipped: list[str]) -> Iterator[Found]:
    """Yield what lies in a tree, itself included where it is no directory; directories only where they are unusual."""
    try:
        info = os.lstat(root.disk(tree))
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        skipped.append(f"{spell(tree)}: {error.strerror}")
        return
    if not stat.S_ISDIR(info.st_mode):
        if not passed_over(tree):
            yield tree, info
        return
    waiting = [tree]
    while waiting:
        folder = waiting.pop()
        for path, found in _children(root, folder, skipped):
            if passed_over(path):
                continue
            if not stat.S_ISDIR(found.st_mode):
                yield path, found
                continue
            waiting.append(path)
            if found.st_uid or found.st_mode & 0o022:
                yield path, found  # somebody else may put something in here


def _children(root: Root, folder: bytes, skipped: list[str]) -> list[Found]:
    found: list[Found] = []
    try:
        with os.scandir(root.disk(folder)) as entries:
            for entry in entries:
                try:
                    found.append((folder + b"/" + entry.name, entry.stat(follow_symlinks=False)))
                except FileNotFoundError:
                    continue  # it went away meanwhile
    except OSError as error:
        skipped.append(f"{spell(folder)}: {error.strerror}")
    return found


def _describe(root: Root, path: bytes, info: os.stat_result) -> tuple[Thing, str] | str | None:
    """Return the thing and its variables, or why it could not be read; None where it is gone meanwhile."""
    try:
        content, preload, capabilities = _content(root, path, info)
    except FileNotFoundError:
        return None
    except OSError as error:
        return error.strerror or str(error)
    mode, owner = stat.S_IMODE(info.st_mode), f"{info.st_uid}:{info.st_gid}"
    return Thing(kind_of(info.st_mode), mode, owner, content, capabilities), preload


def _content(root: Root, path: bytes, info: os.stat_result) -> tuple[str, str, str]:
    if stat.S_ISLNK(info.st_mode):
        return spell(os.readlink(root.disk(path))), "", NONE  # noqa: PTH115 - paths are bytes
    if stat.S_ISBLK(info.st_mode) or stat.S_ISCHR(info.st_mode):
        return f"{os.major(info.st_rdev)}:{os.minor(info.st_rdev)}", "", NONE
    if not stat.S_ISREG(info.st_mode):
        return NONE, "", NONE
    handle = _open(root.disk(path))
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError("it became something else while it was looked at")
        capabilities = _capabilities(handle) if info.st_mode & 0o111 else NONE
        if info.st_size <= _SMALL and _SETTINGS.match(path):
            return *_settings(handle, path), capabilities
        small = info.st_size <= _LARGE
        return _hash(handle) if small else _hash_large(handle, info.st_size), "", capabilities
    finally:
        os.close(handle)


def _open(path: bytes) -> int:
    """Open without leaving a trace: access times are evidence."""
    try:
        return os.open(path, _FLAGS | os.O_NOATIME)
    except PermissionError:
        return os.open(path, _FLAGS)


def _hash(handle: int) -> str:
    digest = hashlib.sha256()
    while data := os.read(handle, _CHUNK):
        digest.update(data)
    return digest.hexdigest()


def _hash_large(handle: int, size: int) -> str:
    """Hash a large file by what is in it and where.

    Its holes are passed over: eight terabytes of nothing would hold up a sweep for hours.
    """
    digest = hashlib.sha256(b"%d" % size)
    start = 0
    while (start := _data_after(handle, start)) < size:
        end = os.lseek(handle, start, os.SEEK_HOLE)
        digest.update(b" %d %d " % (start, end))
        os.lseek(handle, start, os.SEEK_SET)
        while start < end and (data := os.read(handle, min(_CHUNK, end - start))):
            digest.update(data)
            start += len(data)
        start = max(start, end)
    return digest.hexdigest()


def _data_after(handle: int, start: int) -> int:
    try:
        return os.lseek(handle, start, os.SEEK_DATA)
    except OSError:  # ENXIO: a hole up to the end
        return sys.maxsize


def _settings(handle: int, path: bytes) -> tuple[str, str]:
    """Hash a small file that people or packages wrote, and pick out the variables that load a library."""
    parts = []
    while data := os.read(handle, _CHUNK):
        parts.append(data)
    text = b"".join(parts)
    found = b"; ".join(line.strip() for line in _PRELOAD.findall(text)[:8])
    if b"# Garde: begin." in text and b"/samba/" in path:
        text = _OURS.sub(b"", text)
    return hashlib.sha256(text).hexdigest(), spell(found[:500])


def _capabilities(handle: int) -> str:
    try:
        return os.getxattr(handle, "security.capability").hex()
    except OSError:
        return NONE

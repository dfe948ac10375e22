"""The fanotify sensor: whole file systems, with the process that did it.

Comes in: the kernel's events. Goes out: `Activity` inside the trees. It opens no reported file, and asks no
permission: it never slows a writer down beyond the kernel's own queueing.

Needs CAP_SYS_ADMIN and CAP_DAC_READ_SEARCH in the first user namespace, Linux 5.9. From Linux 5.17 on it also gets
the file's own handle with every event and both names of a rename in one event; before, it pairs MOVED_FROM with the
MOVED_TO that follows it. Known limits: a file system mounted inside a tree after `open` is not seen; an open sensor
keeps its file systems busy (umount says so); one without decodable handles (older overlayfs, some FUSE) is unseen.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from garde.errors import NotPermitted
from garde.model.activity import Activity, What
from garde.model.finding import Skipped
from garde.watch.sensors import mounts
from garde.watch.sensors.base import Ignore, Opened, SensorOptions, join
from garde.watch.sensors.directories import Directories, Tree
from garde.watch.sensors.handles import fid_of_key, fsid_of, handle_of

_libc = ctypes.CDLL(None, use_errno=True)
_fanotify_init = _libc.fanotify_init
_fanotify_init.argtypes = [ctypes.c_uint, ctypes.c_uint]
_fanotify_mark = _libc.fanotify_mark
_fanotify_mark.argtypes = [ctypes.c_int, ctypes.c_uint, ctypes.c_uint64, ctypes.c_int, ctypes.c_char_p]

# <linux/fanotify.h>
_CLOEXEC_NONBLOCK = 0x1 | 0x2
_REPORT_FID, _REPORT_DIR_FID, _REPORT_NAME, _REPORT_TARGET_FID = 0x200, 0x400, 0x800, 0x1000
_MARK_ADD_FILESYSTEM = 0x1 | 0x100
_MODIFY, _CLOSE_WRITE, _MOVED_FROM, _MOVED_TO, _CREATE, _DELETE = 0x2, 0x8, 0x40, 0x80, 0x100, 0x200
_Q_OVERFLOW, _RENAME, _ONDIR = 0x4000, 0x1000_0000, 0x4000_0000
_INFO_FID, _INFO_DFID_NAME, _INFO_OLD_DFID_NAME, _INFO_NEW_DFID_NAME = 1, 2, 10, 12
_NAMED = (_INFO_DFID_NAME, _INFO_OLD_DFID_NAME, _INFO_NEW_DFID_NAME)
_RARE: Final = _ONDIR | _Q_OVERFLOW | _MOVED_FROM | _MOVED_TO | _RENAME

# An event: metadata (24 bytes: length, version, reserved, metadata length, mask, fd, pid), then information records
# (type, pad, length; fsid; struct file_handle; perhaps a name ending in NUL). The first record's head is read along
# with the metadata: one unpack for an event.
_HEAD: Final = struct.Struct(
    "=I4xQ4xiBxH8xI"
).unpack_from  # length, mask, pid, record type, record length, handle bytes
_RECORD: Final = struct.Struct("=BxH8xI").unpack_from  # type, length, handle bytes
_METADATA: Final = 24
_TO_KEY: Final = 4  # from a record's start to fsid
_TO_HANDLE: Final = 20  # … to the bytes of the handle
_PAD = bytes(32)  # behind the last event, so that one without records (overflow) can be unpacked like the others

_READ = 1 << 18  # bytes a read; about 2,000 events


@dataclass(frozen=True, slots=True)
class Level:
    """What one generation of kernels can tell."""

    flags: int
    moves: int  # the event bits that stand for renames
    lacking: str  # "" for the full set


LEVELS: Final = (
    Level(_REPORT_FID | _REPORT_DIR_FID | _REPORT_NAME | _REPORT_TARGET_FID, _RENAME, ""),
    Level(
        _REPORT_FID | _REPORT_DIR_FID | _REPORT_NAME,
        _MOVED_FROM | _MOVED_TO,
        "this kernel (before 5.17) gives no file handle with new, renamed and deleted names: "
        "a renamed file is found again by its name only",
    ),
)


_INIT_REASONS: Final = {
    errno.EPERM: "the right CAP_SYS_ADMIN is missing",
    errno.EINVAL: "this kernel reports no file names",
    errno.ENOSYS: "this kernel is built without it",
    errno.EMFILE: "too many groups are open (fs.fanotify.max_user_groups)",
}
_MARK_REASONS: Final = {
    errno.EPERM: "the right CAP_SYS_ADMIN is missing",
    errno.EXDEV: "a btrfs subvolume can't be watched by itself: watch the file system's top",
    errno.ENODEV: "this file system has no id (fsid)",
    errno.EOPNOTSUPP: "this file system has no file handles",
    errno.ENOENT: "it does not exist",
}


class _Record(NamedTuple):
    """One information record: a directory key, and a name where the record has one."""

    key: bytes
    name: bytes


class _Event(NamedTuple):
    """One event off the hot path: where its records lie in what was read."""

    data: bytes
    first: int
    end: int
    mask: int
    pid: int
    now: float

    def records(self) -> dict[int, _Record]:
        """Return its records by type."""
        found, at = {}, self.first
        while at < self.end:
            kind, size, count = _RECORD(self.data, at)
            name = at + _TO_HANDLE + count
            text = self.data[name : self.data.find(0, name)] if kind in _NAMED else b""
            found[kind] = _Record(self.data[at + _TO_KEY : name], text)
            at += size
        return found


class _Bits(dict[int, int]):
    """Kernel mask -> bits of `What`, worked out once per mask."""

    def __missing__(self, mask: int) -> int:
        pairs = (
            (_CREATE | _MOVED_TO, What.CREATE),
            (_MODIFY, What.MODIFY),
            (_CLOSE_WRITE, What.CLOSE_WRITE),
            (_RENAME, What.RENAME),
            (_DELETE | _MOVED_FROM, What.DELETE),
            (_ONDIR, What.DIRECTORY),
            (_Q_OVERFLOW, What.OVERFLOW),
        )
        self[mask] = bits = sum(bit for kernel, bit in pairs if mask & kernel)
        return bits


class Fanotify:
    """See the module's docstring."""

    name = "fanotify"
    has_actor = True

    def __init__(self, options: SensorOptions | None = None, levels: Sequence[Level] = LEVELS) -> None:
        self.own_pids: set[int] = {os.getpid()}
        self.overflows = 0
        self._options = options or SensorOptions()
        self._levels = levels
        self._level = levels[0]
        self._descriptor = -1
        self._directories = Directories(lambda _: False)
        self._mounts: set[int] = set()
        self._bits = _Bits()
        self._moved_from: tuple[_Event, _Record] | None = None

    # -- opening -------------------------------------------------------------------------------------------------

    def open(self, trees: Sequence[bytes], ignore: Ignore) -> Opened:
        """Mark the file systems of the trees; raises NotPermitted when nothing at all can be watched."""
        self._directories = Directories(ignore)
        self._mounts.clear()
        self._descriptor, self._level = _start(self._levels)
        try:
            opened = self._mark_all([os.path.realpath(tree) for tree in trees])
        except BaseException:
            self.close()
            raise
        if not opened.seen:
            self.close()
            raise NotPermitted(
                "fanotify can watch none of the trees: "
                + "; ".join(f"{one.what}: {one.reason}" for one in opened.unseen)
            )
        return opened

    def _mark_all(self, trees: list[bytes]) -> Opened:
        seen: dict[bytes, bytes] = {}
        unseen: list[Skipped] = []
        table = mounts.parse(mounts.MOUNTINFO.read_bytes())
        for tree in trees:
            for point in mounts.points_of(tree, table):
                try:
                    seen[point] = self._mark(point)
                except OSError as error:
                    unseen.append(Skipped(os.fsdecode(point), _reason(error)))
            self._follow(tree)
        room = self._options.known_directories
        for point, fsid in seen.items():
            room -= self._directories.prime(point, fsid, room)
        reduced = (Skipped("fanotify", self._level.lacking),) if self._level.lacking else ()
        return Opened(tuple(seen), tuple(unseen), reduced)

    def _mark(self, point: bytes) -> bytes:
        """Mark the file system at `point`; returns its fsid, raises OSError."""
        mask = _CREATE | _MODIFY | _CLOSE_WRITE | _DELETE | _ONDIR | self._level.moves
        if _fanotify_mark(self._descriptor, _MARK_ADD_FILESYSTEM, mask, -100, point) != 0:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code))
        fsid = fsid_of(point)
        found = handle_of(point)
        mount = found[0] if found else -1
        if mount not in self._mounts:  # trees of one mount share a descriptor
            self._directories.mounts.setdefault(fsid, []).append(_open_directory(point))
            self._mounts.add(mount)
        return fsid

    def _follow(self, tree: bytes) -> None:
        try:
            self._directories.trees.append(Tree(tree, _open_directory(tree)))
        except OSError:
            pass  # already said by the mark that failed on it

    # -- the hot path --------------------------------------------------------------------------------------------

    def fileno(self) -> int:
        """See `Sensor`."""
        return self._descriptor

    def read(self) -> list[Activity]:
        """See `Sensor`. One read(2) a call. Written flat: a call per event would double its cost."""
        try:
            data = os.read(self._descriptor, _READ) + _PAD
        except BlockingIOError:
            return []
        found: list[Activity] = []
        directories, own, bits = self._directories, self.own_pids, self._bits
        inside, outside, place = directories.inside, directories.outside, directories.place
        head, make, find, append = _HEAD, tuple.__new__, data.find, found.append
        now = time.monotonic()
        end, at = len(data) - len(_PAD), 0
        while at < end:
            length, mask, pid, kind, size, count = head(data, at)
            first = at + _METADATA
            at += length
            if kind != _INFO_DFID_NAME or mask & _RARE:
                if kind == _INFO_OLD_DFID_NAME and not mask & _ONDIR:
                    if pid not in own and (moved := self._file_renamed(data, first, at, (mask, pid, now))):
                        append(moved)
                    continue
                self._rare(_Event(data, first, at, mask, pid, now), found)
                continue
            if pid in own:
                continue
            name = first + _TO_HANDLE + count
            key = data[first + _TO_KEY : name]
            if key not in inside and (key in outside or not place(key)):
                continue
            second = first + size  # the file's own record; the low byte of its handle's length is all of it (<= 128)
            fid = (
                data[second + 4 : second + 12] + data[second + 16 : second + 20 + data[second + 12]]
                if second < at
                else b""
            )
            append(make(Activity, (now, bits[mask], pid, key, data[name : find(0, name)], fid, b"", b"")))
        if self._moved_from is not None:
            self._flush_move(found)
        return found

    def path_of(self, directory: bytes) -> bytes | None:
        """See `Sensor`."""
        return self._directories.path_of(directory)

    def close(self) -> None:
        """See `Sensor`."""
        self._directories.close()
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor = -1

    # -- everything that is not a plain event on a file ---------------------------------------------------------------

    def _file_renamed(self, data: bytes, at: int, end: int, told: tuple[int, int, float]) -> Activity | None:
        """A file has another name: office programs do little else. Its records are read flat, as in `read`."""
        keys, names, fid = [], [], b""
        while at < end:
            kind, size, count = _RECORD(data, at)
            name = at + _TO_HANDLE + count
            key = data[at + _TO_KEY : name]
            if kind == _INFO_FID:
                fid = key[:8] + key[12:]
            else:
                keys.append(key)
                names.append(data[name : data.find(0, name)])
            at += size
        if not (self._is_inside(keys[0]) or self._is_inside(keys[-1])):
            return None
        mask, pid, now = told
        return Activity(now, self._bits[mask], pid, keys[0], names[0], fid, keys[-1], names[-1])

    def _rare(self, event: _Event, found: list[Activity]) -> None:
        if event.mask & _Q_OVERFLOW:
            self.overflows += 1
            found.append(Activity(event.now, What.OVERFLOW, 0, b"", b""))
            return
        records = event.records()
        waiting = self._moved_from
        if waiting is not None and not (event.mask & _MOVED_TO and event.pid == waiting[0].pid):
            self._flush_move(found)
        if _INFO_OLD_DFID_NAME in records:
            activity = self._renamed(
                event, records[_INFO_OLD_DFID_NAME], records[_INFO_NEW_DFID_NAME], records.get(_INFO_FID)
            )
        elif event.mask & (_MOVED_FROM | _MOVED_TO):
            activity = self._half_move(event, records[_INFO_DFID_NAME])
        elif _INFO_DFID_NAME in records:
            activity = self._on_directory(event, records[_INFO_DFID_NAME], records.get(_INFO_FID))
        else:
            activity = self._without_name(event, records.get(_INFO_FID))
        if activity is not None and event.pid not in self.own_pids:
            found.append(activity)

    def _renamed(self, event: _Event, old: _Record, new: _Record, target: _Record | None) -> Activity | None:
        """A file or directory has another name. Its paths are taken before the cache forgets them."""
        inside = self._is_inside(old.key), self._is_inside(new.key)
        if event.mask & _ONDIR:
            before, after = self.path_of(old.key), self.path_of(new.key)
            self._directories.renamed(before and join(before, old.name), after and join(after, new.name))
        if not any(inside):
            return None
        fid = fid_of_key(target.key) if target else b""
        return Activity(event.now, self._bits[event.mask], event.pid, old.key, old.name, fid, new.key, new.name)

    def _half_move(self, event: _Event, record: _Record) -> Activity | None:
        """Before Linux 5.17: keep MOVED_FROM until the MOVED_TO of the same move, which comes right behind it."""
        if event.mask & _MOVED_FROM:
            self._moved_from = event, record
            return None
        waiting, self._moved_from = self._moved_from, None
        if waiting is not None:
            both = _Event(event.data, event.first, event.end, _RENAME | event.mask & _ONDIR, event.pid, event.now)
            return self._renamed(both, waiting[1], record, None)
        if event.mask & _ONDIR:
            self._directories.renamed(None, None)
        return self._plain(event, record, None)

    def _flush_move(self, found: list[Activity]) -> None:
        """A MOVED_FROM whose other half did not follow: gone to where we do not look."""
        waiting, self._moved_from = self._moved_from, None
        if waiting is None:
            return
        event, record = waiting
        if event.mask & _ONDIR:
            self._directories.renamed(None, None)
        activity = self._plain(event, record, None)
        if activity is not None and event.pid not in self.own_pids:
            found.append(activity)

    def _on_directory(self, event: _Event, record: _Record, target: _Record | None) -> Activity | None:
        """A directory was made or removed."""
        if target is not None and event.mask & _CREATE:
            self._directories.created(target.key, record.key, record.name, inside=self._is_inside(record.key))
        return self._plain(event, record, target)

    def _without_name(self, event: _Event, target: _Record | None) -> Activity | None:
        """A file opened by its handle (knfsd does): the kernel gives no parent, so its path is asked for."""
        fid = fid_of_key(target.key) if target else b""
        path = self._directories.path_of_file(fid) if fid else None
        where, _, name = (path or b"").rpartition(b"/")
        parent = handle_of(where or b"/") if path else None
        if parent is None:
            return None
        record = _Record(fid[:8] + parent[1], name)
        return self._plain(event, record, target)

    def _plain(self, event: _Event, record: _Record, target: _Record | None) -> Activity | None:
        if not self._is_inside(record.key):
            return None
        fid = fid_of_key(target.key) if target else b""
        return Activity(event.now, self._bits[event.mask], event.pid, record.key, record.name, fid)

    def _is_inside(self, key: bytes) -> bool:
        directories = self._directories
        return key in directories.inside or (key not in directories.outside and directories.place(key))


def _start(levels: Sequence[Level]) -> tuple[int, Level]:
    """Open a notification group at the best level that the kernel takes; raises NotPermitted."""
    for level in levels:
        descriptor = _fanotify_init(_CLOEXEC_NONBLOCK | level.flags, os.O_RDONLY | os.O_CLOEXEC)
        if descriptor >= 0:
            return descriptor, level
        if ctypes.get_errno() != errno.EINVAL:
            break
    code = ctypes.get_errno()
    raise NotPermitted(f"fanotify: {_INIT_REASONS.get(code, os.strerror(code))}", "run as root on Linux 5.9 or newer")


def _open_directory(path: bytes) -> int:
    return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NOFOLLOW)


def _reason(error: OSError) -> str:
    return _MARK_REASONS.get(error.errno or 0, error.strerror or str(error))

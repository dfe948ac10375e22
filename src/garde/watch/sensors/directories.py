"""Which directories lie inside the watched trees, and where: the cache behind the hot path.

Comes in: directory keys from events, and renames of directories. Goes out: for each key whether it lies inside, and
its path. It reads no events.

How it stays right: `inside` holds only paths that were true after the last directory rename; a rename moves them to
`_past`, and each is asked of the kernel again when it is next met (5 µs, once per directory and rename: a storm of
renames costs that per event and no more). A directory that is gone by then gets its past path with the renames since
applied. Directories outside are remembered too, so that the rest of the file system costs one look-up an event.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice

from garde.watch.sensors.base import Ignore, is_ignored, is_under, join
from garde.watch.sensors.handles import handle_of, key_of_fid, path_by_handle, path_of_descriptor

LIMIT = 131_072  # directories in each table; about 300 bytes each. Past it the oldest half is forgotten
RENAMES = 4_096  # renames kept for directories that vanished after them


@dataclass(slots=True)
class Tree:
    """One watched tree. `path` follows the directory when somebody renames it or a directory above it."""

    path: bytes
    descriptor: int


@dataclass(slots=True)
class Directories:
    """The cache. `inside` and `outside` are read directly by the hot path."""

    ignore: Ignore
    trees: list[Tree] = field(default_factory=list)
    mounts: dict[bytes, list[int]] = field(default_factory=dict)  # fsid -> one descriptor per mount of it
    inside: dict[bytes, bytes] = field(default_factory=dict)
    outside: dict[bytes, bytes | None] = field(default_factory=dict)
    unplaced: int = 0  # directories that were met only after they had vanished, and were never known
    _past: dict[bytes, tuple[int, bytes]] = field(default_factory=dict)  # key -> (renames seen then, path)
    _renames: deque[tuple[bytes, bytes]] = field(default_factory=lambda: deque(maxlen=RENAMES))
    _seen: int = 0

    def place(self, key: bytes) -> bool:
        """Find out where an unknown key lies; True when inside. Afterwards it is in `inside` or `outside`."""
        path, inside = self._ask_kernel(key)
        if path is None and (past := self._past.get(key)):
            path = self._carry_forward(*past)
            inside = self.covers(path)
        if path is None:
            self.unplaced += 1
        if inside and path is not None:
            self.learn(key, path)
            return True
        if len(self.outside) >= LIMIT:
            _forget_half(self.outside)
        self.outside[key] = path
        return False

    def path_of(self, key: bytes) -> bytes | None:
        """Return the path of a directory, inside or outside."""
        path = self.inside.get(key)
        if path is not None:
            return path
        if key not in self.outside:
            self.place(key)
        return self.inside.get(key) or self.outside.get(key)

    def path_of_file(self, fid: bytes) -> bytes | None:
        """Return a path of the file `fid` inside the trees, None when the kernel has none at hand."""
        path, inside = self._ask_kernel(key_of_fid(fid))
        return path if inside else None

    def learn(self, key: bytes, path: bytes) -> None:
        """Take a directory's path as known (it lies inside)."""
        if len(self.inside) >= LIMIT:
            _forget_half(self.inside)
        self.inside[key] = path

    def created(self, key: bytes, parent: bytes, name: bytes, *, inside: bool) -> None:
        """A directory was made: known from the event alone, so that it can vanish again before anybody asks.

        A directory made outside cannot hold a tree, and is no mount point of one yet: it is outside without asking.
        """
        path = join(self.inside[parent], name) if inside else None
        if path is not None and self.covers(path):
            self.outside.pop(key, None)
            self.learn(key, path)
        elif key not in self.inside and len(self.outside) < LIMIT:
            self.outside[key] = path

    def renamed(self, old: bytes | None, new: bytes | None) -> None:
        """A directory was renamed or moved: every path has to be asked again."""
        if len(self._past) >= LIMIT:
            self._past.clear()
        self._past.update((key, (self._seen, path)) for key, path in self.inside.items())
        self.inside.clear()
        self.outside.clear()
        if old is not None and new is not None:
            self._renames.append((old, new))
            self._seen += 1
        for tree in self.trees:
            tree.path = path_of_descriptor(tree.descriptor) or tree.path

    def covers(self, path: bytes) -> bool:
        """True when `path` lies in a watched tree and is not excluded there."""
        return any(is_under(path, tree.path) and not is_ignored(path, tree.path, self.ignore) for tree in self.trees)

    def prime(self, point: bytes, fsid: bytes, limit: int) -> int:
        """Learn the directories of one mount now, so that one deleted later can still be named. Returns how many.

        At most `limit` are learnt, breadth first; mounts below are not entered.
        """
        todo = deque([point])
        root = handle_of(point)
        learnt = 0
        while root is not None and todo and learnt < limit:
            here = todo.popleft()
            found = handle_of(here)
            if found is None or found[0] != root[0] or not self.covers(here):
                continue
            self.learn(fsid + found[1], here)
            learnt += 1
            todo.extend(_directories_in(here))
        return learnt

    def close(self) -> None:
        """Give the descriptors back."""
        of_mounts = [one for many in self.mounts.values() for one in many]
        for descriptor in of_mounts + [tree.descriptor for tree in self.trees]:
            os.close(descriptor)
        self.trees.clear()
        self.mounts.clear()

    def _ask_kernel(self, key: bytes) -> tuple[bytes | None, bool]:
        """Return (path, inside), trying every mount of the file system until one shows it inside."""
        found = None
        for mount in self.mounts.get(key[:8], ()):
            path = path_by_handle(mount, key[8:])
            if path is not None and self.covers(path):
                return path, True
            found = found or path
        return found, False

    def _carry_forward(self, seen: int, path: bytes) -> bytes:
        """Apply the renames since `seen` to a path of then."""
        for old, new in islice(self._renames, max(0, len(self._renames) - (self._seen - seen)), None):
            if is_under(path, old):
                path = new + path[len(old) :]
        return path


def _forget_half(table: dict[bytes, bytes] | dict[bytes, bytes | None]) -> None:
    for key in list(table)[: len(table) // 2]:
        del table[key]


def _directories_in(path: bytes) -> Sequence[bytes]:
    try:
        with os.scandir(path) as entries:
            return [entry.path for entry in entries if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return ()

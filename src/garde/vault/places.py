"""Which store serves which file: one per file system under the guarded trees, made when it is first needed.

Comes in: a path and its device number. Goes out: a `Store`, or `Skipped` with the reason. It writes the table `stores`
of the index and nothing else; with `read_only` it opens only what that table names.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

from garde.model.finding import Skipped
from garde.vault.index import Index
from garde.vault.kernel import PSEUDO, mount_points
from garde.vault.names import STORE_NAME, join, name_of, parent_of
from garde.vault.store import Store, StoreRefusedError


class Places:
    """The open stores."""

    def __init__(
        self, index: Index, state_dir: Path, trees: Sequence[bytes], *, at_mount: bool = True, read_only: bool = False
    ) -> None:
        self._index = index
        self._state_dir = os.fsencode(state_dir.absolute())
        self._trees = sorted(trees, key=len, reverse=True)
        self._at_mount = at_mount
        self._read_only = read_only
        self._by_number: dict[int, Store] = {}
        self._by_dev: dict[int, list[tuple[bytes, Store]]] = {}
        self._refused: dict[tuple[int, bytes], Skipped] = {}

    def all(self) -> list[Store]:
        return list(self._by_number.values())

    def refusals(self) -> list[Skipped]:
        return list(self._refused.values())

    def close(self) -> None:
        for store in self._by_number.values():
            store.close()
        self._by_number.clear()
        self._by_dev.clear()

    def of(self, path: bytes, dev: int) -> Store | Skipped:
        """The store for the file `path` on device `dev`."""
        for base, store in self._by_dev.get(dev, ()):
            if path.startswith(base):
                return store
        tree = self._tree_of(path)
        refused = self._refused.get((dev, tree))
        return refused or self._add(path, dev, tree)

    def by_number(self, number: int) -> Store | None:
        """The store of an object; None when it cannot be opened (its file system is not mounted)."""
        store = self._by_number.get(number)
        return store or self._reopen(number)

    def open_all(self) -> None:
        """Open every store that the index names, and one for each tree, before any work begins."""
        for (number,) in self._index.db.execute("SELECT id FROM stores").fetchall():
            self.by_number(number)
        for tree in self._trees:
            try:
                self.of(join(tree, b"."), os.lstat(tree).st_dev)
            except OSError:  # not there (yet)
                continue

    def _reopen(self, number: int) -> Store | None:
        row = self._index.db.execute(
            "SELECT base, path, ino, reflink, why FROM stores WHERE id = ?", (number,)
        ).fetchone()
        if row is None:
            return None
        base, path, ino, reflink, why = row
        try:
            if self._read_only:
                store = Store.look(number, path, reflink=bool(reflink))
            else:
                top = parent_of(path)
                store = Store.make(number, parent_of(top), name_of(path), remembered_ino=ino, name=name_of(top))
            store.why, store.reflink = why, bool(reflink)
            return self._keep(base, store)
        except (OSError, StoreRefusedError):
            return None

    def _keep(self, base: bytes, store: Store) -> Store:
        self._by_number[store.number] = store
        served = self._by_dev.setdefault(os.lstat(base).st_dev, [])
        served.append((base.rstrip(b"/") + b"/", store))
        served.sort(key=lambda item: len(item[0]), reverse=True)
        return store

    def _tree_of(self, path: bytes) -> bytes:
        return next((tree for tree in self._trees if path == tree or path.startswith(tree.rstrip(b"/") + b"/")), b"")

    def _add(self, path: bytes, dev: int, tree: bytes) -> Store | Skipped:
        reasons: list[str] = []
        for base, directory in self._candidates(path, dev, tree):
            try:
                return self._register(base, directory, reasons)
            except StoreRefusedError as error:
                reasons.append(str(error))
        skipped = Skipped(os.fsdecode(tree or path), "; ".join(reasons) or "no place for a store")
        self._refused[(dev, tree)] = skipped
        return skipped

    def _candidates(self, path: bytes, dev: int, tree: bytes) -> list[tuple[bytes, bytes]]:
        """(directory served, directory that will hold the store), best first."""
        mounts = mount_points()
        top = _top_of(parent_of(path), dev, mounts)
        if top is None or mounts.get(_mount_of(top, mounts)) in PSEUDO:
            return []
        served = tree if tree.startswith(top) else top  # a tree inside this file system, or a mount inside the tree
        found = [(top, top)] if self._at_mount else []
        found.append((served, served))
        return [*found, (served, self._state_dir)]

    def _register(self, base: bytes, directory: bytes, reasons: list[str]) -> Store:
        index = self._index
        known = index.db.execute("SELECT id, ino FROM stores WHERE base = ?", (base,)).fetchone()
        number = known[0] if known else index.db.execute("SELECT COALESCE(MAX(id), 0) + 1 FROM stores").fetchone()[0]
        name = STORE_NAME.encode()
        if directory == self._state_dir:  # one state directory may stand in for several trees
            name = b"copies-" + hashlib.blake2b(base, digest_size=6).hexdigest().encode()
        store = Store.make(
            number, directory, self._index.identity(), remembered_ino=known[1] if known else 0, name=name
        )
        store.why = "; ".join([*reasons, *_reduced(store, base)])
        with index.batch():
            index.db.execute(
                "INSERT OR REPLACE INTO stores VALUES (?, ?, ?, ?, ?, ?)",
                (number, base, store.path, store.ino, store.reflink, store.why),
            )
        return self._keep(base, store)


def _reduced(store: Store, base: bytes) -> list[str]:
    reasons = []
    if not store.reflink:
        reasons.append("this file system cannot share blocks: budgeted copies")
    if os.lstat(base).st_dev != store.dev:
        reasons.append("the store is on another file system than the files")
        store.reflink = False
    return reasons


def _top_of(directory: bytes, dev: int, mounts: dict[bytes, bytes]) -> bytes | None:
    """The highest directory of the same file system and mount: a rename reaches everything below it."""
    try:
        if os.lstat(directory).st_dev != dev:
            return None
        while directory not in mounts and directory != b"/":
            parent = parent_of(directory)
            if os.lstat(parent).st_dev != dev:
                break
            directory = parent
    except OSError:
        return None
    return directory


def _mount_of(path: bytes, mounts: dict[bytes, bytes]) -> bytes:
    while path not in mounts and path != b"/":
        path = parent_of(path)
    return path

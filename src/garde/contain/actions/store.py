"""What acts did, on disk: one small file a hold, so that a later agent or the command line can undo it.

Comes in: frozen dataclasses. Goes out: `Store`: save, load, remove, all. Files are written whole and renamed into place
but not flushed to the disk: they need to outlive the agent, not the machine, and holding must not wait. The first of a
hold is written in place: nobody is stopped before it stands, and it takes a quarter of the time. A record carries the
boot it was made in; after another boot its pids mean nothing. It does not act.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Generic, Protocol, TypeVar

import msgspec

_NEW = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
_ID = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}")


class _Record(Protocol):
    @property
    def hold_id(self) -> str: ...


R = TypeVar("R", bound=_Record)


class Store(Generic[R]):
    """Records of one act, under `<directory>/<hold id>.<act>.json`."""

    def __init__(self, directory: Path, action: str, record: type[R]) -> None:
        self._directory = directory
        self._place = os.fspath(directory)
        self._suffix = f".{action}.json"
        self._decoder = msgspec.json.Decoder(record)

    def save(self, record: R) -> None:
        """Write a record, replacing the one of the same id."""
        path = self._path(record.hold_id)
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = path.with_suffix(".new")
        fresh.write_bytes(msgspec.json.encode(record))
        fresh.replace(path)

    def begin(self, record: R) -> None:
        """Write the first record of an id that has none."""
        try:
            handle = os.open(self._name(record.hold_id), _NEW, 0o600)
        except FileNotFoundError:
            self.save(record)
            return
        try:
            os.write(handle, msgspec.json.encode(record))
        finally:
            os.close(handle)

    def load(self, hold_id: str) -> R | None:
        """The record, or None: no such hold, or a file that can't be read as one."""
        try:
            with open(self._name(hold_id), "rb") as file:  # before a stop: no paths are built
                return self._decoder.decode(file.read())
        except (OSError, msgspec.DecodeError):
            return None

    def remove(self, hold_id: str) -> None:
        self._path(hold_id).unlink(missing_ok=True)

    def all(self) -> Iterator[R]:
        """Every readable record, oldest name first."""
        for path in sorted(self._directory.glob(f"*{self._suffix}")):
            record = self.load(path.name.removesuffix(self._suffix))
            if record is not None:
                yield record

    def _path(self, hold_id: str) -> Path:
        return Path(self._name(hold_id))

    def _name(self, hold_id: str) -> str:
        if not _ID.fullmatch(hold_id):
            raise ValueError(f"not a hold id: {hold_id!r}")
        return f"{self._place}/{hold_id}{self._suffix}"

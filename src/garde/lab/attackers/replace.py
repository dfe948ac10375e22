"""Modes that put another file in the document's place.

Comes in: a target. Goes out: a new file with random content, and the original gone or replaced.
"""

from __future__ import annotations

import base64
import os

from garde.lab.attackers.base import Station
from garde.lab.attackers.cipher import cipher, read_all, write_all
from garde.lab.attackers.ground import Target

LOCKED = b".locked"
TEMPORARY = b".tmp~"


class NewThenDelete:
    """Writes `name.locked`, then deletes the original."""

    def begin(self, station: Station) -> None:
        """Nothing to prepare."""

    def hit(self, target: Target) -> None:
        _write_beside(target, LOCKED)
        target.remove()


class RenameOver:
    """Writes a temporary file and renames it over the original, as an editor's save does."""

    def begin(self, station: Station) -> None:
        """Nothing to prepare."""

    def hit(self, target: Target) -> None:
        _write_beside(target, TEMPORARY)
        target.replace(TEMPORARY)


class Base64:
    """Encrypts, encodes as base64 and rewrites the document: low entropy, larger, still unreadable."""

    def begin(self, station: Station) -> None:
        """Nothing to prepare."""

    def hit(self, target: Target) -> None:
        handle = target.open()
        try:
            data = base64.encodebytes(cipher(read_all(handle)))
            os.ftruncate(handle, 0)
            write_all(handle, data)
        finally:
            os.close(handle)


def _write_beside(target: Target, ending: bytes) -> None:
    source = target.open(os.O_RDONLY)
    try:
        data = cipher(read_all(source))
    finally:
        os.close(source)
    beside = target.create(ending)
    try:
        write_all(beside, data)
    finally:
        os.close(beside)

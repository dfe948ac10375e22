"""Modes that keep nothing to decrypt: wipe, truncate, mass delete.

Comes in: a target. Goes out: a blank, an empty, or no file.
"""

from __future__ import annotations

import os

from garde.lab.attackers.base import Station
from garde.lab.attackers.cipher import write_all
from garde.lab.attackers.ground import Target


class Wipe:
    """Overwrites everything with zeros."""

    def begin(self, station: Station) -> None:
        """Nothing to prepare."""

    def hit(self, target: Target) -> None:
        handle = target.open()
        try:
            write_all(handle, bytes(os.fstat(handle).st_size))
        finally:
            os.close(handle)


class Truncate:
    """Cuts to nothing."""

    def begin(self, station: Station) -> None:
        """Nothing to prepare."""

    def hit(self, target: Target) -> None:
        os.close(target.open(os.O_RDWR | os.O_TRUNC))


class MassDelete:
    """Deletes."""

    def begin(self, station: Station) -> None:
        """Nothing to prepare."""

    def hit(self, target: Target) -> None:
        target.remove()

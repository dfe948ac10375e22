"""Frozen retention: a mark in the state directory, and while it stands no version from before it goes.

Comes in: the state directory. Goes out: since when retention is frozen. Whoever is not the owner of that directory
can't take the mark away. New versions still come, and those of them that are too many go as usual.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from garde.private import make_private, sync_directory

_MARK: Final = "retention.frozen"


class RetentionFreeze:
    """One state directory's mark. Another process may set it: it is looked at each time."""

    __slots__ = ("path",)

    def __init__(self, state_dir: Path) -> None:
        self.path = state_dir / _MARK

    def since(self) -> float:
        """Wall seconds since when nothing older goes; 0: retention goes on."""
        try:
            return os.stat(self.path).st_mtime  # noqa: PTH116 - this is asked for at every save
        except OSError:
            return 0.0

    def set(self, at: float) -> None:
        """Freeze what was kept until then (wall seconds); a freeze that stands keeps its time. Raises OSError."""
        if self.since():
            return
        make_private(self.path)
        os.utime(self.path, (at, at))
        sync_directory(self.path.parent)

    def lift(self) -> None:
        """Let retention go on. Raises OSError; nothing to lift is fine."""
        self.path.unlink(missing_ok=True)

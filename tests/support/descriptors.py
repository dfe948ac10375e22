"""What this process has open."""

from __future__ import annotations

import contextlib
import gc
from pathlib import Path


def descriptors() -> set[tuple[str, str]]:
    """Return what is open, each by its number and what it leads to: other tests' leavings may close at any time."""
    gc.collect()
    found = set()
    for each in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # the listing's own
            found.add((each.name, str(each.readlink())))
    return found

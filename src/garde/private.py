"""Files that only their owner may read, made before anything else opens them.

Comes in: a path. Goes out: an empty file with mode 0600, where there was none.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path


def make_private(path: Path) -> None:
    """Make an empty database file for its owner alone; SQLite would give it the umask's rights.

    One that is there is not touched: whoever closes *any* descriptor of a database lets go of all locks that this
    process has on it (POSIX record locks), and then another process takes the write-ahead log away under an open
    connection: "disk I/O error", and what was written since is gone.
    """
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))

"""`garde` as people run it, but for one thing: it kills itself at an exact point of what it writes.

`python dying_hub.py NUMBER before|after hub run ...`: SIGKILL when the NUMBERth transaction has everything in it and is
about to be committed, or has just been committed and nobody knows of it. Nothing else is another program's.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from garde.journal.sqlite import SqliteBackend


def die_at(number: int, when: str) -> None:
    """Have this process die there."""
    begun = 0
    writing = SqliteBackend.writing

    @contextmanager
    def counted(self: SqliteBackend) -> Iterator[Any]:
        nonlocal begun
        begun += 1
        mine = begun
        with writing(self) as tables:
            yield tables
            if mine == number and when == "before":
                os.kill(os.getpid(), signal.SIGKILL)
        if mine == number:
            os.kill(os.getpid(), signal.SIGKILL)

    SqliteBackend.writing = counted  # type: ignore[method-assign]


def main() -> int:
    """See the module."""
    from garde.cli import main as garde

    number, when = int(sys.argv[1]), sys.argv[2]
    sys.argv[:] = ["garde", *sys.argv[3:]]
    die_at(number, when)
    return garde()


if __name__ == "__main__":  # the hub starts a process of its own to check the journal: that one must not die
    sys.exit(main())

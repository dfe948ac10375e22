"""What a flow source is: the contract, which `tests/unit/forensics/egress/test_sources.py` checks for all of them.

Comes in: settings, and the memo that the source itself left. Goes out: batches of flows. The contract, in words:

* The worker calls `open` once; it raises `SourceFault` where the source can't be read, and is then called again later.
  What it left before (`memo`) is handed back: a source that can read on where it stopped does so, and is not blind for
  the time between (`remembers`).
* `fileno` is what to wait for, -1 where there is nothing to wait for: then `read` is called every second.
* `read` takes what has come, a bounded part of it at a time, and never blocks. It raises nothing for what it reads: a
  record that can't be read is counted as missing, in `blind`. It raises `SourceFault` where the source has gone.
* What was lost on the way (a gap in sequence numbers, a full buffer, a log that was taken away) is told once, as
  `Blind`, as exactly as it can be known.
* The same record is not told twice, also after `close` and `open`; a source that can't know that says what it had told.
* `memo` is at most some kilobytes, and is kept after the batch before it was kept: whoever is killed between the two
  counts a batch twice at most, and never loses one.
* Directions: `inside` is inside, whoever opened the conversation; `inbound` says who did.
* `close` may be called twice, and after a failed `open`.
"""

from __future__ import annotations

from typing import ClassVar, Protocol, TypeVar

import msgspec

from garde.clock import Clock
from garde.forensics.egress.config import SourceSettings
from garde.forensics.egress.nouns import Batch, Inside

M = TypeVar("M")


class SourceFault(Exception):
    """It can't be read now, and why: one line for people."""


def read_memo(memo: bytes, kind: type[M]) -> M | None:
    """Return what a source left; None where it left nothing, or what can't be read."""
    try:
        return msgspec.msgpack.decode(memo, type=kind) if memo else None
    except msgspec.MsgspecError:
        return None


class Source(Protocol):
    """One source of flow records."""

    sort: ClassVar[str]
    remembers: ClassVar[bool]  # what happens while nobody reads is read later

    def __init__(self, settings: SourceSettings, inside: Inside, clock: Clock) -> None: ...

    def open(self, memo: bytes) -> None:
        """Begin; raises SourceFault."""
        ...

    def fileno(self) -> int: ...

    def read(self) -> Batch:
        """Take what has come; raises SourceFault where the source has gone."""
        ...

    def memo(self) -> bytes:
        """Return what `open` is to be given the next time."""
        ...

    def close(self) -> None: ...

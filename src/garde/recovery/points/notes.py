"""What a store wrote down about its own work, read again: a freeze, a placing.

Comes in: a file, how it is decoded. Goes out: the note; `StoreFault` where it stands there and cannot be read: what it
speaks of was begun, and nobody may begin it anew. It writes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import msgspec

from garde.journal.text import plain
from garde.recovery.points.base import Fault, StoreFault

_T = TypeVar("_T")


def read_note(file: Path, decode: Callable[[bytes], _T], what: str) -> _T | None:
    """The note of `what`; None where there is none."""
    try:
        return decode(file.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError) as error:
        why = plain(str(error), 200)
        raise StoreFault(Fault.DAMAGED, f"the note of the {what} cannot be read: {why}") from error

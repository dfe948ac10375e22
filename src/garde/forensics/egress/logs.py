"""What the two log sources share: names of conversations, numbers and times that somebody else wrote.

Comes in: values of a log line. Goes out: the same as what they should be, or a ValueError. A log line is data: it
names no path, and a number in it is bounded before anybody adds it up.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from datetime import datetime
from typing import Any, Final

MOST_BYTES: Final = 1 << 50  # of one conversation: a petabyte is a mistake
LONGEST_S: Final = 30 * 86_400.0
_NAME: Final = re.compile(r"[a-z0-9_](?:[a-z0-9_.-]{0,251}[a-z0-9_])?")
_REMEMBERED: Final = 20_000


class Names:
    """What conversations were called, by the log's own id of each, until their record comes."""

    def __init__(self) -> None:
        self._found: OrderedDict[str, str] = OrderedDict()

    def note(self, conversation: str, name: str) -> None:
        if name:
            self._found[conversation] = name
            if len(self._found) > _REMEMBERED:
                self._found.popitem(last=False)

    def take(self, conversation: str) -> str:
        return self._found.pop(conversation, "")


def text(value: Any) -> str:
    """A word of a log line."""
    if not isinstance(value, str) or len(value) > 512:
        raise ValueError("no word")
    return value


def host(value: Any) -> str:
    """A host's name in one spelling; "" for what is none."""
    if not isinstance(value, str) or len(value) > 253:
        return ""
    found = value.lower().rstrip(".")
    return found if _NAME.fullmatch(found) else ""


def size(value: Any) -> int:
    """A number of bytes, or a port."""
    found = int(value or 0)
    if not 0 <= found <= MOST_BYTES:
        raise ValueError("no size")
    return found


def moment(value: Any) -> float:
    """Wall seconds: as a number, or as RFC 3339 has it."""
    found = datetime.fromisoformat(value).timestamp() if isinstance(value, str) and "T" in value else float(value)
    if not 0 < found < 1e11:
        raise ValueError("no time")
    return found


def lasting(value: Any) -> float:
    """Seconds that something lasted."""
    found = float(value or 0)
    if not 0 <= found <= LONGEST_S:
        raise ValueError("no duration")
    return found

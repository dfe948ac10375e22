"""Names of what comes back: keys of wakes, ids of isolations and of notices.

Comes in: what it is about. Goes out: the name, and its parts again.
"""

from __future__ import annotations

import hashlib
from typing import Final

from garde.model.keys import Keys

OBSERVED, LISTED, SWEEP, WATCH, EXCEPTION = "observed", "listed", "sweep", "watch", "exception"
ISOLATION: Final = "return-"  # what the id of every isolation of ours begins with: it is the id of its cut
_KEYS: Final = Keys("recovery")
key, split = _KEYS.key, _KEYS.split


def isolation_id(machine: str, number: int) -> str:
    """Return the id of a machine's next isolation. It is an order's cut as well: 64 characters at most."""
    return ISOLATION + hashlib.sha256(f"{machine}\n{number}".encode()).hexdigest()[:16]

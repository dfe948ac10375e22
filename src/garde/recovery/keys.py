"""Names of what comes back: keys of wakes, ids of isolations and of notices.

Comes in: what it is about. Goes out: the name, and its parts again. Ids of the estate hold no slash (see
`estate.vocabulary.ID`).
"""

from __future__ import annotations

import hashlib
from typing import Final

PREFIX: Final = "recovery"
OBSERVED, LISTED, SWEEP, WATCH, EXCEPTION = "observed", "listed", "sweep", "watch", "exception"
ISOLATION: Final = "return-"  # what the id of every isolation of ours begins with: it is the id of its cut


def key(kind: str, about: str, more: object = "") -> str:
    """Return the name of a wake or a notice."""
    return f"{PREFIX}/{kind}/{about}/{more}"


def split(name: str) -> tuple[str, str, str]:
    """Return kind, about and more; three times "" where it is none of ours."""
    parts = name.split("/", 3)
    return (parts[1], parts[2], parts[3]) if len(parts) == 4 and parts[0] == PREFIX else ("", "", "")


def isolation_id(machine: str, number: int) -> str:
    """Return the id of a machine's next isolation. It is an order's cut as well: 64 characters at most."""
    return ISOLATION + hashlib.sha256(f"{machine}\n{number}".encode()).hexdigest()[:16]

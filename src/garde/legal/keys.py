"""Names of what comes back: keys of wakes, ids of notices and of drafts.

Comes in: what it is about. Goes out: the name, and its parts again.
"""

from __future__ import annotations

from typing import Final

from garde.model.keys import Keys

PREFIX: Final = "legal"
SOON, OVERDUE, UNSAID = "soon", "overdue", "unsaid"
_KEYS: Final = Keys(PREFIX)
key, split = _KEYS.key, _KEYS.split


def draft_id(form: str, language: str, number: int) -> str:
    """Return the id of the next draft; `number`: of all drafts so far, from 1."""
    return f"{form}-{language}-{number}"

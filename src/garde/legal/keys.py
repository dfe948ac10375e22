"""Names of what comes back: keys of wakes, ids of notices and of drafts.

Comes in: what it is about. Goes out: the name, and its parts again.
"""

from __future__ import annotations

from typing import Final

PREFIX: Final = "legal"
SOON, OVERDUE, UNSAID = "soon", "overdue", "unsaid"


def key(kind: str, incident: str, more: object = "") -> str:
    """Return the name of a wake or a notice."""
    return f"{PREFIX}/{kind}/{incident}/{more}"


def split(name: str) -> tuple[str, str, str]:
    """Return kind, incident and more; three times "" where it is none of ours."""
    parts = name.split("/", 3)
    return (parts[1], parts[2], parts[3]) if len(parts) == 4 and parts[0] == PREFIX else ("", "", "")


def draft_id(form: str, language: str, number: int) -> str:
    """Return the id of the next draft; `number`: of all drafts so far, from 1."""
    return f"{form}-{language}-{number}"

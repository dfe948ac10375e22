"""Names of what comes back: keys of wakes and ids of notices, and how they are taken apart.

Comes in: what it is about. Goes out: `key(...)` and its parts again. One form for both: `emergency/KIND/ABOUT/MORE`.
Ids of the estate and of plans hold no slash (see `estate.vocabulary.ID`).
"""

from __future__ import annotations

from typing import Final

PREFIX: Final = "emergency"


def key(kind: str, about: str, more: str = "") -> str:
    """Return the name of a wake or a notice."""
    return f"{PREFIX}/{kind}/{about}/{more}"


def split(name: str) -> tuple[str, str, str]:
    """Return kind, about and more; three times "" where it is none of ours."""
    parts = name.split("/", 3)
    return (parts[1], parts[2], parts[3]) if len(parts) == 4 and parts[0] == PREFIX else ("", "", "")

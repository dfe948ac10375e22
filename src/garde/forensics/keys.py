"""Names of what comes back: keys of the account's wakes.

Comes in: what it is about. Goes out: the name, and its parts again.
"""

from __future__ import annotations

from typing import Final

PREFIX: Final = "forensics"


def key(kind: str, about: str, more: object = "") -> str:
    """Return the name of a wake."""
    return f"{PREFIX}/{kind}/{about}/{more}"


def split(name: str) -> tuple[str, str, str]:
    """Return kind, about and more; three times "" where it is none of ours."""
    parts = name.split("/", 3)
    return (parts[1], parts[2], parts[3]) if len(parts) == 4 and parts[0] == PREFIX else ("", "", "")

"""Names of what comes back: keys of wakes, and ids of notices. One form for all: `PART/KIND/ABOUT/MORE`.

Comes in: which part of Garde names it, what it is about. Goes out: the name, and its parts again. Ids of the estate, of
plans and of incidents hold no slash (see `estate.vocabulary.ID`).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Keys:
    """The names of one part."""

    part: str

    def key(self, kind: str, about: str, more: object = "") -> str:
        """Return the name of a wake or a notice."""
        return f"{self.part}/{kind}/{about}/{more}"

    def split(self, name: str) -> tuple[str, str, str]:
        """Return kind, about and more; three times "" where it is none of this part's."""
        parts = name.split("/", 3)
        return (parts[1], parts[2], parts[3]) if len(parts) == 4 and parts[0] == self.part else ("", "", "")

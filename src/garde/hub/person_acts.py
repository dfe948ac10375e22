"""One person at work at the hub: what every desk of acts stands on.

Comes in: who asks. Goes out: the hospital as it is in force, entries in this person's name, notes as they are kept, the
words of a refusal. It decides nothing and checks no right.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from garde.errors import NotPermitted
from garde.estate.look import Lookup
from garde.hub.deps import Caller, Deps
from garde.journal.entry import Entry
from garde.journal.payload import Payload
from garde.journal.text import Text

LONGEST_NOTE: Final = 1_000  # characters


@dataclass(frozen=True, slots=True)
class PersonAtWork:
    """See the module."""

    deps: Deps
    caller: Caller

    @property
    def look(self) -> Lookup:
        """The hospital as it is in force."""
        return self.deps.estate()

    @property
    def _who(self) -> tuple[str, str]:
        return self.caller.login, self.caller.role

    def _write(self, payload: Payload) -> list[Entry]:
        return self.deps.loop.append([payload], who=f"person/{self.caller.login}")

    def _refusal(self, roles: Iterable[str], *, named: bool = False) -> NotPermitted:
        """Return why this person may not do what these roles may; `named`: no token may, whatever its role."""
        if named and self.caller.how == "token":
            return NotPermitted(
                "this needs a person by name, and a token is none", "sign in at the console, or give --login"
            )
        return NotPermitted("your role cannot decide this", f"who can: {', '.join(roles)}")


def note_text(words: str) -> Text:
    """Return a note as it is kept."""
    return Text(words.strip()[:LONGEST_NOTE].encode("utf-8", "replace"))

"""What the pages of law, and that of the neighbours, share: the desk, who may, the incident and version looked at.

Comes in: a site, a visit, what was typed. Goes out: `LegalDesk`, tables for templates. It writes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from garde.errors import UsageError
from garde.hub.console.names import SHORT_ROLES
from garde.hub.console.site import Site, Visit
from garde.hub.legal_acts import LegalDesk, newest
from garde.journal.speech import Said, mark
from garde.legal.memory import Incident, State

DIGITS: Final = 9  # of a version
MORE_ROLES: Final = {"legal": mark("legal adviser"), "communication": mark("communication")}


def desk_of(site: Site, visit: Visit) -> LegalDesk:
    """Return the desk of whoever looks."""
    return LegalDesk(site.deps, visit.caller)


def may_table(
    acts: Mapping[str, Sequence[str]], may: Callable[[str], bool], visit: Visit
) -> tuple[dict[str, bool], dict[str, Said]]:
    """Return which acts whoever looks may do, and who can do each. `acts`: which roles may do it."""
    words = {**SHORT_ROLES, **MORE_ROLES}
    lacks = {act: visit.say.list([visit.say.word(words, role) for role in roles]) for act, roles in acts.items()}
    return {act: may(act) for act in acts}, lacks


def incident_of(state: State, wanted: str) -> Incident | None:
    """Return the incident that is looked at: the one asked for, else the newest that goes on."""
    return (state.incident(wanted) if wanted else None) or newest(state)


def version_of(text: str) -> int:
    """Return the version that a form names; raises UsageError."""
    if not text.isascii() or not text.isdigit() or len(text) > DIGITS:
        raise UsageError("this is no version", "open the page again")
    return int(text)

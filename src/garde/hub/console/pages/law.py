"""What the pages of law share: the desk, who may, the incident that is looked at.

Comes in: a site and a visit. Goes out: `LegalDesk`, tables for templates. It writes nothing.
"""

from __future__ import annotations

from typing import Final

from garde.hub.console.names import SHORT_ROLES
from garde.hub.console.site import Site, Visit
from garde.hub.legal_acts import LegalDesk, newest
from garde.journal.speech import Said, mark
from garde.legal import may
from garde.legal.memory import Incident, State

MORE_ROLES: Final = {"legal": mark("legal adviser"), "communication": mark("communication")}


def desk_of(site: Site, visit: Visit) -> LegalDesk:
    """Return the desk of whoever looks."""
    return LegalDesk(site.deps, visit.caller)


def may_table(desk: LegalDesk, visit: Visit) -> tuple[dict[str, bool], dict[str, Said]]:
    """Return what whoever looks may do, and who can do each."""
    words = {**SHORT_ROLES, **MORE_ROLES}
    lacks = {act: visit.say.list([visit.say.word(words, role) for role in may.roles_for(act)]) for act in may.ACTS}
    return {act: desk.may(act) for act in may.ACTS}, lacks


def incident_of(state: State, wanted: str) -> Incident | None:
    """Return the incident that is looked at: the one asked for, else the newest that goes on."""
    return (state.incident(wanted) if wanted else None) or newest(state)

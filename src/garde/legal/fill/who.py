"""Fields that say who: the hospital, whom to ask, who decided.

Comes in: `Ask`. Goes out: values from the hospital's own file, with the entry that it is.
"""

from __future__ import annotations

from typing import Final

from garde.estate.nouns import Person
from garde.legal.fill.base import NOTHING, Ask, Filler, Value


def hospital(ask: Ask) -> Value:
    """Return the hospital's name, with its sites."""
    estate = ask.look.estate
    if not estate.name:
        return NOTHING
    sites = ask.say.list([ask.say("{name}", name=each.address or each.name) for each in estate.sites])
    name = ask.say("{name}", name=estate.name)
    return (ask.say("{name} — {sites}", name=name, sites=sites) if sites else name), ask.estate


def _person(ask: Ask, *roles: str) -> Person | None:
    for role in roles:
        for each in ask.look.estate.people:
            if role in each.roles:
                return each
    return None


def _reached(ask: Ask, person: Person | None) -> Value:
    if person is None:
        return NOTHING
    parts = [ask.say("{name}", name=each) for each in (person.name, *person.phones, person.mail) if each]
    return ask.say.list(parts), ask.estate


def dpo(ask: Ask) -> Value:
    """Return the data protection officer; where there is none: unknown."""
    return _reached(ask, _person(ask, "dpo"))


def crisis(ask: Ask) -> Value:
    """Return whom the authorities ask in a crisis."""
    return _reached(ask, _person(ask, "crisis_coordinator", "it_director", "security_officer", "general_director"))


def plain_contact(ask: Ask) -> Value:
    """Return whom patients can ask."""
    words, entries = dpo(ask)
    if not words:
        return NOTHING
    return ask.say("Our data protection officer answers your questions: {contact}.", contact=words), entries


def plain_from(ask: Ask) -> Value:
    """Return who writes to the patients."""
    words, entries = hospital(ask)
    return (ask.say("The management of {hospital}", hospital=words), entries) if words else NOTHING


WHO: Final[dict[str, Filler]] = {
    "hospital": hospital,
    "contact_dpo": dpo,
    "contact_crisis": crisis,
    "plain_contact": plain_contact,
    "plain_from": plain_from,
}

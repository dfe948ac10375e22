"""The hospital's own names, in the reader's language.

Comes in: ids, addresses, logins. Goes out: what people call them, safe to show. What the estate does not know stays
as it is. It also names roles, and says times the way they are read on a wall clock.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from babel.dates import get_month_names

from garde.estate.look import Lookup
from garde.hub.console.accounts import BREAK_GLASS
from garde.journal.speech import Said, Say, mark
from garde.journal.text import plain

ROLES = {
    "viewer": mark("observer: sees everything, changes nothing"),
    "ward": mark("ward: sees how things stand, no names of files or people"),
    "dpo": mark("data protection officer: reads everything, answers for legal clocks and drafts"),
    "operator": mark("on-call IT (operator): decides on cuts"),
    "it_director": mark("IT director: decides on cuts, keeps the accounts"),
    "crisis_coordinator": mark("crisis coordinator: decides on cuts"),
    "admin": mark("administrator: keeps the accounts and the agents"),
}
SHORT_ROLES = {
    "viewer": mark("observer"),
    "ward": mark("ward"),
    "dpo": mark("data protection officer"),
    "operator": mark("operator"),
    "it_director": mark("IT director"),
    "crisis_coordinator": mark("crisis coordinator"),
    "general_director": mark("general director"),
    "medical_director": mark("medical director"),
    "on_call_it": mark("on-call IT"),
    "security_officer": mark("security officer"),
    "nursing_director": mark("nursing director"),
    "emergency_head": mark("head of emergency"),
    "laboratory_head": mark("head of laboratory"),
    "radiology_head": mark("head of radiology"),
    "pharmacy_head": mark("head of pharmacy"),
    "ward_head": mark("head of a ward"),
    "admin": mark("administrator"),
}


@dataclass(frozen=True, slots=True)
class Names:
    """One estate, one language."""

    look: Lookup
    say: Say
    logins: Collection[str] = frozenset()  # of the local accounts

    def machine(self, name: str) -> Said:
        """Return the name of a machine, given its id or an address; what is unknown stays as it is."""
        found = self.look.machine(name)
        return Said(plain((found.name or found.id) if found else name))

    def machines(self, names: Iterable[str]) -> Said:
        """Return several, with commas."""
        return self.say.list([self.machine(name) for name in names])

    def some(self, names: Iterable[Said], most: int) -> Said:
        """Return the first of them with commas, and how many more there are."""
        found = list(names)
        if len(found) <= most:
            return self.say.list(found)
        more = len(found) - most
        return self.say.many("{names} and {n} more", "{names} and {n} more", more, names=self.say.list(found[:most]))

    def address(self, name: str) -> Said:
        """Return the first address of a machine; "" where the name is an address itself, or nothing is known."""
        found = self.look.machines.get(name)
        return Said(plain(found.addresses[0])) if found and found.addresses else Said("")

    def service(self, name: str) -> Said:
        """Return the wards' word for a service."""
        return Said(plain(self.look.label(name, self.say.language, "services")))

    def ward(self, name: str) -> Said:
        """Return a ward's name."""
        return Said(plain(self.look.label(name, self.say.language, "wards")))

    def segment(self, name: str) -> Said:
        """Return a segment's name."""
        return Said(plain(self.look.label(name, self.say.language, "segments")))

    def services(self, names: Iterable[str]) -> Said:
        """Return several, with commas."""
        return self.say.list([self.service(name) for name in names])

    def person(self, login: str) -> Said:
        """Return the person's name, and who a login is that is nobody's."""
        if login == BREAK_GLASS:
            return self.say("somebody with a code of the envelope")
        if login == "local":
            return self.say("an operator at the hub itself")
        found = self.look.person(login)
        return Said(plain(found.name if found and found.name else login))

    def speaker(self, who: str) -> Said:
        """Return who wrote an entry: a machine, a person, or nothing where it is the hub itself."""
        kind, _, name = who.partition("/")
        if kind == "agent":
            return self.machine(name)
        if kind == "person":
            return self.person(name)
        return Said("")

    def time(self, at: float, now: float) -> Said:
        """Return the wall clock's time; another day than today's is named."""
        moment = datetime.fromtimestamp(at)
        if moment.date() == datetime.fromtimestamp(now).date():
            return Said(moment.strftime("%H:%M:%S"))
        month = get_month_names("abbreviated", locale=self.say.language)[moment.month]
        return Said(f"{moment.day} {month} {moment:%H:%M}")

    def minute(self, at: float, now: float) -> Said:
        """Return hour and minute; another day than today's is named."""
        moment = datetime.fromtimestamp(at)
        if moment.date() == datetime.fromtimestamp(now).date():
            return Said(moment.strftime("%H:%M"))
        return self.time(at, now)

    def tick(self, at: float) -> Said:
        """Return what stands at an axis of time: hour and minute, the day at its beginning."""
        moment = datetime.fromtimestamp(at)
        if moment.hour or moment.minute:
            return Said(moment.strftime("%H:%M"))
        return Said(f"{moment.day} {get_month_names('abbreviated', locale=self.say.language)[moment.month]}")

    def age(self, seconds: float) -> Said:
        """Return how long ago that was, in the coarsest unit that still says something."""
        whole = max(int(seconds), 0)
        if whole < 60:
            return self.say.many("{n} second ago", "{n} seconds ago", whole)
        if whole < 3600:
            return self.say.many("{n} minute ago", "{n} minutes ago", whole // 60)
        if whole < 48 * 3600:
            return self.say.many("{n} hour ago", "{n} hours ago", whole // 3600)
        return self.say.many("{n} day ago", "{n} days ago", whole // 86400)


def stamp(at: float) -> str:
    """Return the time as machines read it, with the hub's own zone."""
    return datetime.fromtimestamp(at).astimezone().isoformat(timespec="seconds")

"""Who tells the night: one incident, one estate, one language, one time.

Comes in: `Night`, which incident, a language, now. Goes out: `Teller`: names, times and the parts of the night that
several chapters ask for. Raises NotFound where there is no such incident. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from garde.emergency.canonical import from_json as plan_from_json
from garde.emergency.nouns import Plan
from garde.emergency.words import EMERGENCY_LOCALE, Voice
from garde.errors import NotFound
from garde.estate.look import Lookup
from garde.hub.board import Cut, Incident
from garde.hub.console.views.story import Story
from garde.hub.final.night import Night, Noted, P
from garde.journal import kinds as k
from garde.journal import plan_kinds as p
from garde.journal.hub_words import ACTIONS
from garde.journal.speech import Said, Say, long_time, say_in, short_time
from garde.journal.text import plain
from garde.recovery.words import RECOVERY_LOCALE

FINAL_LOCALE: Final = Path(__file__).parent / "locale"
_EARLY_S: Final = (
    3_600.0  # an agent's clock may be ahead of the hub's: what it says of the beginning still belongs to it
)


@dataclass(frozen=True)
class Teller:
    """See the module."""

    night: Night
    incident: Incident
    say: Say
    now: float

    # --- which part of the journal ---

    @property
    def look(self) -> Lookup:
        """The hospital as it was in force last."""
        return self.night.estate

    @cached_property
    def ids(self) -> frozenset[str]:
        """The incident, and those that turned out to be part of it."""
        return frozenset(
            {self.incident.id, *(i.id for i in self.night.board.incidents.values() if self._leads_here(i))}
        )

    def _leads_here(self, incident: Incident) -> bool:
        seen: set[str] = set()
        while incident.into and incident.id not in seen:
            seen.add(incident.id)
            if incident.into == self.incident.id:
                return True
            incident = self.night.board.incidents.get(incident.into, incident)
        return False

    @property
    def begin(self) -> float:
        """The first hostile write that is known, wall seconds."""
        return self.incident.first_harm or self.incident.opened

    @cached_property
    def story(self) -> Story:
        """How its servers fared."""
        return self.night.stories.stories.get(self.incident.id, Story())

    @cached_property
    def cuts(self) -> list[Cut]:
        """Its cuts, in the order in which they were proposed."""
        return [self.night.board.cuts[each] for each in self.incident.cuts if each in self.night.board.cuts]

    def ours(self, kind: type[P]) -> list[Noted[P]]:
        """Return what is kept of a kind and belongs to the incident: by its name, else by its time."""
        return [each for each in self.night.all(kind) if self._is_ours(each)]

    def _is_ours(self, noted: Noted[P]) -> bool:
        incident = getattr(noted.said, "incident", "")
        return incident in self.ids if incident else noted.at >= self.begin - _EARLY_S

    def last(self, kind: type[P]) -> Noted[P] | None:
        """Return the newest of them."""
        return next(reversed(self.ours(kind)), None)

    def first(self, kind: type[P]) -> Noted[P] | None:
        """Return the oldest of them."""
        return next(iter(self.ours(kind)), None)

    def ours_by_verdict(self, kind: type[P]) -> list[Noted[P]]:
        """Return what agents said of verdicts that belong to the incident, and of holds that rest on them."""
        stories = self.night.stories
        verdicts = {key for key, of in stories.verdicts.items() if of in self.ids}
        every = self.night.all(kind)
        return [each for each in every if stories.verdict_of(each.who, getattr(each.said, "verdict", "")) in verdicts]

    @cached_property
    def first_hold(self) -> Noted[k.ActorHeld] | None:
        """When an attacker was stopped for the first time."""
        return next(iter(self.ours_by_verdict(k.ActorHeld)), None)

    # --- words ---

    @cached_property
    def voice(self) -> Voice:
        """The speaker of the emergency plan's words."""
        return Voice(say_in(self.say.language, EMERGENCY_LOCALE), self.look, self._plan)

    @property
    def _plan(self) -> Plan | None:
        loaded = self.night.newest(p.PlanLoaded)
        if loaded is None or loaded.said.content.value is None:
            return None
        try:
            return plan_from_json(loaded.said.content.value)
        except ValueError:
            return None  # its words were erased, or it is a newer version's: ids stand for names

    def machine(self, name: str) -> Said:
        """Return the name of a machine, given its id or an address."""
        found = self.look.machine(name)
        return Said(plain((found.name or found.id) if found else name, 120))

    def machines(self, names: list[str], most: int = 6) -> Said:
        """Return several with commas, and how many more there are."""
        shown = self.say.list([self.machine(each) for each in names[:most]])
        more = len(names) - most
        return self.say.many("{names} and {n} more", "{names} and {n} more", more, names=shown) if more > 0 else shown

    def service(self, name: str) -> Said:
        """Return the wards' word for a service."""
        return Said(plain(self.look.label(name, self.say.language, "services"), 120))

    def person(self, login: str) -> Said:
        """Return a person's name."""
        return self.voice.person(login)

    def neighbour(self, name: str) -> Said:
        """Return another hospital's name."""
        found = next((each for each in self.look.estate.neighbours if each.id == name), None)
        return Said(plain(found.name if found else name, 120))

    def cut(self, cut: Cut) -> Said:
        """Return what a cut does, and to whom."""
        action = self.say.word(ACTIONS, str(cut.proposal["action"]))
        return self.say("{action} ({target})", action=action, target=self.machine(str(cut.proposal["target"])))

    def time(self, at: float) -> Said:
        """Return the wall clock's time; another day than the first one's is named."""
        return short_time(at, self.begin)

    def full(self, at: float) -> Said:
        """Return date and time."""
        return long_time(at)

    def more(self, listed: int, shown: int) -> Said:
        """Return how many of so many lines are not shown; "" where all are."""
        return self.say("… and {n} more", n=listed - shown) if listed > shown else Said("")


def teller_of(night: Night, language: str, now: float, incident: str = "") -> Teller:
    """Return who tells of an incident; of the newest where none is named. Raises NotFound."""
    known = night.board.incidents
    if incident and incident not in known:
        raise NotFound(f"there is no incident {incident[:64]!r}", "see `garde cut list`, or the console's incidents")
    whole = [each for each in known.values() if each.state != "joined"]
    if not whole:
        raise NotFound("no incident stands in the journal: there is nothing to report", "nothing has happened yet")
    found = known[incident] if incident else whole[-1]
    while found.state == "joined" and found.into in known:
        found = known[found.into]
    return Teller(night, found, say_in(language, RECOVERY_LOCALE, FINAL_LOCALE), now)

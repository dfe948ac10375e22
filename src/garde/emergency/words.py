"""The plan, the diversion and the services in plain words, named as the hospital and its plan name them.

Comes in: ids, the estate, the plan, a speaker (`say_in(language, EMERGENCY_LOCALE)`). Goes out: `Said`, safe to show.
What is known by no name keeps its id. It folds nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from garde.emergency.diversion import NEIGHBOUR
from garde.emergency.memory import BY_PLAN, SOMEBODY, Cut, Decision
from garde.emergency.nouns import Plan
from garde.estate.look import Lookup
from garde.estate.nouns import Words
from garde.journal.hub_words import ACTIONS
from garde.journal.plan_words import FLAGS, PATH_STATES, SERVICE_STATES
from garde.journal.speech import Said, Say, mark, short_time
from garde.journal.text import plain

EMERGENCY_LOCALE: Final = Path(__file__).parent / "locale"

CUT_STATES: Final = {
    "asked": mark("ordered"),
    "applied": mark("in force, not proven yet"),
    "proven": mark("in force, proven"),
    "not_proven": mark("NOT proven"),
    "failed": mark("FAILED"),
    "undoing": mark("being undone"),
    "undone": mark("undone"),
}
DECIDED: Final = {
    "plan_triggered": mark("plan triggered: {to}"),
    "plan_phase_changed": mark("phase: {to}"),
    "plan_rejected": mark("plan not triggered"),
    "plan_held": mark("plan kept until {to}"),
    "plan_stood_down": mark("plan lifted"),
    "diversion_changed": mark("{about}: {to}"),
    "service_overridden": mark("{about}: {to}"),
    "flag_changed": mark("{about}"),
    "cut_decided": mark("cut {about}: {to}"),
    "incident_closed": mark("incident over"),
}
SAID_OF_CUTS: Final = {"approve": mark("yes"), "reject": mark("no"), "undo": mark("undo")}


@dataclass(frozen=True, slots=True)
class Voice:
    """One estate, one plan, one language."""

    say: Say
    look: Lookup
    plan: Plan | None

    @property
    def language(self) -> str:
        """The language that it speaks."""
        return self.say.language

    def words(self, words: Words, otherwise: str = "") -> Said:
        """Return the plan's own words, lines kept."""
        text = self.look.say(words, self.language) or otherwise
        return Said("\n".join(plain(line, 2_000) for line in text.splitlines()))

    def phase(self, name: str) -> Said:
        """Return a phase's name."""
        found = self.plan.phase(name) if self.plan else None
        return self.words(found.name, name) if found else Said(plain(name))

    def role(self, name: str) -> Said:
        """Return the name of a role of the plan."""
        found = self.plan.role(name) if self.plan else None
        return self.words(found.name, name) if found else Said(plain(name))

    def task(self, name: str, title: str = "") -> Said:
        """Return a task's title; one given by hand has its own."""
        found = self.plan.task(name) if self.plan else None
        return self.words(found.title, name) if found else Said(title or plain(name))

    def path(self, name: str) -> Said:
        """Return the name of a way in."""
        found = self.plan.pathway(name) if self.plan else None
        return self.words(found.name, name) if found else Said(plain(name))

    def recipient(self, name: str) -> Said:
        """Return who is to be told."""
        if name.startswith(NEIGHBOUR):
            found = next((each for each in self.look.estate.neighbours if NEIGHBOUR + each.id == name), None)
            return Said(plain(found.name if found else name))
        known = next((each for each in self.plan.recipients if each.id == name), None) if self.plan else None
        return self.words(known.name, name) if known else Said(plain(name))

    def phone(self, name: str) -> Said:
        """Return the telephone of who is to be told; "" where none is known."""
        if name.startswith(NEIGHBOUR):
            found = next((each for each in self.look.estate.neighbours if NEIGHBOUR + each.id == name), None)
            return Said(plain(found.contact if found else ""))
        known = next((each for each in self.plan.recipients if each.id == name), None) if self.plan else None
        return Said(plain(known.phone if known else ""))

    def service(self, name: str) -> Said:
        """Return the wards' word for a service."""
        return Said(plain(self.look.label(name, self.language, "services")))

    def thing(self, name: str) -> Said:
        """Return the name of what stops a service: a service or a machine."""
        return Said(plain(self.look.label(name, self.language, "services", "machines")))

    def person(self, login: str) -> Said:
        """Return a person's name."""
        if login == BY_PLAN:
            return self.say("the plan")
        if login == SOMEBODY:
            return self.say("somebody")
        if login == "local":
            return self.say("an operator at the hub")
        found = self.look.person(login)
        return Said(plain(found.name if found and found.name else login))

    def service_state(self, state: str) -> Said:
        """Return how a service stands."""
        return self.say.word(SERVICE_STATES, state)

    def path_state(self, state: str) -> Said:
        """Return how a way in stands."""
        return self.say.word(PATH_STATES, state)

    def flag(self, flag: str) -> Said:
        """Return one of the four ends."""
        return self.say.word(FLAGS, flag)

    def verify(self) -> Said:
        """Return with whom to verify what is marked so."""
        return self.words(self.plan.verify) if self.plan else Said("")

    def cut(self, cut: Cut) -> Said:
        """Return what a cut is."""
        target = Said(plain(self.look.label(cut.target, self.language, "machines")))
        return self.say("{target}: {action}", target=target, action=self.say.word(ACTIONS, cut.action))

    def decision(self, found: Decision, cut: Cut | None = None) -> Said:
        """Return what a person decided; of a cut that is known, what it is and not its number."""
        match found.act:
            case "plan_triggered" | "plan_phase_changed":
                about, to = Said(""), self.phase(found.to)
            case "plan_held":
                about, to = Said(""), short_time(float(found.to or 0), 0.0)
            case "diversion_changed":
                about, to = self.path(found.about), self.path_state(found.to)
            case "service_overridden":
                about = self.service(found.about)
                to = self.service_state(found.to) if found.to else self.say("as the machines say")
            case "flag_changed":
                about, to = self.flag(found.about), Said("")
            case _:
                about, to = Said(plain(found.about)), self.say.word(SAID_OF_CUTS, found.to)
        if cut is not None:
            about = self.cut(cut)
        if found.act not in DECIDED:
            return Said(plain(found.act))
        return self.say(DECIDED[found.act], about=about, to=to)

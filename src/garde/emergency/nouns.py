"""A hospital emergency plan as data: frozen records as they stand in a plan's YAML file.

Comes in: nothing. Goes out: `Plan` and its parts. Words for people are by language; several lines of one text are
several steps. `verify`: the text is background knowledge, or differs from place to place, and whoever reads it is told
to verify it (`Plan.verify` says with whom). Reading is `read.py`, checking `check.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from garde.estate.nouns import Words


@dataclass(frozen=True, slots=True)
class Phase:
    """One phase. They stand in the order of their gravity; a trigger only ever goes up."""

    id: str
    name: Words
    text: Words = field(default_factory=dict)  # what it means
    calls: tuple[str, ...] = ()  # call lists that are called when it begins
    verify: bool = False


@dataclass(frozen=True, slots=True)
class Role:
    """A role of the plan, and who of the estate holds it: the people named, else whoever is on duty in these roles."""

    id: str
    name: Words
    people: tuple[str, ...] = ()  # ids of persons
    held_by: tuple[str, ...] = ()  # roles of the estate
    card: str = ""  # its action card
    verify: bool = False


@dataclass(frozen=True, slots=True)
class Card:
    """An action card: what whoever holds the role does, one step a line."""

    id: str
    title: Words
    steps: Words
    verify: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """A call list: who is told, in which time, in at most two lines."""

    id: str
    name: Words
    roles: tuple[str, ...]  # of the plan
    text: Words
    within_s: float = 900.0
    all_must: bool = True
    verify: bool = False


@dataclass(frozen=True, slots=True)
class Trigger:
    """When a phase is proposed. Any of what it names makes it fit."""

    id: str
    phase: str
    name: Words
    severity: int = 0  # of an open incident, from this on
    services: tuple[str, ...] = ()  # ids of the estate; `any`: any clinical one
    states: tuple[str, ...] = ("paper", "closed")  # of those services
    count: int = 1  # so many of them at one time
    task: str = ""  # a task that is overdue
    needs: str = "one"  # one: a person decides; automatic: nobody is asked
    verify: bool = False


@dataclass(frozen=True, slots=True)
class Decides:
    """Who may decide what. What no line speaks of, every decider of the console may."""

    act: str
    roles: tuple[str, ...]  # of the estate's people, or of the console's accounts


@dataclass(frozen=True, slots=True)
class Task:
    """Something that must be done, by whom, and by when."""

    id: str
    title: Words
    owner: str  # role of the plan
    phase: str  # given when this phase begins (or a graver one, where the plan starts there)
    due_s: float = 0.0  # after that; 0: no clock
    text: Words = field(default_factory=dict)
    call: str = ""  # done by itself when everybody on this call list has answered
    verify: bool = False


@dataclass(frozen=True, slots=True)
class Criterion:
    """A condition for standing down."""

    id: str
    text: Words
    check: str = "hand"  # hand | services | quiet | tasks | told | restart | watch | paper
    for_s: float = 0.0  # services, quiet, restart: for so long
    most: float = 0.0  # paper: per cent of a ward's patients that may still be on paper
    verify: bool = False


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who outside has to know of a diversion."""

    id: str
    name: Words
    phone: str = ""
    verify: bool = False


@dataclass(frozen=True, slots=True)
class Pathway:
    """A way by which patients come, that can be limited or diverted."""

    id: str
    name: Words
    tell: tuple[str, ...] = ()  # recipients; `neighbours`: every neighbour of the estate
    review_s: float = 14_400.0
    tell_s: float = 900.0  # after which it is said who does not know yet
    verify: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """A text ready to be read on the phone. Fields in square brackets are filled in: see `check.FIELDS`."""

    id: str
    state: str  # open | limited | diverted
    text: Words
    path: str = ""  # nothing: for every one that has none of its own


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole plan. Lists keep the order of the file."""

    id: str
    name: Words
    source: Words = field(default_factory=dict)  # what it was made from
    verify: Words = field(default_factory=dict)  # with whom to verify what is marked
    phases: tuple[Phase, ...] = ()
    roles: tuple[Role, ...] = ()
    cards: tuple[Card, ...] = ()
    calls: tuple[Call, ...] = ()
    triggers: tuple[Trigger, ...] = ()
    decides: tuple[Decides, ...] = ()
    tasks: tuple[Task, ...] = ()
    stand_down: tuple[Criterion, ...] = ()
    recipients: tuple[Recipient, ...] = ()
    paths: tuple[Pathway, ...] = ()
    messages: tuple[Message, ...] = ()
    report_s: float = 14_400.0  # between two situation reports; 0: only by hand
    leader: str = ""  # role of the plan that is asked where something waits

    def phase(self, name: str) -> Phase | None:
        """Return the phase of this id."""
        return next((each for each in self.phases if each.id == name), None)

    def rank(self, name: str) -> int:
        """Return the place of a phase in the order of gravity; -1 where there is none."""
        return next((number for number, each in enumerate(self.phases) if each.id == name), -1)

    def role(self, name: str) -> Role | None:
        """Return the role of this id."""
        return next((each for each in self.roles if each.id == name), None)

    def task(self, name: str) -> Task | None:
        """Return the task of this id."""
        return next((each for each in self.tasks if each.id == name), None)

    def pathway(self, name: str) -> Pathway | None:
        """Return the way in of this id."""
        return next((each for each in self.paths if each.id == name), None)

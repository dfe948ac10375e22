"""A small hospital, a small plan and the hub's loop, in memory: the journal's own `write_all` orders what follows.

Comes in: payloads with who says them. Goes out: `House`: the entries, the state, short ways to say things, the clock.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from tests.support.capability_house import CapabilityHouse

from garde.emergency import policy, state
from garde.emergency.canonical import plan_loaded
from garde.emergency.memory import Activation, State
from garde.emergency.nouns import (
    Call,
    Card,
    Criterion,
    Decides,
    Message,
    Pathway,
    Phase,
    Plan,
    Recipient,
    Role,
    Task,
    Trigger,
)
from garde.estate.nouns import Duty, Estate, Machine, Neighbour, Person, Service, Ward
from garde.journal import hub_kinds as h
from garde.journal import plan_kinds as p
from garde.journal.entry import Entry
from garde.journal.notice_kinds import NoticeAcknowledged, NoticeNeeded, NoticeUnanswered
from garde.journal.text import Text

START = 1_700_000_000.0

ESTATE = Estate(
    name="Clinique",
    machines=(
        Machine("sw", "Switch", "switch", ("10.0.9.1",)),
        Machine("db", "Database", "server", ("10.0.0.1",), agent=True),
        Machine("rec", "Record server", "server", ("10.0.0.2",), agent=True, needs=("db",)),
        Machine("lis", "Laboratory server", "server", ("10.0.0.3",), agent=True),
        Machine("pacs", "Images", "server", ("10.0.0.4",), agent=True),
        Machine("mail", "Mail server", "server", ("10.0.0.5",), agent=True),
        Machine("ws", "Workstation", "workstation", ("10.0.1.9",), switch="sw", port="p1"),
    ),
    services=(
        Service(
            "record", {"en": "Medical record", "fr": "Dossier"}, ("rec",), instead={"en": "Paper.", "fr": "Papier."}
        ),
        Service("laboratory", {"en": "Laboratory", "fr": "Laboratoire"}, ("lis",), uses=("record",)),
        Service("radiology", {"en": "Radiology", "fr": "Radiologie"}, ("pacs",), wards=("w1",)),
        Service("mail", {"en": "Mail", "fr": "Courriel"}, ("mail",), clinical=False),
    ),
    wards=(Ward("w1", {"en": "Ward 1", "fr": "Unité 1"}, 20),),
    people=(
        Person("anna", "Anna A.", ("general_director",), phones=("1",), logins=("anna",)),
        Person("bert", "Bert B.", ("on_call_it", "it_director"), phones=("2",), logins=("bert",)),
        Person("carl", "Carl C.", ("emergency_head",), phones=("3",), logins=("carl",)),
        Person("dora", "Dora D.", ("ward_head",), phones=("4",), logins=("dora",)),
    ),
    rota=(Duty("on_call_it", ("bert",)),),
    neighbours=(Neighbour("chu", "CHU", "+32 4 000"),),
    languages=("en", "fr"),
)
PLAN = Plan(
    "small",
    {"en": "Small plan", "fr": "Petit plan"},
    verify={"en": "Verify with your federal inspector", "fr": "À vérifier avec votre inspecteur fédéral"},
    phases=(
        Phase("info", {"en": "Information", "fr": "Information"}, calls=("cell",)),
        Phase("action", {"en": "Action", "fr": "Action"}, {"en": "Paper."}, calls=("cell", "all"), verify=True),
        Phase("max", {"en": "Maximal", "fr": "Maximale"}),
    ),
    roles=(
        Role("lead", {"en": "Lead", "fr": "Chef"}, held_by=("crisis_coordinator", "general_director"), card="lead"),
        Role("it", {"en": "IT", "fr": "Informatique"}, held_by=("on_call_it",)),
        Role("ed", {"en": "Emergency", "fr": "Urgences"}, people=("carl",)),
        Role("press", {"en": "Press", "fr": "Presse"}, held_by=("communication",)),
    ),
    cards=(Card("lead", {"en": "Lead", "fr": "Chef"}, {"en": "Go.\nDecide.", "fr": "Aller.\nDécider."}),),
    calls=(
        Call("cell", {"en": "Cell"}, ("lead", "it"), {"en": "Plan.\nCome.", "fr": "Plan.\nVenez."}, 1800),
        Call("all", {"en": "All", "fr": "Tous"}, ("ed", "press"), {"en": "Tell all.", "fr": "Prévenez."}, 900),
    ),
    triggers=(
        Trigger("serious", "info", {"en": "Several servers", "fr": "Plusieurs serveurs"}, severity=2),
        Trigger("care", "action", {"en": "Care has stopped", "fr": "Soins à l’arrêt"}, services=("any",)),
        Trigger("two", "max", {"en": "Two have stopped", "fr": "Deux à l’arrêt"}, services=("any",), count=2),
        Trigger("late", "max", {"en": "Nobody met", "fr": "Personne"}, task="meet", needs="automatic"),
    ),
    decides=(
        Decides("divert", ("emergency_head", "general_director", "operator")),
        Decides("stand_down", ("general_director",)),
        Decides("service", ("ward_head", "operator")),
    ),
    tasks=(
        Task("suppliers", {"en": "Shut suppliers out", "fr": "Fermer les fournisseurs"}, "it", "info", 600),
        Task("alert", {"en": "Alert all", "fr": "Alerter"}, "press", "action", 900, call="all"),
        Task("meet", {"en": "Meet", "fr": "Se réunir"}, "lead", "action", 1800),
        Task("log", {"en": "Keep a log", "fr": "Tenir un journal"}, "lead", "action"),
        Task("help", {"en": "Ask for help", "fr": "Demander de l’aide"}, "lead", "max", 60),
    ),
    stand_down=(
        Criterion("services", {"en": "Services work", "fr": "Services"}, "services", 3600),
        Criterion("quiet", {"en": "Quiet", "fr": "Calme"}, "quiet", 7200),
        Criterion("tasks", {"en": "No task open", "fr": "Aucune tâche"}, "tasks"),
        Criterion("told", {"en": "All told", "fr": "Tous informés"}, "told"),
        Criterion("night", {"en": "Night staffed", "fr": "Nuit couverte"}),
    ),
    recipients=(Recipient("112", {"en": "112 centre", "fr": "Centre 112"}, "112"),),
    paths=(
        Pathway("emergency", {"en": "Emergency department", "fr": "Urgences"}, ("112", "neighbours"), 7200, 900),
        Pathway("stroke", {"en": "Stroke", "fr": "AVC"}, ("112",), 3600, 0),
    ),
    messages=(
        Message("div", "diverted", {"en": "This is [hospital]: no more [path], [reason].", "fr": "Ici [hospital]."}),
    ),
    report_s=14_400,
    leader="lead",
)  # fmt: skip


@dataclass
class House(CapabilityHouse):
    """The hub. `log` is the whole journal."""

    STATE, POLICY = state, policy

    estate: Estate = ESTATE
    plan: Plan | None = PLAN
    now: float = START
    log: list[Entry] = field(default_factory=list)
    state: State = field(default_factory=State)
    changes: int = 0

    def __post_init__(self) -> None:
        self.load(self.estate)
        if self.plan is not None:
            self.hub(plan_loaded(self.plan, "small.yaml"))

    # --- what is said ---

    def cut(self, *machines: str, cut: str = "c1") -> list[Entry]:
        return self.hub(*(h.MachineCut(each, cut, "isolate") for each in machines))

    def free(self, *machines: str, cut: str = "c1") -> list[Entry]:
        return self.hub(*(h.MachineFreed(each, cut) for each in machines))

    def incident(self, severity: int = 1, name: str = "i1") -> list[Entry]:
        return self.hub(h.IncidentOpened(name, self.now, "rec", severity))

    def trigger(self, phase: str = "action", by: str = "anna") -> list[Entry]:
        name = policy.activation_id(self.state)
        return self.say(f"person/{by}", p.PlanTriggered(name, "small", phase, by, "operator"))

    def phase(self, phase: str, by: str = "anna") -> list[Entry]:
        now = self.active()
        return self.say(f"person/{by}", p.PlanPhaseChanged(now.id, phase, now.phase, by, "operator"))

    def divert(self, path: str = "emergency", to: str = "diverted", tell: tuple[str, ...] = ("112", "neighbour-chu"),
               review: float = 7200.0) -> str:  # fmt: skip
        self.changes += 1
        name, now = f"d{self.changes}", self.state.diversions.get(path)
        self.say("person/carl", p.DiversionChanged(
            name, path, to, now.state if now else "open", "carl", "operator", self.now + review if review else 0.0,
            tell, Text("no record"),
        ))  # fmt: skip
        return name

    def override(self, service: str, to: str, seconds: float = 3600.0) -> list[Entry]:
        until = self.now + seconds
        return self.say("person/dora", p.ServiceOverridden(service, to, "dora", "viewer", until, Text("seen here")))

    def knows(self, call: str, person: str, complete: bool = False) -> list[Entry]:
        notice = self.active().calls[call].notice
        return self.hub(NoticeAcknowledged(notice, person, "sms", complete))

    def unanswered(self, call: str, *missing: str) -> list[Entry]:
        return self.hub(NoticeUnanswered(self.active().calls[call].notice, missing, "time is up"))

    # --- what stands ---

    def active(self) -> Activation:
        assert self.state.activation is not None
        return self.state.activation

    def notices(self, kind: str, entries: Iterable[Entry] | None = None) -> list[NoticeNeeded]:
        return [each for each in self.of(NoticeNeeded, entries) if each.notice.startswith(f"emergency/{kind}/")]

    def services(self) -> dict[str, str]:
        return {each.id: self.state.service(each.id).state for each in self.estate.services}


def estate_with(**changes: Any) -> Estate:
    return replace(ESTATE, **changes)


def plan_with(**changes: Any) -> Plan:
    return replace(PLAN, **changes)

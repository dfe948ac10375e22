"""A hospital that owes, with the hub's loop in memory.

Comes in: what agents, the hub's other rules, people and the clock say. Goes out: `House`: entries, state, short ways to
say things.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.support.capability_house import CapabilityHouse

from garde.estate.nouns import Estate, Machine, Neighbour, Person, Service, Site
from garde.journal import forensic_kinds as f
from garde.journal import hub_kinds as h
from garde.journal import kinds as k
from garde.journal import legal_kinds as a
from garde.journal import plan_kinds as p
from garde.journal.entry import Entry
from garde.journal.text import Text
from garde.legal import policy, state
from garde.legal.memory import Draft, Running, State, running_key

START = 1_795_842_000.0  # 2026-11-28 05:00 UTC
HOUR = 3600.0
DAY = 24 * HOUR
NOTE = b"""Your files are encrypted!
Write to support@dark.example or http://abcdefghijklmnop.onion/chat?id=1
Pay 2 BTC to bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq \x1b[31m
"""

ESTATE = Estate(
    name="Clinique",
    sites=(Site("s", "Main", "Rue A 1, 4040 Herstal"),),
    machines=(
        Machine("files", "Documents", "server", ("10.0.0.3",), agent=True),
        Machine("scans", "Scans", "server", ("10.0.0.4",), agent=True),
        Machine("ws", "Desk 7", "workstation", ("10.0.1.7",)),
    ),
    services=(Service("record", {"en": "Medical record", "fr": "Dossier médical"}, ("files",)),),
    people=(
        Person("dora", "Dora D.", ("dpo",), ("+32 470 00 00 01",), "dpo@clinique.example", logins=("dora",)),
        Person("cora", "Cora C.", ("crisis_coordinator",), ("+32 470 00 00 02",), logins=("cora",)),
        Person("gina", "Gina G.", ("general_director",), logins=("gina",)),
        Person("olga", "Olga O.", ("on_call_it",), logins=("olga",)),
    ),
    neighbours=(Neighbour("chu", "CHU Voisin"),),
    languages=("en", "fr"),
)


@dataclass
class House(CapabilityHouse):
    """The hub. `log` is the whole journal."""

    STATE, POLICY = state, policy

    estate: Estate = ESTATE
    now: float = START
    log: list[Entry] = field(default_factory=list)
    state: State = field(default_factory=State)

    def __post_init__(self) -> None:
        self.load(self.estate)

    # --- what is said ---

    def open(self, incident: str = "i1", server: str = "files") -> list[Entry]:
        return self.hub(h.IncidentOpened(incident, self.now - 60, server, 1))

    def aware(self, event: str, since: float, incident: str = "i1") -> list[Entry]:
        return self.person("dora", a.AwareSaid(incident, event, since, "dora", Text("seen")))

    def applies(self, clock: str, applies: str, incident: str = "") -> list[Entry]:
        return self.person("dora", a.ObligationSaid(clock, applies, "dora", Text("because"), incident))

    def draft(self, form: str, language: str = "en", incident: str = "i1") -> Draft:
        self.person("dora", a.DraftWanted(incident, form, language, "dora"))
        found = self.state.latest(incident, form, language)
        assert found is not None
        return found

    def edit(self, draft: Draft, name: str, value: str) -> None:
        self.person("dora", a.DraftEdited(draft.id, name, Text(value), "dora"))

    def sign(self, draft: Draft, by: str = "dora") -> None:
        self.person(by, a.DraftSigned(draft.id, draft.newest.number, draft.newest.sha256, by))

    def submit(self, draft: Draft, at: float | None = None) -> list[Entry]:
        when = self.now if at is None else at
        made = a.SubmissionSaid(draft.id, draft.newest.number, when, "online form", Text("DOS-1"), "dora")
        return self.person("dora", made)

    def hand_in(self, form: str, at: float | None = None) -> Draft:
        draft = self.draft(form)
        self.sign(draft)
        self.submit(draft, at)
        return draft

    # --- the night, in facts ---

    def night(self) -> None:
        """Everything that the other parts of Garde say of one attack."""
        self.open()
        self.agent("files", k.HoldConfirmed("h1", "v1", 4, "frozen"))
        self.hub(h.HarmJoined("i1", "scans", "v2", "10.0.1.7", (Text("carla"),), "same address"))
        self.hub(h.SpreadFound(
            "i1", "ws", "files", self.now - 60,
            (h.Hop("ws", "files", self.now - 60, 4), h.Hop("ws", "scans", self.now - 30, 2)),
            (h.Suspect("ws", "10.0.1.7", (Text("carla"),), 0.97, "x"),), (), 6,
        ))  # fmt: skip
        self.hub(h.CutProposed("c1", "i1", "block", "ws", ("10.0.1.7",), (), ("files", "scans"), 1, (), (), (), "x",
                               "automatic", "rule"))  # fmt: skip
        self.hub(h.CutChanged("c1", "proven", 2, 2, 2, (), "authority: rule"))
        self.hub(p.ServiceState("record", "paper", "works", ("files",)))
        self.agent("files", f.NoteTaken("", "e1", Text(b"README.txt"), Text(NOTE), "ab" * 32, len(NOTE), 3, self.now))
        self.agent("files", f.EvidenceTaken("", "e1", "note", Text(b"README.txt"), Text(b"/srv/docs/README.txt"), 120,
                                            "ab" * 32, self.now, 0.4, True))  # fmt: skip
        self.agent("files", k.RestoreFinished("v1", 6, 0, 0, 0.4))
        self.hub(f.FamilyNamed("", "i1", "drill", 0.98, (), ("T1486",), "none_known", "galaxy", "2026-10-01"))
        self.hub(f.OriginFound(
            "i1", (f.OriginHop("10.0.1.7", "ws", "spreader", "", "", self.now, "seen", (), ()),
                   f.OriginHop("203.0.113.9", "", "controller", "RU", "AS64500", self.now, "likely", ("vpn",), ())),
            Text("carla"), ("supplier_access",), (),
        ))  # fmt: skip
        self.conclude("none_seen")

    def conclude(self, finding: str, count: int = 0) -> list[Entry]:
        return self.hub(f.EgressConcluded("i1", self.now, self.now - DAY, finding, count, ("files/conntrack",),
                                          ("files",), ("scans",), HOUR, ()))  # fmt: skip

    # --- what is asked of it ---

    def running(self, clock: str, incident: str = "i1") -> Running | None:
        return self.state.running.get(running_key(incident, clock))

    def value(self, draft: Draft, name: str) -> str:
        return next(each.value for each in draft.newest.fields if each.name == name)

"""A small hospital that is attacked, with neighbours, and the hub's loop in memory.

Comes in: what agents, the hub's rules and people say. Goes out: `House`: entries, state, short ways to say things.
`draft` hands a warning with everything in it to the tests of the guard and of the forms.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from tests.support.capability_house import CapabilityHouse

from garde.estate.look import Lookup
from garde.estate.nouns import Estate, Gateway, Machine, Neighbour, Person, Segment, Service, Ward
from garde.journal import forensic_kinds as f
from garde.journal import hub_kinds as h
from garde.journal import kinds as k
from garde.journal import oncall_kinds as o
from garde.journal import sharing_kinds as s
from garde.journal.entry import Entry
from garde.journal.payload import Payload
from garde.journal.text import Text
from garde.sharing import policy, state
from garde.sharing.memory import State
from garde.sharing.out.draft import Draft, Indicator, Way

P = TypeVar("P", bound=Payload)
START = 1_700_000_000.0
DIGEST = "ab" * 32
ONION = "a" * 56 + ".onion"

ESTATE = Estate(
    name="Clinique Example",
    machines=(
        Machine("hub", "Hub", "hub", ("10.0.9.9",)),
        Machine("gw", "Gateway", "gateway", ("10.0.0.254", "203.0.113.1"), agent=True),
        Machine("srv-files-1", "File server of the wards", "server", ("10.0.0.3",), agent=True, accounts=("svc-scan",)),
        Machine("files", "Documents", "server", ("10.0.0.4",), agent=True),
        Machine("pc-radio-3", "Desk", "workstation", ("10.0.3.41",)),
    ),
    segments=(Segment("servers", "Servers", ("10.0.0.0/24",)), Segment("dmz", "Public", ("198.51.100.0/24",))),
    services=(Service("radiology", {"en": "Radiology", "fr": "Radiologie"}, ("srv-files-1",)),),
    wards=(Ward("maternity", {"en": "Maternity", "fr": "Maternité"}),),
    people=(
        Person(
            "anna", "Anna Lambert", ("it_director",), ("+32 470 00 00 01",), "anna@clinique.example", logins=("al",)
        ),
        Person("cleo", "Cleo Maes", ("crisis_coordinator",), ("+32 470 00 00 02",)),
        Person("dora", "TEST-Roy Dora", ("dpo",)),
    ),
    gateways=(Gateway("gw", ("wan0",), ("203.0.113.10:5061/tcp",)),),
    neighbours=(
        Neighbour("nord", "Clinique du Nord", "+32 4 000 09 01"),
        Neighbour("sud", "Hôpital du Sud", "oncall@sud.example"),
        Neighbour("est", "Hôpital de l’Est"),
    ),
    languages=("fr", "en"),
)
LOOK = Lookup(ESTATE)
CHANNELS = (
    o.ChannelNote("modem", "modem", "person", "phone"),
    o.ChannelNote("mail", "mail", "person", "mail", outside=True),
    o.ChannelNote("printer", "printer", "place"),
)
ACTOR = k.ActorNote("smb", address="10.0.3.41")


def damage(before: str, after: str, at: float = START) -> k.FileDamage:
    """One damaged file."""
    return k.FileDamage(Text(f"/srv/{before}"), Text(f"/srv/{after}"), at, ("random_change",))


def verdict(*files: k.FileDamage, name: str = "v1", actor: k.ActorNote = ACTOR) -> k.VerdictReached:
    """An actor is judged."""
    return k.VerdictReached(name, "session", Text("x"), 9.0, 5.0, files, (actor,))


def note(text: str = "", name: str = "RECOVER.txt", digest: str = DIGEST) -> f.NoteTaken:
    """A ransom note."""
    return f.NoteTaken("", "n1", Text(name), Text(text), digest, len(text), 3, START)


def family(name: str = "Nightfall", *techniques: str) -> f.FamilyNamed:
    """The family is named."""
    return f.FamilyNamed("c" * 32, "i1", name, 0.97, (), techniques or ("T1486",), "none_known", "", "2026-11-01")


def origin(*hops: tuple[str, str, str]) -> f.OriginFound:
    """The way by which they came: address, machine, role."""
    made = tuple(f.OriginHop(a, m, role, "UA" if not m else "", "", START, "seen", (), ()) for a, m, role in hops)
    return f.OriginFound("i1", made, Text(""), (), ())


def draft(*indicators: Indicator, **changes: Any) -> Draft:
    """Return a warning with everything in it."""
    made = Draft(
        warning="w-i1", version=2, tlp="amber", first=START + 10, at=START + 60.25, secret="c" * 32,
        hospital="Clinique Example", call_role="crisis_coordinator", call_back="+32 470 00 00 02", began=START,
        confirmed=True, closed=False, servers=2, files=41, outside_cut=True, family="Nightfall", confidence=0.97,
        techniques=("T1486", "T1021.002", "not one"), decryptor="none_known", data_date="2026-11-01",
        way=(Way("203.0.113.66", False, "controller", "UA", "", "seen", ("hosting",)),
             Way("10.0.3.41", True, "spreader", "", "", "seen", ())),
        left="seen", left_as_of=START + 50, left_bytes=1_200_000_000, left_blind_s=0.0, indicators=indicators,
    )  # fmt: skip
    return replace(made, **changes)


def everything() -> tuple[Indicator, ...]:
    """Return one indicator of every sort, all harmless."""
    values = {
        "address": "203.0.113.66", "domain": ONION, "ending": ".nightfall", "file_name": "night'fall (1).exe",
        "mail": "pay@night.example", "note_name": "+RECOVER+.txt", "sha256": DIGEST, "user": "Administrator",
        "wallet": "bc1" + "q" * 39,
    }  # fmt: skip
    return tuple(Indicator(sort, value, "note", 3, START + n + 0.5) for n, (sort, value) in enumerate(values.items()))


@dataclass(slots=True)
class House(CapabilityHouse):
    """See the module."""

    STATE = state
    POLICY = policy
    estate: Estate = ESTATE
    look: Lookup = field(default_factory=lambda: LOOK)
    now: float = START
    log: list[Entry] = field(default_factory=list)
    state: State = field(default_factory=State)

    def __post_init__(self) -> None:
        self.load(ESTATE)
        self.hub(o.CallingSet("c" * 64, CHANNELS, o.CallRules()))

    def attacked(self, incident: str = "i1", name: str = "v1") -> None:
        """Harm is reported, judged and joined; nothing is confirmed yet."""
        self.agent(
            "srv-files-1", verdict(damage("a.docx", "a.docx.nightfall"), damage("b.pdf", "b.pdf.nightfall"), name=name)
        )
        self.hub(h.HarmJoined(incident, "srv-files-1", name, "10.0.3.41", (), "first"))
        self.hub(h.IncidentOpened(incident, START, "srv-files-1", 1))

    def confirmed(self, name: str = "v1", damaged: int = 2) -> list[Entry]:
        return self.agent("srv-files-1", k.HoldConfirmed("h1", name, damaged))

    def drawn(self, version: int = 0) -> s.WarningDrawn:
        """The warning that was asked for last is drawn."""
        asked = self.last(s.WarningAsked)
        made = s.WarningDrawn(
            asked.command, f"w-{asked.incident}", asked.incident, asked.version, asked.tlp, DIGEST, 3, 1, ("x",)
        )
        self.hub(made)
        return made

    def approved(self) -> s.WarningDrawn:
        """An incident whose warning is drawn and approved."""
        self.attacked()
        self.confirmed()
        made = self.drawn()
        self.hub(s.WarningApproved(made.warning, made.version, made.sha256, "cleo"))
        return made

    def last(self, kind: type[P]) -> P:
        """The newest payload of a kind."""
        return self.of(kind)[-1]

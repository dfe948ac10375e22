"""The hospital as data: frozen records as they stand in `hospital.yaml`.

Comes in: nothing. Goes out: `Estate` and its parts. Ids are letters, digits, dot, dash and underscore; words for
people are by language (`{"en": ..., "fr": ...}`). Reading and checking is `read.py` and `check.py`; nothing here looks
anything up beyond its own table.
"""

from __future__ import annotations

from dataclasses import dataclass, field

Words = dict[str, str]  # language -> words


@dataclass(frozen=True, slots=True)
class Site:
    """One place."""

    id: str
    name: str
    address: str = ""


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of the network."""

    id: str
    name: str
    networks: tuple[str, ...]  # CIDR
    site: str = ""


@dataclass(frozen=True, slots=True)
class Machine:
    """One machine. `addresses` are its own, IPv4 and IPv6."""

    id: str
    name: str
    role: str  # server | workstation | gateway | switch | hub | modality | laboratory | printer | other
    addresses: tuple[str, ...]
    segment: str = ""
    mac: str = ""
    os: str = ""
    owner: str = ""  # id of a person
    switch: str = ""  # id of the switch it hangs on
    port: str = ""  # the port's name there (ifName)
    agent: bool = False
    needs: tuple[str, ...] = ()  # machines that must be up before it
    snmp: str = ""  # switches: "ADDRESS:PORT", its user is a secret of the hub
    layer: str = ""  # place in the order of restart; "": from its role and what runs on it
    flows: tuple[str, ...] = ()  # what it talks to when it returns; none: what needs it and what it needs
    supplier: str = ""  # who reaches it from outside to look after it; "": nobody
    accounts: tuple[str, ...] = ()  # service accounts that run on it
    keys: tuple[str, ...] = ()  # keys and certificates that it holds


@dataclass(frozen=True, slots=True)
class Service:
    """What the hospital does with machines, in the words of its wards."""

    id: str
    name: Words
    machines: tuple[str, ...] = ()  # it stops where one of these stops
    needs: tuple[str, ...] = ()  # services without which it stops
    uses: tuple[str, ...] = ()  # services or machines without which it goes on with less
    wards: tuple[str, ...] = ()  # ids; empty: the whole house
    instead: Words = field(default_factory=dict)  # what to do without it
    clinical: bool = True  # counts in the price of a cut
    heads: tuple[str, ...] = ()  # people who sign for it when it returns; none: whoever heads a ward or care
    tried_from: tuple[str, ...] = ()  # machines at which a clinician tries it before it returns


@dataclass(frozen=True, slots=True)
class Ward:
    """A ward."""

    id: str
    name: Words
    beds: int = 0
    phone: str = ""
    site: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who can be reached, may decide, or both."""

    id: str
    name: str
    roles: tuple[str, ...] = ()  # on_call_it | it_director | crisis_coordinator | medical_director | dpo | ...
    phones: tuple[str, ...] = ()
    mail: str = ""
    language: str = "en"
    logins: tuple[str, ...] = ()  # account names, in the directory and at the console


@dataclass(frozen=True, slots=True)
class Duty:
    """One line of the rota: who is on call for a role."""

    role: str
    people: tuple[str, ...]  # ids, the first is called first
    hours: str = ""  # "" always; "Mon-Fri 08:00-18:00"


@dataclass(frozen=True, slots=True)
class Rule:
    """One sentence of the written authority: which cuts may be made by whom. The first rule that fits counts."""

    id: str
    actions: tuple[str, ...]  # block | kick | account | read_only | isolate | outside | port
    needs: str  # automatic | one | two | unanswered | never
    severity: int = 1  # counts from this severity of the incident on
    care: str = "any"  # none: only where no clinical service stops; any: whatever the price
    after_s: float = 0.0  # unanswered: seconds without an answer
    roles: tuple[str, ...] = ()  # who may approve; empty: every operator
    words: Words = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Never:
    """What is never cut off, and why."""

    what: str  # id of a machine, an address or a network
    why: str


@dataclass(frozen=True, slots=True)
class Gateway:
    """A way to the outside. `machine` carries an agent."""

    machine: str
    outside: tuple[str, ...]  # names of its interfaces that lead out
    allow: tuple[str, ...] = ()  # flows that stay open: "ADDRESS" or "ADDRESS:PORT/tcp"


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another hospital, to be warned."""

    id: str
    name: str
    contact: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Estate:
    """The whole hospital. Lists keep the order of the file."""

    name: str
    sites: tuple[Site, ...] = ()
    segments: tuple[Segment, ...] = ()
    machines: tuple[Machine, ...] = ()
    services: tuple[Service, ...] = ()
    wards: tuple[Ward, ...] = ()
    people: tuple[Person, ...] = ()
    rota: tuple[Duty, ...] = ()
    authority: tuple[Rule, ...] = ()
    never_cut: tuple[Never, ...] = ()
    gateways: tuple[Gateway, ...] = ()
    neighbours: tuple[Neighbour, ...] = ()
    languages: tuple[str, ...] = ("en",)

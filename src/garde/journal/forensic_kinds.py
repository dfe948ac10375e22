"""The entry kinds of the account: what it was, where it came from, whether data left, what is kept as evidence.

Comes in: nothing. Goes out: payload classes, joined into `garde.journal.kinds.KINDS`. Those of the first section are
reports of agents; the second holds what the hub's rules say; the third what people say. Times are wall seconds of the
hub; names, folders and texts that an attacker wrote are `Text`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from garde.journal.payload import Command, Payload
from garde.journal.text import Text

# --- reports of agents ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NoteTaken(Payload):
    """A ransom note that lay among the damaged files, read and kept."""

    command: str  # "" where the agent did it by itself
    item: str  # of the evidence: its id
    name: Text
    text: Text  # its first 8,192 characters
    sha256: str
    size: int
    copies: int  # folders in which the same bytes lay
    written_at: float  # 0: not known


@dataclass(frozen=True, slots=True)
class EvidenceTaken(Payload):
    """One item of evidence was copied to a place where nobody changes it."""

    command: str
    item: str  # its id: unique in the incident
    sort: str  # note | damaged | clean | sample | log | capture | image | record
    name: Text
    place: Text  # where it came from
    size: int
    sha256: str
    taken_at: float
    clock_offset_s: float  # machine minus hub; 0 where `offset_known` is False
    offset_known: bool
    pair: str = ""  # the id of what belongs to it: the clean one of a damaged one
    detail: str = ""


@dataclass(frozen=True, slots=True)
class EvidenceGathered(Payload):
    """An agent has looked for evidence, to the end."""

    command: str
    items: int
    bytes: int
    left_out: int  # over a limit, unreadable, or no room
    seconds: float
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Blind:
    """A time in which a source did not see, and why."""

    since: float
    until: float
    why: str  # down | gap | overflow | late | restarted
    records: int = 0  # that are known to be missing; 0: not known


@dataclass(frozen=True, slots=True)
class FlowSourceState(Payload):
    """A source of flow records began to see, went blind, or ended."""

    source: str  # its id in the agent's settings
    sort: str  # conntrack | netflow | zeek | suricata
    state: str  # sees | blind | ended
    covers: tuple[str, ...]  # machines or networks that pass by it
    since: float
    detail: str = ""


@dataclass(frozen=True, slots=True)
class EgressSeen(Payload):
    """More left one machine for one place outside than it usually does."""

    command: str
    source: str
    address: str  # of the machine inside
    to: str  # address outside; for dns the resolver
    name: Text  # what it was called there (SNI, Host, the tunnel's domain), as far as it is known
    port: int
    bytes: int  # sent out
    sessions: int
    since: float
    until: float
    why: tuple[str, ...]  # volume | long_session | new_destination | dns_tunnel | cloud_storage | trickle
    usual_bytes: int  # of this machine to the outside in as much time; -1: no baseline


@dataclass(frozen=True, slots=True)
class EgressLooked(Payload):
    """What a source says of a whole time: the records that it has, and where it was blind."""

    command: str
    source: str
    sort: str
    covers: tuple[str, ...]
    since: float
    until: float
    records: int
    seen: int  # entries `egress_seen` of this look
    blind: tuple[Blind, ...]
    baseline_days: float  # how long it had been looking before


@dataclass(frozen=True, slots=True)
class PathSeen(Payload):
    """A connection by which somebody may have come, or by which he is led: raw material of the origin."""

    command: str
    source: str  # conntrack | socket | auth_log | netflow | zeek | suricata | smb
    inside: str  # address
    outside: str  # address, or another inside one for a hop within
    port: int
    inbound: bool  # it was opened from `outside`
    first: float
    last: float
    bytes_in: int
    bytes_out: int
    user: Text = field(default_factory=Text)
    detail: str = ""


# --- what the hub's rules say -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentifyAsked(Command):
    """The family is to be named from these entries."""

    incident: str
    entries: tuple[int, ...]  # notes, findings, hashes: `seq` of each


@dataclass(frozen=True, slots=True)
class FamilyGuess:
    """One answer and what speaks for it."""

    family: str
    confidence: float  # 0…1, calibrated on held-out notes
    proofs: tuple[str, ...]  # closed sentences: note text, note name, ending, hash, rule; what exactly
    entries: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class FamilyNamed(Payload):
    """What it was, as far as that can be told. `family` "": unknown, an honest answer."""

    command: str
    incident: str
    family: str
    confidence: float
    ranked: tuple[FamilyGuess, ...]
    techniques: tuple[str, ...]  # ATT&CK ids, of what was really seen
    decryptor: str  # known | none_known | unknown
    decryptor_source: str
    data_date: str  # ISO date of the data that this rests on


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacesAsked(Command):
    """Where these addresses are is to be looked up, in files of the hub's own."""

    incident: str
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PlaceFound:
    """Where an address is registered: infrastructure, and no word on who sat behind it."""

    address: str
    country: str  # ISO 3166 code, "" unknown
    network: str  # AS or name, "" unknown
    may_be: tuple[str, ...]  # relay | vpn | hosting | tor | shared_address, as the source says
    source: str
    date: str  # ISO date of the source's data, "" unknown


@dataclass(frozen=True, slots=True)
class PlacesFound(Payload):
    """What the files know of the addresses that were asked; one that is not in it is not known."""

    command: str
    incident: str
    places: tuple[PlaceFound, ...]
    sources: tuple[str, ...]  # that were asked


@dataclass(frozen=True, slots=True)
class OriginHop:
    """One step of the way from outside, nearest first: infrastructure seen, not blame."""

    address: str
    machine: str  # estate id, "" outside
    role: str  # spreader | foothold | relay | controller | receiver
    country: str  # ISO 3166 code, "" unknown or inside
    network: str  # AS or name, "" unknown
    since: float
    confidence: str  # seen | likely | possible
    may_be: tuple[str, ...]  # relay | vpn | hosting | tor | shared_address
    entries: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class OriginFound(Payload):
    """Where it came from, as far as connections show it."""

    incident: str
    hops: tuple[OriginHop, ...]
    user: Text
    foothold: tuple[str, ...]  # candidates for how it began: closed words with entries in `entries`
    entries: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class EgressConcluded(Payload):
    """Whether data left, as of a time, from these sources. It can get worse later, never silently better."""

    incident: str
    as_of: float
    since: float  # the beginning of what was looked at
    finding: str  # none_seen | seen | blind
    bytes: int
    sources: tuple[str, ...]  # "machine/source"
    covered: tuple[str, ...]  # machines that some source saw all the time
    blind: tuple[str, ...]  # machines that none saw, or not all the time
    blind_s: float  # the longest such time
    entries: tuple[int, ...]  # `egress_seen`, `egress_looked`


@dataclass(frozen=True, slots=True)
class EvidenceMoved(Payload):
    """Custody changed: who has an item now, and that it is still the same."""

    item: str
    sha256: str
    to: str  # hub | bundle | person
    by: str
    where: str
    same: bool  # its bytes have the digest that they were taken with


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleAsked(Command):
    """The evidence is to be exported as one verifiable bundle."""

    incident: str
    by: str
    language: str


@dataclass(frozen=True, slots=True)
class BundleMade(Payload):
    """The bundle lies there, signed."""

    command: str
    incident: str
    folder: Text
    manifest: str  # SHA-256
    items: int
    bytes: int
    head: int  # the last entry in it
    stamp: str  # rfc3161 | none
    detail: str = ""


# --- what people say --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class BundleWanted(Payload):
    """A person wants the evidence bundle."""

    incident: str
    by: str
    language: str


@dataclass(frozen=True, slots=True)
class EvidenceReferred(Payload):
    """Something that lies elsewhere (a disk image, a photograph, a paper) is evidence too: by reference."""

    item: str
    sort: str
    name: Text
    place: Text
    sha256: str  # "" not known
    by: str
    note: Text


FORENSIC_KINDS: dict[str, type[Payload]] = {
    "note_taken": NoteTaken,
    "evidence_taken": EvidenceTaken,
    "evidence_gathered": EvidenceGathered,
    "flow_source_state": FlowSourceState,
    "egress_seen": EgressSeen,
    "egress_looked": EgressLooked,
    "path_seen": PathSeen,
    "identify_asked": IdentifyAsked,
    "family_named": FamilyNamed,
    "places_asked": PlacesAsked,
    "places_found": PlacesFound,
    "origin_found": OriginFound,
    "egress_concluded": EgressConcluded,
    "evidence_moved": EvidenceMoved,
    "bundle_asked": BundleAsked,
    "bundle_made": BundleMade,
    "bundle_wanted": BundleWanted,
    "evidence_referred": EvidenceReferred,
}
FORENSIC_REPORTS = frozenset({
    "note_taken", "evidence_taken", "evidence_gathered", "flow_source_state", "egress_seen", "egress_looked",
    "path_seen",
})  # fmt: skip
# Those that end an errand of an agent, and those that end a command of the hub's own.
FORENSIC_OUTCOMES = frozenset({"evidence_gathered", "egress_looked"})
HUB_OUTCOMES = frozenset({"family_named", "places_found", "bundle_made"})

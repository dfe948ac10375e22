"""The entry kinds of the downtime half's own journal: numbers, packs, sheets, back-entry. Part of the one catalogue.

Comes in: nothing. Goes out: payload classes, joined into `garde.journal.kinds.KINDS`. They stand in the desk's journal
and in a ward's; of them, only those between the halves stand in the hub's as well. Whatever tells of a patient is a
`Text` whose words are sealed by the desk's key (marked *sealed* here, `garde.downtime.book` seals and opens them): the
chain proves that it was written, the file shows it to nobody. A downtime number alone names nobody. Places are ward
names of the census, `by` is a login of the desk or the ward PC.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from garde.journal.payload import Payload
from garde.journal.text import Text

# --- the desk ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DeskStarted(Payload):
    """The desk listens."""

    stored: int  # messages that it had by then


@dataclass(frozen=True, slots=True)
class DeskStopped(Payload):
    """The desk ended in good order."""

    reason: str


@dataclass(frozen=True, slots=True)
class FeedChanged(Payload):
    """The feed fell silent, or is heard again."""

    state: str  # silent | heard
    newest: float  # reception of the newest message; 0: none ever


@dataclass(frozen=True, slots=True)
class MessagesPurged(Payload):
    """Messages went after their time: nothing that is known of somebody who is here depended on them."""

    count: int


@dataclass(frozen=True, slots=True)
class Looked(Payload):
    """Somebody looked at what is known of patients. Written before they were shown anything."""

    by: str
    what: str  # "census MED1", "one patient": names nobody


@dataclass(frozen=True, slots=True)
class SignInNoted(Payload):
    """Somebody signed in at the desk's pages, or could not."""

    what: str  # signed in | sign-in refused | …
    who: str  # the login that was typed, and from where


# --- the downtime itself ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DowntimeBegan(Payload):
    """From here on paper counts."""

    by: str
    since: float  # wall seconds: the last moment for which the record is believed
    wards: tuple[str, ...] = ()  # none: all of them
    note: Text = field(default_factory=Text)


@dataclass(frozen=True, slots=True)
class DowntimeEnded(Payload):
    """The record is back. Paper counts on for each patient until somebody signs that they are switched back."""

    by: str
    note: Text = field(default_factory=Text)


# --- between the halves: signed facts that name nobody ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FactsTrusted(Payload):
    """Signed facts of the other half are believed under this key from now on, and under no other."""

    source: str  # hub | desk
    sign: str  # its public key, in hex
    by: str


@dataclass(frozen=True, slots=True)
class FactsWritten(Payload):
    """A file of facts was signed for the other half."""

    counter: int
    facts: int
    sha256: str
    by: str


@dataclass(frozen=True, slots=True)
class FactsTaken(Payload):
    """A file of the other half's facts was taken: an older one is refused from now on."""

    source: str
    counter: int
    new: int  # facts that were not known
    sha256: str
    by: str


@dataclass(frozen=True, slots=True)
class FactHeard(Payload):
    """A signed fact that names nobody came from the other half (a service is on paper, a server returns)."""

    fact: str  # service_state | reenter_after | downtime | switched | pack
    subject: str  # a service or a server by its estate id; a ward; *: every ward
    state: str
    since: float  # 0: nobody said
    source: str  # whose signature it bears


@dataclass(frozen=True, slots=True)
class ReenterSaid(Payload):
    """At the hub: data of a service or a server after this time must be entered again, for what came back is older."""

    subject: str
    after: float  # wall seconds; 0: that is taken back
    by: str


# --- numbers ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NumbersReserved(Payload):
    """A block of downtime numbers belongs to a place from now on; its labels may be printed."""

    block: str
    prefix: str
    first: int
    last: int
    place: str
    by: str


@dataclass(frozen=True, slots=True)
class NumberIssued(Payload):
    """A downtime number was given to somebody."""

    number: str
    place: str
    by: str
    at: float  # when it happened on paper; the entry's own time is when it was typed
    person: Text = field(default_factory=Text)  # sealed


@dataclass(frozen=True, slots=True)
class NumberDescribed(Payload):
    """More is known of somebody under a downtime number: a name, allergies, another bed; or they have left."""

    number: str
    place: str
    by: str
    at: float  # when it was so, as the paper says
    person: Text = field(default_factory=Text)  # sealed: all that is known from now on


@dataclass(frozen=True, slots=True)
class NumberVoided(Payload):
    """A downtime number is of no use: a spoilt label, a mistake. It is never given again."""

    number: str
    by: str
    reason: Text = field(default_factory=Text)


@dataclass(frozen=True, slots=True)
class NumberMatched(Payload):
    """Somebody says whose the number is; nothing is linked yet."""

    match: str  # id
    number: str
    identifiers: tuple[str, ...]  # names of those that agree, two at least: family, birth, national, …
    by: str
    record: Text = field(default_factory=Text)  # sealed: the hospital's own number
    typed: tuple[str, ...] = ()  # those of them that a person says agree: the desk knows no record to compare with
    differ: tuple[str, ...] = ()  # what does not agree, for the second person to see


@dataclass(frozen=True, slots=True)
class NumberLinked(Payload):
    """A second person has confirmed the match, or refused it."""

    match: str
    number: str
    agreed: bool
    by: str
    note: Text = field(default_factory=Text)


# --- packs and sheets -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PackMade(Payload):
    """A pack of papers was set. `fault`: why there is none."""

    pack: str  # its id, as on every page
    place: str  # a ward, or a service: laboratory, radiology, …
    about: str  # ward | service | blanks
    pages: int
    sha256: str  # of the PDF
    as_of: float  # of the census: reception of its newest message; 0: nothing was ever heard
    cause: str  # schedule | alarm | hand
    seconds: float
    titles: tuple[str, ...] = ()  # of each page, without a name: "MAR 1/2", "blank: transfer"
    people: Text = field(default_factory=Text)  # sealed: page -> patient's number
    fault: str = ""
    digest: str = ""  # of the content, in hex: its first eight stand in every page's QR code


@dataclass(frozen=True, slots=True)
class PackSent(Payload):
    """A ward's PC has a pack, by its own signed receipt, or could not be given it (`fault`)."""

    pack: str
    place: str
    fault: str = ""
    ward: str = ""  # the PC's name


@dataclass(frozen=True, slots=True)
class PackKept(Payload):
    """A ward's PC: a pack has come, is whole, and is the newest of its kind from now on."""

    pack: str
    pages: int
    sha256: str
    as_of: float
    made_at: float
    place: str = ""
    about: str = ""
    language: str = ""
    counter: int = 0  # of its parcel: an older one is refused from now on
    epoch: int = 0  # of the enrolment under which it counts


@dataclass(frozen=True, slots=True)
class PackOpened(Payload):
    """A ward's PC: somebody looked at a pack on its screen."""

    pack: str
    by: str


@dataclass(frozen=True, slots=True)
class WardEnrolled(Payload):
    """The desk sends packs of these places to this PC from now on. Keys are the public halves, in hex."""

    ward: str  # the PC's name
    places: tuple[str, ...]
    address: str  # where it hears parcels; "" by stick only
    sign: str
    seal: str
    epoch: int
    by: str


@dataclass(frozen=True, slots=True)
class WardForgotten(Payload):
    """The desk sends this PC nothing any more, and believes nothing that it says."""

    ward: str
    by: str


@dataclass(frozen=True, slots=True)
class DeskTrusted(Payload):
    """A ward's PC takes packs from this desk from now on, and from no other."""

    hospital: str
    sign: str
    seal: str
    epoch: int
    places: tuple[str, ...]
    by: str


@dataclass(frozen=True, slots=True)
class PackShredded(Payload):
    """A ward's PC: an old pack was overwritten and removed."""

    pack: str
    reason: str  # age | newer


@dataclass(frozen=True, slots=True)
class PackStale(Payload):
    """A ward's PC: the newest pack is older than the ward's own limit, or there is one again in time."""

    pack: str
    stale: bool
    as_of: float


@dataclass(frozen=True, slots=True)
class SheetsPrinted(Payload):
    """Pages of a pack came out of a printer: these sheets are to be accounted for."""

    run: str  # id of this printing
    pack: str
    place: str
    pages: tuple[int, ...]
    copies: int
    printer: str
    by: str
    fault: str = ""  # nothing was printed, or nobody knows how much
    at: float = 0.0  # when, where it is told later (a ward's PC to its desk); 0: the entry's own time


@dataclass(frozen=True, slots=True)
class SheetReturned(Payload):
    """What became of one sheet of paper."""

    sheet: str  # PACK.PAGE, and .COPY where it is not the first
    how: str  # entered | scanned | void | missing
    by: str
    scan: str = ""  # FILE/PAGE of the picture, where there is one
    note: Text = field(default_factory=Text)


@dataclass(frozen=True, slots=True)
class ScanTaken(Payload):
    """Pictures of sheets were read."""

    scan: str  # digest of the file
    pages: int
    matched: tuple[str, ...]  # sheets, by their codes
    unmatched: tuple[int, ...]  # pages of the file on which no code of ours could be read
    by: str


# --- back into the record ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ItemKeyed(Payload):
    """One thing was copied from paper."""

    item: str  # id
    sheet: str  # that it stands on; "" where there is none
    step: str  # identity | allergies | medication | orders | results | vitals | notes
    observed: float  # when it happened, as the paper says
    check: bool  # a second person must look at it (high-risk drugs)
    by: str
    subject: Text = field(default_factory=Text)  # sealed: the patient's number
    content: Text = field(default_factory=Text)  # sealed: the item, and who wrote it on paper
    replaces: str = ""  # an earlier item that it corrects


@dataclass(frozen=True, slots=True)
class ItemChecked(Payload):
    """A second person compared an item with the paper."""

    item: str
    agrees: bool
    by: str
    note: Text = field(default_factory=Text)


@dataclass(frozen=True, slots=True)
class SwitchedBack(Payload):
    """A named person signs: for this patient the record counts again, and paper no more."""

    place: str
    by: str
    signed: str  # the name of who signs
    subject: Text = field(default_factory=Text)  # sealed: the patient's number
    note: Text = field(default_factory=Text)


@dataclass(frozen=True, slots=True)
class MessageDue(Payload):
    """A message is to go to the record, exactly once."""

    message: str  # id, and its control number
    form: str  # hl7 | fhir
    about: str  # ADT^A40, RAS^O17, …
    items: tuple[str, ...]  # matches and items that it carries
    content: Text = field(default_factory=Text)  # sealed: its bytes


@dataclass(frozen=True, slots=True)
class MessageAnswered(Payload):
    """What the record said to a message."""

    message: str
    answer: str  # AA, AE, AR; 2xx …; file (handed over as one); hand (entered by a person); "" nobody answered
    detail: str = ""


# --- laboratory and radiology go on -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RequestTaken(Payload):
    """A paper request has come to the laboratory or to radiology."""

    request: str  # the number on its form
    service: str  # laboratory | radiology
    place: str  # the ward that asks
    by: str
    at: float
    subject: Text = field(default_factory=Text)  # sealed: the patient's number
    content: Text = field(default_factory=Text)  # sealed: what is asked


@dataclass(frozen=True, slots=True)
class ResultNoted(Payload):
    """A result was written into the paper register."""

    result: str  # id
    request: str
    critical: bool
    by: str
    at: float
    content: Text = field(default_factory=Text)  # sealed
    replaces: str = ""  # an earlier result that it corrects


@dataclass(frozen=True, slots=True)
class RequestClosed(Payload):
    """A paper request needs no more work: it is done, its specimen or form was refused, or it was a mistake."""

    request: str
    how: str  # done | refused | void
    by: str
    at: float
    note: Text = field(default_factory=Text)


@dataclass(frozen=True, slots=True)
class ResultCalled(Payload):
    """A critical result was read to somebody by telephone."""

    result: str
    by: str
    at: float
    read_back: bool  # they repeated it
    to: Text = field(default_factory=Text)


@dataclass(frozen=True, slots=True)
class WorklistAsked(Payload):
    """A modality asked for its worklist."""

    peer: str  # its AE title
    items: int


PAPER_KINDS: dict[str, type[Payload]] = {
    "desk_started": DeskStarted,
    "desk_stopped": DeskStopped,
    "feed_changed": FeedChanged,
    "messages_purged": MessagesPurged,
    "looked": Looked,
    "sign_in_noted": SignInNoted,
    "downtime_began": DowntimeBegan,
    "downtime_ended": DowntimeEnded,
    "facts_trusted": FactsTrusted,
    "facts_written": FactsWritten,
    "facts_taken": FactsTaken,
    "fact_heard": FactHeard,
    "reenter_said": ReenterSaid,
    "numbers_reserved": NumbersReserved,
    "number_issued": NumberIssued,
    "number_described": NumberDescribed,
    "number_voided": NumberVoided,
    "number_matched": NumberMatched,
    "number_linked": NumberLinked,
    "pack_made": PackMade,
    "pack_sent": PackSent,
    "pack_kept": PackKept,
    "pack_shredded": PackShredded,
    "pack_stale": PackStale,
    "pack_opened": PackOpened,
    "ward_enrolled": WardEnrolled,
    "ward_forgotten": WardForgotten,
    "desk_trusted": DeskTrusted,
    "sheets_printed": SheetsPrinted,
    "sheet_returned": SheetReturned,
    "scan_taken": ScanTaken,
    "item_keyed": ItemKeyed,
    "item_checked": ItemChecked,
    "switched_back": SwitchedBack,
    "message_due": MessageDue,
    "message_answered": MessageAnswered,
    "request_taken": RequestTaken,
    "result_noted": ResultNoted,
    "request_closed": RequestClosed,
    "result_called": ResultCalled,
    "worklist_asked": WorklistAsked,
}

"""The wards' PCs that this desk sends packs to, and what they told: a fold over the desk's journal.

Comes in: cards of PCs, entries, receipts. Goes out: `State`, the parcels that are due, entries to write. Pure but for
the keys that it is handed. The rules:

1. A PC is enrolled by its card under a name; enrolling it again begins a new epoch, and its parcels count anew.
2. A parcel's counter is the number of its pack's own entry: it only ever grows, and survives a restart.
3. Due to a PC is the newest pack of each kind (place, use, language) of its places that it has not acknowledged.
4. A PC has a pack when its own signed receipt says so; that is written once for each PC and pack.
5. A printing that a receipt tells of is written once by its run and pack, and once more where it was under way then
   and has ended now; one of a pack that this desk never made, or of pages that it does not have, is not believed.
6. Why a PC could not be given a pack is written once for each pack and reason.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from garde.downtime.packs.shelf import Manifest
from garde.downtime.parcel import envelope
from garde.downtime.parcel.envelope import Code, Header, ParcelRefusedError, unwrap, wrap
from garde.downtime.parcel.goods import pack_header, packed
from garde.downtime.parcel.keys import Card, Keys
from garde.downtime.parcel.receipt import UNDER_WAY, Receipt, Run, read_receipt
from garde.errors import NotFound, UsageError
from garde.journal import Entry, Payload
from garde.journal.paper_kinds import PackMade, PackSent, SheetsPrinted, WardEnrolled, WardForgotten
from garde.trust.keys import PublicKey


@dataclass(frozen=True, slots=True)
class Made:
    """A pack of this desk."""

    pack: str
    place: str
    about: str
    pages: int
    counter: int
    as_of: float


@dataclass(slots=True)
class State:
    """The fold's state."""

    wards: dict[str, WardEnrolled] = field(default_factory=dict)  # by the PC's name
    made: dict[str, Made] = field(default_factory=dict)
    has: set[tuple[str, int, str]] = field(default_factory=set)  # PC, its epoch, pack
    faults: dict[tuple[str, str], set[str]] = field(default_factory=dict)  # PC, pack -> reasons
    runs: dict[tuple[str, str], SheetsPrinted] = field(default_factory=dict)
    sent_at: dict[str, float] = field(default_factory=dict)  # PC -> its newest acknowledgement


def project(state: State, entry: Entry) -> None:
    """Take in one entry; others are passed over."""
    match entry.payload:
        case WardEnrolled() as told:
            state.wards[told.ward] = told
        case WardForgotten() as told:
            state.wards.pop(told.ward, None)
        case PackMade() as told if not told.fault:
            state.made[told.pack] = Made(told.pack, told.place, told.about, told.pages, entry.seq, told.as_of)
        case PackSent() as told if told.fault:
            state.faults.setdefault((told.ward, told.pack), set()).add(told.fault)
        case PackSent() as told:
            ward = state.wards.get(told.ward)
            state.has.add((told.ward, ward.epoch if ward else 0, told.pack))
            state.faults.pop((told.ward, told.pack), None)
            state.sent_at[told.ward] = entry.at
        case SheetsPrinted() as told:
            state.runs[told.run, told.pack] = told


# --- wards ------------------------------------------------------------------------------------------------------------


def enrolled(state: State, card: Card, *, address: str, epoch: int, by: str) -> WardEnrolled:
    """Return the entry that enrols a PC; UsageError where its address is none."""
    named = address or card.address
    parts = urlsplit(named)
    if named and (parts.scheme != "http" or not parts.hostname or parts.path not in ("", "/")):
        raise UsageError(f"{named[:80]!r} is no address of a ward's PC", "write it like http://10.20.4.9:2580")
    if not card.places:
        raise UsageError("this card names no place", "set the PC up with --place WARD")
    known = state.wards.get(card.name)
    epoch = max(epoch, known.epoch + 1 if known else 1)
    return WardEnrolled(card.name, card.places, named.rstrip("/"), card.sign, card.seal, epoch, by)


def forgotten(state: State, name: str, by: str) -> WardForgotten:
    """Return the entry that forgets a PC; NotFound."""
    if name not in state.wards:
        raise NotFound(f"no PC {name[:80]} is enrolled", "look at garde ward list")
    return WardForgotten(name, by)


def desk_card(ward: WardEnrolled, hospital: str, keys: Keys) -> Card:
    """Return the desk's card for one PC."""
    sign = keys.sign.public.hex
    return Card("desk", hospital, sign, keys.seal, ward.places, epoch=ward.epoch, to=ward.sign)


# --- parcels ----------------------------------------------------------------------------------------------------------


def due(state: State, ward: WardEnrolled, newest: list[Manifest]) -> list[Manifest]:
    """Return what a PC should be sent, of the manifests on the shelf, the most wanted first."""
    found: dict[tuple[str, str, str], Manifest] = {}
    for each in newest:
        slot = (each.place, each.about, each.language)
        if each.place not in ward.places or each.pack not in state.made:
            continue
        if slot not in found or _counter(state, each) > _counter(state, found[slot]):
            found[slot] = each
    wanted = [each for each in found.values() if (ward.ward, ward.epoch, each.pack) not in state.has]
    return sorted(wanted, key=lambda each: (each.about != "ward", each.place, each.about, each.language))


def parcel(state: State, ward: WardEnrolled, manifest: Manifest, pdf: bytes, keys: Keys) -> bytes:
    """Return a pack for one PC, sealed to it and signed."""
    card = Card("ward", ward.ward, ward.sign, ward.seal, ward.places)
    header = pack_header(manifest, _counter(state, manifest), ward.epoch, keys, card)
    return wrap(header, packed(manifest, pdf), keys)


def _counter(state: State, manifest: Manifest) -> int:
    return state.made[manifest.pack].counter


def not_given(state: State, ward: str, manifest: Manifest, fault: str) -> Iterator[PackSent]:
    """Yield the entry that says why a PC does not have a pack, where that is new."""
    if fault not in state.faults.get((ward, manifest.pack), ()):
        yield PackSent(manifest.pack, manifest.place, fault, ward)


# --- receipts ---------------------------------------------------------------------------------------------------------


def open_receipt(state: State, raw: bytes, keys: Keys) -> Receipt:
    """Return what a PC told; ParcelRefusedError where it is not one of ours, or says what no PC can say."""
    by_key = {each.sign: each for each in state.wards.values()}

    def known(sender: str) -> PublicKey | None:
        return PublicKey.from_hex(sender) if sender in by_key else None

    header, content = unwrap(raw, keys, envelope.RECEIPT, known)
    receipt = read_receipt(content)
    if receipt.ward != by_key[header.sender].ward or not _is_whole(header, receipt):
        raise ParcelRefusedError(Code.DIFFERENT, "it was told by another PC than it says")
    return receipt


def _is_whole(header: Header, receipt: Receipt) -> bool:
    return header.ward == receipt.ward and header.made_at == receipt.at


def heard(state: State, receipt: Receipt) -> Iterator[Payload]:
    """Yield what a receipt tells that is not written yet."""
    ward = state.wards.get(receipt.ward)
    if ward is None:
        return
    for kept in receipt.kept:
        if kept.pack in state.made and (ward.ward, ward.epoch, kept.pack) not in state.has:
            yield PackSent(kept.pack, state.made[kept.pack].place, "", ward.ward)
    for run in receipt.runs:
        told = _told(run)
        made = state.made.get(run.pack)
        believed = made is not None and made.place in ward.places and all(page <= made.pages for page in run.pages)
        if believed and _is_news(state.runs.get((run.run, run.pack)), told):
            yield told


def _is_news(known: SheetsPrinted | None, told: SheetsPrinted) -> bool:
    """An older receipt that comes once more must not undo what a newer one said."""
    return known is None or (known.fault == UNDER_WAY and told.fault != UNDER_WAY)


def _told(run: Run) -> SheetsPrinted:
    return SheetsPrinted(run.run, run.pack, run.place, run.pages, run.copies, run.printer, run.by, run.fault, run.at)

"""One entry of the account in one plain sentence: evidence, family, origin, flows, bundle. A part of `words.py`.

Comes in: a payload and a speaker. Goes out: the sentence and its tone. Names and texts that an attacker wrote are shown
escaped; a country is said as where a machine stands, never as who did it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from garde.journal import forensic_kinds as f
from garde.journal.payload import Payload
from garde.journal.speech import BAD, GOOD, NOTE, WARN, Said, Say, mark
from garde.journal.text import plain

SORTS: Final = {
    "note": mark("ransom note"),
    "damaged": mark("damaged file"),
    "clean": mark("sound version of a damaged file"),
    "sample": mark("program, kept inert"),
    "log": mark("log"),
    "capture": mark("network capture"),
    "image": mark("disk image"),
    "record": mark("record"),
}
FINDINGS: Final = {
    "none_seen": mark("no evidence that data left"),
    "seen": mark("DATA LEFT"),
    "blind": mark("it is NOT known whether data left"),
}
SEES: Final = {
    "sees": mark("sees"),
    "blind": mark("is BLIND"),
    "ended": mark("has ended"),
}
_TO: Final = {
    "hub": mark("the hub"),
    "bundle": mark("the bundle of evidence"),
    "person": mark("a person"),
}
_STAMPS: Final = {
    "rfc3161": mark("stamped by a time authority"),
    "none": mark("without a stamp of a time authority"),
}
DECRYPTORS: Final = {
    "known": mark("a decryptor is known"),
    "none_known": mark("no decryptor is known"),
    "unknown": mark("whether there is a decryptor is not known"),
}
_MIB: Final = 1_048_576
_Spoken = tuple[Said, str]


def size(value: int, say: Say) -> Said:
    """Return a number of bytes as people say it."""
    if value < _MIB:
        return say("{n} KiB", n=-(-value // 1024))
    return say("{n} MiB", n=say.tenths(value / _MIB))


def _note(e: f.NoteTaken, say: Say) -> _Spoken:
    folders = say.many("{n} folder", "{n} folders", e.copies)
    return say("A ransom note was read and kept: {name}, in {folders}", name=e.name, folders=folders), WARN


def _taken(e: f.EvidenceTaken, say: Say) -> _Spoken:
    sort = say.word(SORTS, e.sort)
    return say("Kept as evidence: {name} ({sort}, {size})", name=e.name, sort=sort, size=size(e.size, say)), NOTE


def _gathered(e: f.EvidenceGathered, say: Say) -> _Spoken:
    things = say.many("{n} thing", "{n} things", e.items)
    if e.left_out:
        return say("Evidence was gathered: {things}; {left} left out ({why})", things=things, left=e.left_out,
                   why=e.detail), WARN  # fmt: skip
    return say("Evidence was gathered: {things}", things=things), NOTE


def _source(e: f.FlowSourceState, say: Say) -> _Spoken:
    known = {"source": e.source, "sort": e.sort, "state": say.word(SEES, e.state)}
    if e.detail:
        text = say("The flow source {source} ({sort}) {state}: {detail}", detail=e.detail, **known)
    else:
        text = say("The flow source {source} ({sort}) {state}", **known)
    return text, WARN if e.state == "blind" else NOTE


def _egress(e: f.EgressSeen, say: Say) -> _Spoken:
    return say(
        "{size} left {address} for {to} {name}, from {since} to {until}: more than usual",
        size=size(e.bytes, say), address=e.address, to=e.to, name=e.name, since=say.clock(e.since),
        until=say.clock(e.until),
    ), BAD  # fmt: skip


def _looked(e: f.EgressLooked, say: Say) -> _Spoken:
    blind = say.many("{n} blind time", "{n} blind times", len(e.blind))
    return say(
        "{source} was looked through from {since} to {until}: {records} flows, {blind}, {seen} unusual",
        source=e.source, since=say.clock(e.since), until=say.clock(e.until), records=e.records, blind=blind,
        seen=e.seen,
    ), BAD if e.seen else WARN if e.blind else NOTE  # fmt: skip


def _path(e: f.PathSeen, say: Say) -> _Spoken:
    known = {"inside": e.inside, "outside": e.outside, "port": Said(e.port), "source": e.source}
    if e.inbound:
        return say("A connection came to {inside}, port {port}, from {outside} ({source})", **known), NOTE
    return say("A connection went from {inside} to {outside}, port {port} ({source})", **known), NOTE


def _identify(e: f.IdentifyAsked, say: Say) -> _Spoken:
    return say("What it was is to be named from {found}",
               found=say.many("{n} entry", "{n} entries", len(e.entries))), NOTE  # fmt: skip


def _family(e: f.FamilyNamed, say: Say) -> _Spoken:
    if not e.family:
        return say("What it was is not known (data of {date})", date=e.data_date), WARN
    return say(
        "It was {family}, {percent} % sure; {decryptor} (data of {date})",
        family=e.family, percent=round(e.confidence * 100), decryptor=say.word(DECRYPTORS, e.decryptor),
        date=e.data_date,
    ), WARN  # fmt: skip


def _hop(hop: f.OriginHop, say: Say) -> Said:
    name = hop.machine or hop.address
    return say("{name} (in {country})", name=name, country=hop.country) if hop.country else Said(plain(name))


def _origin(e: f.OriginFound, say: Say) -> _Spoken:
    if not e.hops:
        return say("Where it came from is not known"), WARN
    way = Said(" ← ".join(_hop(each, say) for each in e.hops))
    return say("Where it came from, as connections show it: {way}. Infrastructure seen, not blame", way=way), WARN


def _concluded(e: f.EgressConcluded, say: Say) -> _Spoken:
    known = {"finding": say.word(FINDINGS, e.finding), "at": say.clock(e.as_of), "sources": len(e.sources)}
    if e.finding == "seen":
        return say("As of {at}: {finding}, {size}", size=size(e.bytes, say), **known), BAD
    if e.blind:
        blind = say.list([Said(plain(each)) for each in e.blind])
        return say("As of {at}: {finding}, from {sources} sources; blind at {blind}", blind=blind, **known), WARN
    return say("As of {at}: {finding}, from {sources} sources", **known), NOTE


def _places(e: f.PlacesAsked, say: Say) -> _Spoken:
    addresses = say.many("{n} address", "{n} addresses", len(e.addresses))
    return say("Where {addresses} are is being looked up", addresses=addresses), NOTE


def _placed(e: f.PlacesFound, say: Say) -> _Spoken:
    if not e.sources:
        return say("No file says where addresses are: no country can be named"), WARN
    found = [
        say("{address} in {country}", address=each.address, country=each.country) for each in e.places if each.country
    ]
    if not found:
        return say("Where the addresses are is not known to {sources}", sources=", ".join(e.sources)), NOTE
    return say("Infrastructure, not blame: {found} ({sources})", found=say.list(found[:5]),
               sources=", ".join(e.sources)), NOTE  # fmt: skip


def _moved(e: f.EvidenceMoved, say: Say) -> _Spoken:
    known = {"item": e.item, "to": say.word(_TO, e.to), "by": e.by}
    if not e.same:
        return say("Evidence {item} is NOT the same any more, as it went to {to} ({by})", **known), BAD
    return say("Evidence {item} went to {to}, unchanged ({by})", **known), NOTE


def _bundle_asked(e: f.BundleAsked, say: Say) -> _Spoken:
    return say("The evidence is being put into one bundle ({by})", by=e.by), NOTE


def _bundle(e: f.BundleMade, say: Say) -> _Spoken:
    items = say.many("{n} thing", "{n} things", e.items)
    return say("The bundle of evidence is there, signed, {stamp}: {items} in {folder}", items=items, folder=e.folder,
               stamp=say.word(_STAMPS, e.stamp)), GOOD  # fmt: skip


def _bundle_wanted(e: f.BundleWanted, say: Say) -> _Spoken:
    return say("{by} wants the bundle of evidence", by=e.by), NOTE


def _referred(e: f.EvidenceReferred, say: Say) -> _Spoken:
    return say("Evidence that lies elsewhere: {name} ({sort}), at {place} ({by})", name=e.name,
               sort=say.word(SORTS, e.sort), place=e.place, by=e.by), NOTE  # fmt: skip


FORENSIC_WRITERS: dict[type[Payload], Callable[[Any, Say], _Spoken]] = {
    f.NoteTaken: _note,
    f.EvidenceTaken: _taken,
    f.EvidenceGathered: _gathered,
    f.FlowSourceState: _source,
    f.EgressSeen: _egress,
    f.EgressLooked: _looked,
    f.PathSeen: _path,
    f.IdentifyAsked: _identify,
    f.FamilyNamed: _family,
    f.PlacesAsked: _places,
    f.PlacesFound: _placed,
    f.OriginFound: _origin,
    f.EgressConcluded: _concluded,
    f.EvidenceMoved: _moved,
    f.BundleAsked: _bundle_asked,
    f.BundleMade: _bundle,
    f.BundleWanted: _bundle_wanted,
    f.EvidenceReferred: _referred,
}

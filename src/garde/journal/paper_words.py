"""One entry of the downtime half in one plain sentence: the part of `words.py` for numbers, packs, sheets, back-entry.

Comes in: a payload and a speaker. Goes out: the sentence and its tone. What is sealed is never said here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from garde.journal import paper_kinds as p
from garde.journal.payload import Payload
from garde.journal.speech import BAD, GOOD, NOTE, WARN, Said, Say, mark
from garde.journal.text import Text

HOW_RETURNED = {
    "entered": mark("entered"),
    "scanned": mark("scanned"),
    "void": mark("void"),
    "missing": mark("MISSING"),
}
HOW_CLOSED = {
    "done": mark("done"),
    "refused": mark("REFUSED: somebody must ask again"),
    "void": mark("void"),
}
STEPS = {
    "identity": mark("identity"),
    "allergies": mark("allergies"),
    "medication": mark("medication"),
    "orders": mark("orders"),
    "results": mark("results"),
    "vitals": mark("vital signs"),
    "notes": mark("notes"),
}
_Spoken = tuple[Said, str]


def _noted(text: Said, note: Text, say: Say) -> Said:
    # What is sealed is for who has the key: `garde sheet`, `garde number` open it.
    shown = bool(note) and not (note.value or b"").startswith(b"sealed:")
    return say("{text}: {note}", text=text, note=note) if shown else text


def _started(e: p.DeskStarted, say: Say) -> _Spoken:
    stored = say.many("{n} message stored", "{n} messages stored", e.stored)
    return say("The downtime desk listens: {stored}", stored=stored), NOTE


def _stopped(e: p.DeskStopped, say: Say) -> _Spoken:
    return say("The downtime desk ended: {reason}", reason=say.known(e.reason)), NOTE


def _feed(e: p.FeedChanged, say: Say) -> _Spoken:
    if e.state == "heard":
        return say("The hospital’s feed is heard again"), GOOD
    if not e.newest:
        return say("THE HOSPITAL’S FEED IS SILENT: nothing was ever heard"), BAD
    return say("THE HOSPITAL’S FEED IS SILENT since {at}", at=say.clock(e.newest)), BAD


def _purged(e: p.MessagesPurged, say: Say) -> _Spoken:
    return say.many("{n} old message was deleted", "{n} old messages were deleted", e.count), NOTE


def _looked(e: p.Looked, say: Say) -> _Spoken:
    return say("{by} looked at: {what}", by=e.by, what=e.what), NOTE


def _signed_in(e: p.SignInNoted, say: Say) -> _Spoken:
    return say("At the desk’s pages: {what}: {who}", what=e.what, who=e.who), NOTE


def _began(e: p.DowntimeBegan, say: Say) -> _Spoken:
    if e.wards:
        wards = say.list([say("{name}", name=name) for name in e.wards])
        text = say("Paper counts since {since} on {wards} ({by})", since=say.clock(e.since), wards=wards, by=e.by)
    else:
        text = say("Paper counts since {since} on every ward ({by})", since=say.clock(e.since), by=e.by)
    return _noted(text, e.note, say), BAD


def _ended(e: p.DowntimeEnded, say: Say) -> _Spoken:
    return _noted(say("The record is back ({by}); each patient is switched back by name", by=e.by), e.note, say), GOOD


def _trust_facts(e: p.FactsTrusted, say: Say) -> _Spoken:
    return say("Facts of the {source} are believed from now on, and of no other key ({by})", **_of(e)), NOTE


def _facts_written(e: p.FactsWritten, say: Say) -> _Spoken:
    count = say.many("{n} fact", "{n} facts", e.facts)
    return say("A file with {count} was signed for the other half ({by})", count=count, by=e.by), NOTE


def _facts_taken(e: p.FactsTaken, say: Say) -> _Spoken:
    count = say.many("{n} new fact", "{n} new facts", e.new)
    return say("A file of the {source} was taken: {count} ({by})", count=count, **_of(e)), NOTE


def _of(e: p.FactsTrusted | p.FactsTaken) -> dict[str, str]:
    return {"source": e.source, "by": e.by}


def _fact(e: p.FactHeard, say: Say) -> _Spoken:
    known = {"subject": e.subject, "state": e.state, "source": e.source, "since": say.clock(e.since)}
    tone = WARN if e.state in ("paper", "closed", "began", "stale") else NOTE
    match e.fact:
        case "reenter_after" if e.state == "none":
            return say("{source} says: nothing of {subject} has to be entered again", **known), NOTE
        case "reenter_after":
            return say("{source} says: data of {subject} after {since} MUST BE ENTERED AGAIN", **known), BAD
        case "switched":
            return say("{source} says: {state} % of the patients of {subject} are back in the record", **known), NOTE
        case "pack":
            return say("{source} says: the newest pack of {subject} is {state}, its data are of {since}", **known), tone
    if not e.since:
        return say("{source} says: {subject} is {state}", **known), tone
    return say("{source} says: {subject} is {state} since {since}", **known), tone


def _reenter(e: p.ReenterSaid, say: Say) -> _Spoken:
    if not e.after:
        return say("Nothing of {subject} has to be entered again ({by})", subject=e.subject, by=e.by), NOTE
    known = {"subject": e.subject, "after": say.clock(e.after), "by": e.by}
    return say("Data of {subject} after {after} MUST BE ENTERED AGAIN ({by})", **known), BAD


def _reserved(e: p.NumbersReserved, say: Say) -> _Spoken:
    count = say.many("{n} downtime number", "{n} downtime numbers", e.last - e.first + 1)
    return say(
        "{count} are reserved for {place} (block {block}, {by})", count=count, place=e.place, block=e.block, by=e.by
    ), NOTE


def _issued(e: p.NumberIssued, say: Say) -> _Spoken:
    return say(
        "{number} was given to a patient on {place} at {at} ({by})",
        number=e.number,
        place=e.place,
        at=say.clock(e.at),
        by=e.by,
    ), NOTE


def _described(e: p.NumberDescribed, say: Say) -> _Spoken:
    return say(
        "More is known of {number} on {place} since {at} ({by})",
        number=e.number,
        place=e.place,
        at=say.clock(e.at),
        by=e.by,
    ), NOTE


def _voided(e: p.NumberVoided, say: Say) -> _Spoken:
    return _noted(say("{number} is void ({by})", number=e.number, by=e.by), e.reason, say), WARN


def _matched(e: p.NumberMatched, say: Say) -> _Spoken:
    names = say.list([say("{name}", name=name) for name in e.identifiers])
    if e.differ:
        differ = say.list([say("{name}", name=name) for name in e.differ])
        return say(
            "{by} says whose {number} is: {names} agree, {differ} DO NOT; a second person must confirm",
            by=e.by,
            number=e.number,
            names=names,
            differ=differ,
        ), BAD
    return say(
        "{by} says whose {number} is: {names} agree; a second person must confirm",
        by=e.by,
        number=e.number,
        names=names,
    ), WARN


def _linked(e: p.NumberLinked, say: Say) -> _Spoken:
    if e.agreed:
        return _noted(
            say("{number} is linked to the hospital's own number ({by})", number=e.number, by=e.by), e.note, say
        ), GOOD
    return _noted(say("{by} refuses: {number} stays apart", by=e.by, number=e.number), e.note, say), WARN


def _made(e: p.PackMade, say: Say) -> _Spoken:
    if e.fault:
        return say("No pack for {place}: {fault}", place=e.place, fault=say.known(e.fault)), BAD
    pages = say.many("{n} page", "{n} pages", e.pages)
    return say("Pack {pack} for {place}: {pages}", pack=e.pack, place=e.place, pages=pages), GOOD


def _sent(e: p.PackSent, say: Say) -> _Spoken:
    if e.fault:
        place = f"{e.place} ({e.ward})" if e.ward else e.place
        return say(
            "{place} does not have pack {pack}: {fault}", place=place, pack=e.pack, fault=say.known(e.fault)
        ), BAD
    return say("{place} has pack {pack}", place=e.place, pack=e.pack), GOOD


def _kept(e: p.PackKept, say: Say) -> _Spoken:
    pages = say.many("{n} page", "{n} pages", e.pages)
    return say("Pack {pack} has come: {pages}, made at {at}", pack=e.pack, pages=pages, at=say.clock(e.made_at)), GOOD


def _shredded(e: p.PackShredded, say: Say) -> _Spoken:
    return say("Pack {pack} is shredded", pack=e.pack), NOTE


def _stale(e: p.PackStale, say: Say) -> _Spoken:
    if not e.pack:
        return say("No pack has come yet"), BAD
    if e.stale:
        return say("Pack {pack} is too old: it shows {at}", pack=e.pack, at=say.clock(e.as_of)), BAD
    return say("Pack {pack} is fresh", pack=e.pack), GOOD


def _opened(e: p.PackOpened, say: Say) -> _Spoken:
    return say("{by} looked at pack {pack}", by=e.by, pack=e.pack), NOTE


def _enrolled(e: p.WardEnrolled, say: Say) -> _Spoken:
    places = ", ".join(e.places)
    return say("Packs of {places} go to the PC {ward} ({by})", places=places, ward=e.ward, by=e.by), GOOD


def _forgotten(e: p.WardForgotten, say: Say) -> _Spoken:
    return say("No packs go to the PC {ward} any more ({by})", ward=e.ward, by=e.by), WARN


def _trusted(e: p.DeskTrusted, say: Say) -> _Spoken:
    return say("Packs are taken from the desk of {hospital} ({by})", hospital=e.hospital, by=e.by), GOOD


def _printed(e: p.SheetsPrinted, say: Say) -> _Spoken:
    sheets = say.many("{n} sheet", "{n} sheets", len(e.pages) * e.copies)
    known = {"sheets": sheets, "pack": e.pack, "printer": e.printer, "by": e.by}
    if e.fault and not e.pages:
        known["fault"] = say.known(e.fault)
        return say("Nothing of pack {pack} came out of {printer}: {fault} ({by})", **known), BAD
    if e.fault:
        return say(
            "{sheets} of pack {pack} may not have come out of {printer}: {fault}", fault=say.known(e.fault), **known
        ), BAD
    return say("{sheets} of pack {pack} printed on {printer} ({by})", **known), NOTE


def _returned(e: p.SheetReturned, say: Say) -> _Spoken:
    text = say("Sheet {sheet}: {how} ({by})", sheet=e.sheet, how=say.word(HOW_RETURNED, e.how), by=e.by)
    return _noted(text, e.note, say), BAD if e.how == "missing" else NOTE


def _scanned(e: p.ScanTaken, say: Say) -> _Spoken:
    pages = say.many("{n} page", "{n} pages", e.pages)
    text = say("{pages} scanned, {matched} known by their codes ({by})", pages=pages, matched=len(e.matched), by=e.by)
    return text, WARN if e.unmatched else NOTE


def _keyed(e: p.ItemKeyed, say: Say) -> _Spoken:
    step = say.word(STEPS, e.step)
    known = {"step": step, "sheet": e.sheet or "–", "by": e.by}
    if e.check:
        return say("Copied from sheet {sheet}: {step} ({by}); a second person must look", **known), WARN
    return say("Copied from sheet {sheet}: {step} ({by})", **known), NOTE


def _checked(e: p.ItemChecked, say: Say) -> _Spoken:
    if e.agrees:
        return _noted(say("{by} agrees with item {item}", by=e.by, item=e.item), e.note, say), GOOD
    return _noted(say("{by} does not agree with item {item}", by=e.by, item=e.item), e.note, say), BAD


def _switched(e: p.SwitchedBack, say: Say) -> _Spoken:
    text = say("A patient on {place} is switched back to the record, signed {signed}", place=e.place, signed=e.signed)
    return _noted(text, e.note, say), GOOD


def _due(e: p.MessageDue, say: Say) -> _Spoken:
    return say("{about} is to go to the record ({message})", about=e.about, message=e.message), NOTE


def _answered(e: p.MessageAnswered, say: Say) -> _Spoken:
    known = {"message": e.message, "answer": e.answer or "–", "detail": e.detail}
    if e.answer == "hand":
        return say("{message} was entered in the record by hand ({by})", message=e.message, by=e.detail), NOTE
    if e.answer == "file":
        return say("{message} was handed over as a file ({name})", message=e.message, name=e.detail), GOOD
    if e.answer == "AA" or e.answer.startswith("2"):
        return say("The record has taken {message} ({answer})", **known), GOOD
    return say("The record has not taken {message} ({answer}): {detail}", **known), BAD


def _request(e: p.RequestTaken, say: Say) -> _Spoken:
    known = {"request": e.request, "service": e.service, "place": e.place, "by": e.by}
    return say("{service}: request {request} from {place} ({by})", **known), NOTE


def _result(e: p.ResultNoted, say: Say) -> _Spoken:
    if e.critical:
        return say(
            "CRITICAL result of request {request} ({by}): somebody must be called", request=e.request, by=e.by
        ), BAD
    return say("Result of request {request} ({by})", request=e.request, by=e.by), NOTE


def _closed(e: p.RequestClosed, say: Say) -> _Spoken:
    text = say("Request {request}: {how} ({by})", request=e.request, how=say.word(HOW_CLOSED, e.how), by=e.by)
    return _noted(text, e.note, say), WARN if e.how == "refused" else NOTE


def _called(e: p.ResultCalled, say: Say) -> _Spoken:
    known = {"result": e.result, "to": e.to, "by": e.by}
    if e.read_back:
        return say("Critical result {result} was read to {to}, who repeated it ({by})", **known), GOOD
    return say("Critical result {result} was read to {to}; it was NOT repeated ({by})", **known), WARN


def _worklist(e: p.WorklistAsked, say: Say) -> _Spoken:
    items = say.many("{n} entry", "{n} entries", e.items)
    return say("{peer} asked for its worklist: {items}", peer=e.peer, items=items), NOTE


PAPER_WRITERS: dict[type[Payload], Callable[[Any, Say], _Spoken]] = {
    p.DeskStarted: _started,
    p.DeskStopped: _stopped,
    p.FeedChanged: _feed,
    p.MessagesPurged: _purged,
    p.Looked: _looked,
    p.SignInNoted: _signed_in,
    p.DowntimeBegan: _began,
    p.DowntimeEnded: _ended,
    p.FactsTrusted: _trust_facts,
    p.FactsWritten: _facts_written,
    p.FactsTaken: _facts_taken,
    p.FactHeard: _fact,
    p.ReenterSaid: _reenter,
    p.NumbersReserved: _reserved,
    p.NumberIssued: _issued,
    p.NumberDescribed: _described,
    p.NumberVoided: _voided,
    p.NumberMatched: _matched,
    p.NumberLinked: _linked,
    p.PackMade: _made,
    p.PackSent: _sent,
    p.PackKept: _kept,
    p.PackShredded: _shredded,
    p.PackStale: _stale,
    p.PackOpened: _opened,
    p.WardEnrolled: _enrolled,
    p.WardForgotten: _forgotten,
    p.DeskTrusted: _trusted,
    p.SheetsPrinted: _printed,
    p.SheetReturned: _returned,
    p.ScanTaken: _scanned,
    p.ItemKeyed: _keyed,
    p.ItemChecked: _checked,
    p.SwitchedBack: _switched,
    p.MessageDue: _due,
    p.MessageAnswered: _answered,
    p.RequestTaken: _request,
    p.ResultNoted: _result,
    p.RequestClosed: _closed,
    p.ResultCalled: _called,
    p.WorklistAsked: _worklist,
}

"""Sentences for warning the neighbours, and for being warned.

Comes in: payloads of `sharing_kinds.py` and a speaker. Goes out: what happened, and its tone. Values are escaped by the
speaker. It folds nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from garde.journal import sharing_kinds as s
from garde.journal.payload import Payload
from garde.journal.speech import BAD, GOOD, NOTE, WARN, Said, Say, mark

SORTS = {
    "sha256": mark("a file by its digest"),
    "address": mark("an address"),
    "file_name": mark("a file name"),
    "ending": mark("an ending of file names"),
    "note_name": mark("the name of a ransom note"),
    "user": mark("an account"),
}
PRECAUTIONS = {
    "healthy": mark("healthy: nothing is cut"),
    "ready": mark("ready to cut"),
    "cut": mark("healthy but cut"),
}
_Spoken = tuple[Said, str]


def _list_taken(e: s.WatchListTaken, say: Say) -> _Spoken:
    many = say.many("{n} indicator", "{n} indicators", e.indicators)
    return say("Watches for {many} of neighbours, {seconds} s later", many=many, seconds=say.tenths(e.seconds)), GOOD


def _seen(e: s.IndicatorSeen, say: Say) -> _Spoken:
    known = {"sort": say.word(SORTS, e.sort), "value": e.value, "source": e.source, "where": e.where}
    if e.live:
        return say("SEEN HERE, of which {source} warned: {sort}, {value} ({where})", **known), BAD
    at = say.clock(e.at)
    return say("Was seen here at {at}, of which {source} warned: {sort}, {value} ({where})", at=at, **known), BAD


def _asked(e: s.WarningAsked, say: Say) -> _Spoken:
    return say("A warning to the neighbours is being made: {incident}, version {version}",
               incident=e.incident, version=e.version), NOTE  # fmt: skip


def _drawn(e: s.WarningDrawn, say: Say) -> _Spoken:
    many = say.many("{n} indicator", "{n} indicators", e.indicators)
    removed = say.many("{n} part was taken out", "{n} parts were taken out", e.removed)
    return say("Warning {warning}, version {version}, waits for a person’s approval: {many}; {removed}",
               warning=e.warning, version=e.version, many=many, removed=removed), WARN  # fmt: skip


def _send_asked(e: s.WarningSendAsked, say: Say) -> _Spoken:
    return say("Warning {warning} goes to {neighbour} by {channel}",
               warning=e.warning, neighbour=e.neighbour, channel=e.channel), NOTE  # fmt: skip


def _list_made(e: s.WatchListMade, say: Say) -> _Spoken:
    many = say.many("{n} indicator", "{n} indicators", e.indicators)
    named = say.list([say("{name}", name=each) for each in e.sources])
    return say("The list of what is watched for: {many}, from {sources}", many=many, sources=named), NOTE


def _offered(e: s.PrecautionOffered, say: Say) -> _Spoken:
    price = say.list([say("{name}", name=each) for each in e.price]) if e.price else say("no service")
    return say("{source} is under attack ({why}). Cutting as a precaution is offered; it would reach: {price}",
               source=e.source, why=e.why, price=price), WARN  # fmt: skip


def _wanted(e: s.WarningWanted, say: Say) -> _Spoken:
    return say("{by} wants the warning drawn anew (TLP:{tlp})", by=e.by, tlp=e.tlp.upper()), NOTE


def _approved(e: s.WarningApproved, say: Say) -> _Spoken:
    return say("{by} released warning {warning}, version {version}",
               by=e.by, warning=e.warning, version=e.version), GOOD  # fmt: skip


def _send_wanted(e: s.WarningSendWanted, say: Say) -> _Spoken:
    known = {"by": e.by, "warning": e.warning, "version": e.version}
    if not e.neighbours:
        return say("{by} has warning {warning}, version {version}, sent to every neighbour", **known), NOTE
    named = say.list([say("{name}", name=each) for each in e.neighbours])
    return say("{by} has warning {warning}, version {version}, sent to {names}", names=named, **known), NOTE


def _key(e: s.ShareKeyMade, say: Say) -> _Spoken:
    if not e.sha256:
        return say("{neighbour} may no longer read the warnings ({by})", neighbour=e.neighbour, by=e.by), NOTE
    return say("{neighbour} may read the warnings with a token of its own ({by})",
               neighbour=e.neighbour, by=e.by), NOTE  # fmt: skip


def _told(e: s.NeighbourTold, say: Say) -> _Spoken:
    known = {"neighbour": e.neighbour, "channel": e.channel, "by": e.by}
    if not e.confirmed:
        return say("{neighbour} was told by {channel} ({by}); not yet confirmed", **known), NOTE
    if not e.name:
        return say("{neighbour} has understood, by {channel} ({by})", **known), GOOD
    return say("{neighbour} has understood, by {channel}: {name} ({by})", name=e.name, **known), GOOD


def _taken(e: s.SharedTaken, say: Say) -> _Spoken:
    many = say.many("{n} indicator", "{n} indicators", e.indicators)
    known = {"source": e.source, "format": e.format, "channel": e.channel, "by": e.by, "many": many}
    if e.refused:
        return say("What {source} sent was taken in ({format}, {channel}, {by}): {many}; {refused} could NOT be read",
                   refused=e.refused, **known), WARN  # fmt: skip
    return say("What {source} sent was taken in ({format}, {channel}, {by}): {many}", **known), GOOD


def _unread(e: s.SharedUnread, say: Say) -> _Spoken:
    return say("What {source} sent ({channel}, {by}) is kept, and could NOT be read: {why}",
               source=e.source, channel=e.channel, by=e.by, why=e.why), WARN  # fmt: skip


def _decided(e: s.PrecautionDecided, say: Say) -> _Spoken:
    return say("Precaution, decided by {by}: {state}", by=e.by, state=say.word(PRECAUTIONS, e.state)), WARN


SHARING_WRITERS: dict[type[Payload], Callable[[Any, Say], _Spoken]] = {
    s.WatchListTaken: _list_taken,
    s.IndicatorSeen: _seen,
    s.WarningAsked: _asked,
    s.WarningDrawn: _drawn,
    s.WarningSendAsked: _send_asked,
    s.WatchListMade: _list_made,
    s.PrecautionOffered: _offered,
    s.WarningWanted: _wanted,
    s.WarningApproved: _approved,
    s.WarningSendWanted: _send_wanted,
    s.ShareKeyMade: _key,
    s.NeighbourTold: _told,
    s.SharedTaken: _taken,
    s.SharedUnread: _unread,
    s.PrecautionDecided: _decided,
}

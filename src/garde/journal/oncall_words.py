"""One entry of calling people in one plain sentence: the part of `words.py` that speaks of notices, pages and channels.

Comes in: a payload and a speaker. Goes out: the sentence and its tone. People are named by their estate ids here; who
has the estate at hand can say their names. A code is never said: it stands in no entry.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from garde.journal import notice_kinds as n
from garde.journal import oncall_kinds as o
from garde.journal.payload import Payload
from garde.journal.speech import BAD, GOOD, NOTE, WARN, Said, Say, mark

HOW = {
    "sms": mark("by SMS"),
    "console": mark("at the console"),
    "code": mark("with the code"),
    "phone": mark("by telephone"),
}
MEANINGS = {
    "ack": mark("knows"),
    "yes": mark("says yes"),
    "no": mark("says no"),
}
PURPOSES = {
    "call": mark("call"),
    "told": mark("for information"),
    "test": mark("test"),
    "tree": mark("telephone tree"),
}
# Why a call ended without an answer, and why a reply does not count: known here so that it is translated.
REASONS = (
    mark("decided"),
    mark("nobody acknowledged in time"),
    mark("not everybody acknowledged in time"),
    mark("no channel works"),
    mark("nobody can be called: the estate names no one for it"),
    mark("no code of an open call"),
    mark("no code in it"),
    mark("too many wrong codes: wait"),
    mark("this call is over"),
    mark("this code has done its work"),
    mark("it came too late"),
    mark("it came from a number that is not this person’s"),
    mark("the proposal has changed since: a new page is on its way"),
)
_Spoken = tuple[Said, str]


def _names(names: tuple[str, ...], say: Say) -> Said:
    return say.list([say("{name}", name=each) for each in names])


def _needed(p: n.NoticeNeeded, say: Say) -> _Spoken:
    found = dict(p.texts)
    text = found.get(say.language) or next(iter(found.values()), "")
    whom = _names((*p.people, *p.roles), say)
    return say("Must be told to {whom}: {text}", whom=whom, text=" / ".join(text.splitlines())), WARN


def _acknowledged(p: n.NoticeAcknowledged, say: Say) -> _Spoken:
    known = {"person": p.person, "how": say.word(HOW, p.how)}
    if p.complete:
        return say("{person} knows ({how}): nobody further is called", **known), GOOD
    return say("{person} knows ({how}); others are still called", **known), NOTE


def _over(p: n.NoticeOver, say: Say) -> _Spoken:
    return say("Nobody need be called for it any more: {why}", why=say.known(p.why)), NOTE


def _unanswered(p: n.NoticeUnanswered, say: Say) -> _Spoken:
    missing = _names(p.missing, say) if p.missing else say("nobody there")
    return say("NOT ANSWERED: {reason} ({missing})", reason=say.known(p.reason), missing=missing), BAD


def _reply(p: n.ReplyReceived, say: Say) -> _Spoken:
    return say("A reply over {channel} from {sender}: {text}", channel=p.channel, sender=p.sender, text=p.text), NOTE


def _set(p: o.CallingSet, say: Say) -> _Spoken:
    if not p.channels:
        return say("NOBODY CAN BE CALLED: no channel is set up"), BAD
    return say("People are called over: {channels}", channels=_names(tuple(c.name for c in p.channels), say)), NOTE


def _page(p: o.PageAsked, say: Say) -> _Spoken:
    known = {
        "purpose": say.word(PURPOSES, p.purpose), "channel": p.channel, "person": p.person,
        "text": p.lines[0].text if p.lines else "",
    }  # fmt: skip
    if not p.person:
        return say("A page over {channel} ({purpose}): {text}", **known), NOTE
    return say("A page to {person} over {channel} ({purpose}): {text}", **known), NOTE


def _lost(p: o.PageLost, say: Say) -> _Spoken:
    return say("A page did not leave over {channel}: {reason}", channel=p.channel, reason=p.reason), BAD


def _alive(p: o.ChannelAlive, say: Say) -> _Spoken:
    if not p.detail:
        return say("The channel {channel} works", channel=p.channel), GOOD
    return say("The channel {channel} works: {detail}", channel=p.channel, detail=p.detail), GOOD


def _silent(p: o.ChannelSilent, say: Say) -> _Spoken:
    return say("The channel {channel} does NOT work: {reason}", channel=p.channel, reason=p.reason), BAD


def _code(p: o.CodeGiven, say: Say) -> _Spoken:
    known = {"person": p.person, "meaning": say.word(MEANINGS, p.meaning), "how": say.word(HOW, p.how)}
    if p.by:
        return say("The code of {person} came back {how}, typed by {by}: {meaning}", by=p.by, **known), NOTE
    return say("The code of {person} came back {how}: {meaning}", **known), NOTE


def _refused(p: o.ReplyRefused, say: Say) -> _Spoken:
    reason = say.known(p.reason)
    return say(
        "What came over {channel} does not count: {reason}", channel=p.channel or say("the console"), reason=reason
    ), WARN


def _duty(p: o.DutyChanged, say: Say) -> _Spoken:
    return say(
        "{by} put {people} on duty as {role}, {since} to {until}",
        by=p.by, people=_names(p.people, say), role=p.role, since=say.clock(p.since), until=say.clock(p.until),
    ), NOTE  # fmt: skip


def _dropped(p: o.DutyDropped, say: Say) -> _Spoken:
    return say("{by} took a change of the rota back", by=p.by), NOTE


def _test(p: o.CallTestAsked, say: Say) -> _Spoken:
    if not p.by:
        return say("The weekly test call begins"), NOTE
    return say("{by} asked for a test call", by=p.by), NOTE


def _tested(p: o.CallTestEnded, say: Say) -> _Spoken:
    known = {
        "took": _names(p.took, say) if p.took else say("none"),
        "failed": _names(p.failed, say) if p.failed else say("none"),
        "person": p.person, "seconds": say.tenths(p.after_s),
    }  # fmt: skip
    if not p.person:
        return say("Test call: NOBODY acknowledged; taken by {took}, failed: {failed}", **known), BAD
    return say(
        "Test call: {person} acknowledged after {seconds} s; taken by {took}, failed: {failed}", **known
    ), WARN if p.failed else GOOD


ONCALL_WRITERS: dict[type[Payload], Callable[[Any, Say], _Spoken]] = {
    n.NoticeNeeded: _needed,
    n.NoticeAcknowledged: _acknowledged,
    n.NoticeOver: _over,
    n.NoticeUnanswered: _unanswered,
    n.ReplyReceived: _reply,
    o.CallingSet: _set,
    o.PageAsked: _page,
    o.PageLost: _lost,
    o.ChannelAlive: _alive,
    o.ChannelSilent: _silent,
    o.CodeGiven: _code,
    o.ReplyRefused: _refused,
    o.DutyChanged: _duty,
    o.DutyDropped: _dropped,
    o.CallTestAsked: _test,
    o.CallTestEnded: _tested,
}

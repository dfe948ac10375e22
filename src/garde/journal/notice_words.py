"""One entry about calling people in one plain sentence.

Comes in: a payload and a speaker. Goes out: the sentence and its tone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from garde.journal import notice_kinds as n
from garde.journal.payload import Payload
from garde.journal.speech import BAD, GOOD, NOTE, WARN, Said, Say

_Spoken = tuple[Said, str]


def _needed(p: n.NoticeNeeded, say: Say) -> _Spoken:
    words = dict(p.texts)
    text = words.get(say.language) or next(iter(words.values()), "")
    whom = say.list([say("{name}", name=name) for name in (*p.people, *p.roles)])
    return say("To be called: {whom} — {text}", whom=whom, text=text), WARN


def _acknowledged(p: n.NoticeAcknowledged, say: Say) -> _Spoken:
    return say("{person} knows ({how})", person=p.person, how=p.how), GOOD


def _unanswered(p: n.NoticeUnanswered, say: Say) -> _Spoken:
    missing = say.list([say("{name}", name=name) for name in p.missing])
    return say("Not reached: {missing} — {reason}", missing=missing, reason=say.known(p.reason)), BAD


def _reply(p: n.ReplyReceived, say: Say) -> _Spoken:
    return say("Came back over {channel} from {sender}: {text}", channel=p.channel, sender=p.sender, text=p.text), NOTE


NOTICE_WRITERS: dict[type[Payload], Callable[[Any, Say], _Spoken]] = {
    n.NoticeNeeded: _needed,
    n.NoticeAcknowledged: _acknowledged,
    n.NoticeUnanswered: _unanswered,
    n.ReplyReceived: _reply,
}

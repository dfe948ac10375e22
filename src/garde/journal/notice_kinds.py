"""The entry kinds by which one capability asks for people and hears that they know. Part of the one catalogue.

Comes in: nothing. Goes out: payload classes. `notice_needed` is published by whoever needs people; who is called, how,
how often and when it is given up is the business of `oncall`, which publishes the others.
"""

from __future__ import annotations

from dataclasses import dataclass

from garde.journal.payload import Payload
from garde.journal.text import Text


@dataclass(frozen=True, slots=True)
class NoticeNeeded(Payload):
    """People must know something, or decide it."""

    notice: str  # id
    about: str  # incident, plan or task that it belongs to; "" where none
    people: tuple[str, ...]  # estate ids of persons
    roles: tuple[str, ...]  # roles of the estate: whoever is on duty in them
    texts: tuple[tuple[str, str], ...]  # (language, text of at most two lines)
    all_must: bool  # everybody must acknowledge; else the first does
    within_s: float  # after which it counts as unanswered
    urgent: bool = True  # false: waits for the end of quiet hours


@dataclass(frozen=True, slots=True)
class NoticeOver(Payload):
    """Whoever needed people needs them no more: it is decided, or overtaken."""

    notice: str
    why: str  # decided


@dataclass(frozen=True, slots=True)
class NoticeAcknowledged(Payload):
    """A person knows."""

    notice: str
    person: str  # estate id
    how: str  # sms | console | code | phone
    complete: bool  # nobody further is waited for


@dataclass(frozen=True, slots=True)
class NoticeUnanswered(Payload):
    """Nobody could be reached in time, or not everybody."""

    notice: str
    missing: tuple[str, ...]  # estate ids of persons
    reason: str


@dataclass(frozen=True, slots=True)
class ReplyReceived(Payload):
    """Something came back over a channel: raw, before it is believed."""

    channel: str
    sender: Text  # a number or address, as the channel says
    text: Text


NOTICE_KINDS: dict[str, type[Payload]] = {
    "notice_needed": NoticeNeeded,
    "notice_over": NoticeOver,
    "notice_acknowledged": NoticeAcknowledged,
    "notice_unanswered": NoticeUnanswered,
    "reply_received": ReplyReceived,
}

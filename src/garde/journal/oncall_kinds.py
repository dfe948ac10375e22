"""The entry kinds of calling people: the set-up, each page, what came back, who is on duty. Part of the one catalogue.

Comes in: nothing. Goes out: payload classes, joined into `garde.journal.kinds.KINDS`. What others ask for and hear of
calling is in `notice_kinds.py`. A code that acknowledges or decides stands in no entry: a line of a page names the code
that belongs in it, and the hub puts it in as the page leaves; of what comes back a code is masked before it is written.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from garde.journal.payload import Command, Payload
from garde.journal.text import Text


@dataclass(frozen=True, slots=True)
class ChannelNote:
    """One way to reach people, without its secrets."""

    name: str
    kind: str  # key of garde.oncall.channels.CHANNELS
    reach: str  # person | place | nobody
    by: str = ""  # person: what it needs of one: phone | mail | "" (people below)
    people: tuple[str, ...] = ()  # whom it reaches; empty: everybody who has what it needs
    needs: tuple[str, ...] = ()  # machines and services of the estate that it passes through
    outside: bool = False  # leads through a gateway
    address: str = ""  # outside: the address it goes to, where that is one; it may stay open at the gateway
    besides: bool = False  # takes every page, beside the first channel that works
    about: tuple[str, ...] = ()  # place: kinds of calls; empty: every urgent one


@dataclass(frozen=True, slots=True)
class CallRules:
    """How people are called. Seconds throughout."""

    step_s: float = 60.0  # until the next person is called as well
    again_s: float = 300.0  # once everybody was called: until all are called again
    within_s: float = 900.0  # until a call counts as unanswered, where nothing else says so
    bundle_s: float = 1.0  # what comes together within it is one page
    gap_s: float = 15.0  # between two pages to one person
    per_hour: int = 20  # pages to one person; past it only the first of an urgent call
    code_s: float = 43_200.0  # how long a code counts
    quiet: str = "22:00-07:00"  # what is not urgent waits for the end; "" never
    test: str = "Mon 10:00"  # weekly test call; "" none
    roles: tuple[str, ...] = ("on_call_it", "it_director", "crisis_coordinator")  # in this order
    link: str = ""  # of the console, as a telephone in the house reaches it: stands on each page; "" none


@dataclass(frozen=True, slots=True)
class CallingSet(Payload):
    """How people are called from here on."""

    sha256: str  # of what follows, in hex
    channels: tuple[ChannelNote, ...]
    rules: CallRules


@dataclass(frozen=True, slots=True)
class PageLine:
    """One line of a page. `code` names what the hub puts in place of each `########`; "" where none belongs in it."""

    text: str
    code: str = ""  # notice|person|generation


@dataclass(frozen=True, slots=True, kw_only=True)
class PageAsked(Command):
    """One page, to one person or place, over one channel."""

    channel: str
    person: str  # estate id; "" for a place
    address: str  # telephone, mail address; "" where the channel knows itself
    language: str
    notices: tuple[str, ...]  # what it is about
    lines: tuple[PageLine, ...]
    purpose: str  # call | told | test | tree
    turn: int = 0  # how often this person was called about it, this time included; 0: for information, or a place


@dataclass(frozen=True, slots=True)
class PageLost(Payload):
    """A page that a channel had taken over did not leave after all."""

    page: str  # id of its command
    channel: str
    reason: str


@dataclass(frozen=True, slots=True)
class ChannelAlive(Payload):
    """A channel works (again)."""

    channel: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ChannelSilent(Payload):
    """A channel gives no sign of life: an alarm."""

    channel: str
    reason: str


@dataclass(frozen=True, slots=True)
class CodeGiven(Payload):
    """A code of ours came back. Whether it still counts is decided by what follows."""

    notice: str
    person: str  # whose code it is (estate id)
    generation: int  # of what was asked when the page was sent
    meaning: str  # ack | yes | no
    how: str  # sms | console | code | phone
    channel: str = ""
    by: str = ""  # console, phone: the login that typed it
    known: bool = True  # it came from a number of that person, or was typed by somebody signed in


@dataclass(frozen=True, slots=True)
class ReplyRefused(Payload):
    """Something came back that does not count."""

    channel: str
    sender: Text
    reason: str
    notice: str = ""


@dataclass(frozen=True, slots=True)
class DutyChanged(Payload):
    """Somebody stands in for whoever the rota names."""

    duty: str  # id
    role: str
    people: tuple[str, ...]
    since: float  # wall seconds
    until: float
    by: str  # login
    note: Text = field(default_factory=Text)


@dataclass(frozen=True, slots=True)
class DutyDropped(Payload):
    """A change of the rota no longer counts."""

    duty: str
    by: str


@dataclass(frozen=True, slots=True)
class CallTestAsked(Payload):
    """A real call to whoever is on duty, to see that it gets through."""

    test: str  # id
    by: str  # login; "" for the weekly one


@dataclass(frozen=True, slots=True)
class CallTestEnded(Payload):
    """What became of a test call."""

    test: str
    took: tuple[str, ...]  # channels that took their page
    failed: tuple[str, ...]  # channels that did not
    person: str  # who acknowledged; "" nobody
    after_s: float  # seconds until then


ONCALL_KINDS: dict[str, type[Payload]] = {
    "calling_set": CallingSet,
    "page_asked": PageAsked,
    "page_lost": PageLost,
    "channel_alive": ChannelAlive,
    "channel_silent": ChannelSilent,
    "code_given": CodeGiven,
    "reply_refused": ReplyRefused,
    "duty_changed": DutyChanged,
    "duty_dropped": DutyDropped,
    "call_test_asked": CallTestAsked,
    "call_test_ended": CallTestEnded,
}

"""What comes back: codes, by SMS, typed at the console, or told to the switchboard.

Comes in: replies of channels, and what people typed. Goes out: `reply_received` with its numbers made unreadable,
`code_given` where a code of ours was in it, `reply_refused` where none was. Whether a code still counts the policy
decides. Only here are codes compared: they are worked out anew from the hub's secret for every call that is remembered.
Rules, one test each:

1. Who sends too many wrong codes is not listened to for a time; nor is any number that is nobody's, once too many came
   from everywhere. Telephones of the estate are still heard then.
2. Two codes in one reply are acknowledgements: a yes must leave no doubt which cut is meant.
3. A flood of replies does not fill the journal: what is not listened to is written once a minute.
4. A number is a person's by its last nine digits, however it is written.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Final

from garde.clock import Clock
from garde.errors import Refused, UsageError
from garde.estate.look import Lookup
from garde.hub.loop import Loop
from garde.journal.entry import Entry
from garde.journal.notice_kinds import ReplyReceived
from garde.journal.oncall_kinds import CodeGiven, ReplyRefused
from garde.journal.payload import Payload
from garde.journal.text import Text
from garde.oncall.channels.base import Reply
from garde.oncall.codes import ACK, Slot, code_of, codes_in, masked, meaning_of
from garde.oncall.memory import State

WRONG: Final = 5  # of one sender
WRONG_ALL: Final = 30  # of all together
WINDOW_S: Final = 900.0
QUIET_S: Final = 60.0  # between two entries about who is not listened to
MOST_CODES: Final = 3  # in one reply
DIGITS: Final = 9  # of a number that are compared: the rest is how it is written
NO_CODE: Final = "no code in it"
UNKNOWN: Final = "no code of an open call"
TOO_MANY: Final = "too many wrong codes: wait"
HOW: Final = "sms"


class Throttle:
    """How many wrong codes came from whom."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._wrong: dict[str, deque[float]] = {}
        self._all: deque[float] = deque()

    def bars(self, sender: str, known: bool) -> bool:
        """Whether this sender is not listened to now."""
        self._forget()
        return len(self._wrong.get(sender, ())) >= WRONG or (not known and len(self._all) >= WRONG_ALL)

    def wrong(self, sender: str) -> None:
        """Count one."""
        now = self._clock.monotonic()
        self._wrong.setdefault(sender, deque(maxlen=WRONG)).append(now)
        self._all.append(now)

    def _forget(self) -> None:
        before = self._clock.monotonic() - WINDOW_S
        while self._all and self._all[0] < before:
            self._all.popleft()
        for sender, times in list(self._wrong.items()):
            while times and times[0] < before:
                times.popleft()
            if not times:
                del self._wrong[sender]


class Replies:
    """See the module. Safe from any thread."""

    def __init__(self, secret: bytes, clock: Clock, loop: Callable[[], Loop]) -> None:
        self._secret, self._clock, self._loop = secret, clock, loop
        self._throttle = Throttle(clock)
        self._noted: dict[str, float] = {}
        self._lock = threading.Lock()

    # --- over a channel ---

    def take(self, channel: str, reply: Reply) -> bool:
        """Write a reply down and what it means; False where the journal cannot be written: it comes again."""
        with self._lock:
            payloads = self._read(channel, reply)
        try:
            if payloads:
                self._loop().append(payloads)
        except OSError:
            return False
        return True

    def _read(self, channel: str, reply: Reply) -> list[Payload]:
        look = self._loop().estate
        known = owner_of(look, reply.sender) != ""
        if self._throttle.bars(number(reply.sender), known):
            return self._not_heard(channel, reply)
        codes = codes_in(reply.text)[:MOST_CODES]
        slots = [found for code in codes if (found := self._slot(code)) is not None]
        heard: list[Payload] = [ReplyReceived(channel, Text(reply.sender[:64]), Text(masked(reply.text)))]
        if not slots:
            if codes:
                self._throttle.wrong(number(reply.sender))
            return [*heard, ReplyRefused(channel, Text(reply.sender[:64]), UNKNOWN if codes else NO_CODE)]
        meaning = meaning_of(reply.text) if len(codes) == 1 else ACK
        return [
            *heard,
            *(
                CodeGiven(
                    each.notice, each.person, each.generation, meaning, HOW, channel,
                    known=each.person in owners(look, reply.sender),
                )
                for each in slots
            ),
        ]  # fmt: skip

    def _not_heard(self, channel: str, reply: Reply) -> list[Payload]:
        now = self._clock.monotonic()
        if now - self._noted.get(channel, float("-inf")) < QUIET_S:
            return []
        self._noted[channel] = now
        return [ReplyRefused(channel, Text(reply.sender[:64]), TOO_MANY)]

    # --- typed ---

    def give(self, typed: str, meaning: str, how: str, by: str) -> list[Entry]:
        """Take a code that somebody signed in has typed. UsageError for a slip, Refused where it does not count."""
        codes = codes_in(typed)
        if len(codes) != 1:
            raise UsageError("that is no code: a digit is wrong or missing", "type its nine digits again")
        with self._lock:
            if self._throttle.bars(f"login {by}", known=True):
                raise Refused("too many wrong codes: wait a quarter of an hour", "or decide at the console")
            slot = self._slot(codes[0])
            if slot is None:
                self._throttle.wrong(f"login {by}")
        if slot is None:
            raise Refused("no open call has this code", "ask for the last page, and read it again")
        given = CodeGiven(slot.notice, slot.person, slot.generation, meaning, how, by=by)
        written = self._loop().append([given], who=f"person/{by}")
        refused = next((each.payload for each in written if isinstance(each.payload, ReplyRefused)), None)
        if refused is not None:
            raise Refused(refused.reason, "see the calls at the console")
        return written

    # --- codes ---

    def _slot(self, code: str) -> Slot | None:
        """Return whose code it is; None where it is nobody's, or (once in a long while) two people's."""
        found = [each for each in self._loop().look("oncall", slots_of) if code_of(self._secret, each) == code]
        return found[0] if len(found) == 1 else None


def slots_of(state: State) -> list[Slot]:
    """Return every code that may come back: also of what is over, so that the answer says so."""
    return [
        Slot(call.notice, person, generation)
        for call in state.calls.values()
        for person in call.paged
        for generation in range(1, call.generation + 1)
    ]


def owners(look: Lookup, sender: str) -> set[str]:
    """Return the persons whose number this is."""
    wanted = number(sender)
    return {each.id for each in look.estate.people if wanted and any(number(phone) == wanted for phone in each.phones)}


def owner_of(look: Lookup, sender: str) -> str:
    """Return one of them; "" where it is nobody's number."""
    return min(owners(look, sender), default="")


def number(text: str) -> str:
    """Return what a telephone number is compared by."""
    return "".join(each for each in text if each.isascii() and each.isdigit())[-DIGITS:]

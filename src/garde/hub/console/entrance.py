"""Signing in: the procedure, with its limits.

Comes in: what was typed into the form, and from where. Goes out: a session's cookie, the question for a second step,
or a refusal. It says what is to be written into the journal by `say` (never raising) and shows nothing. Rules:

1. A refusal does not tell a login that there is not from a wrong password, by words or by time.
2. Tries are counted before anything slow is done (`garde.trust.throttle`).
3. An account with an app asks for its code after the password; the password stays good for that for five minutes and
   five codes. A code counts once.
4. Refusals are written, at most one a second in the long run and sixty at once, so that a crowd at the door does not
   fill the journal.
5. Coming in by a code of the envelope is written as such.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from garde.clock import Clock
from garde.hub.console import totp
from garde.hub.console.accounts import BREAK_GLASS, LocalAccounts
from garde.journal.hub_kinds import SignedIn, SignInRefused
from garde.journal.payload import Payload
from garde.journal.text import Text
from garde.trust.throttle import Buckets, Limit, Throttle

SECOND_STEP_S = 300.0
SECOND_STEP_TRIES = 5
OFFER_S = 900.0  # to take a picture with the telephone
_SECOND_STEPS = 1_000  # that wait at one time
_WRITTEN = Limit(60, 1)
_LONGEST = 200  # characters of what was typed as a login, as they are written


@dataclass(frozen=True, slots=True)
class Entered:
    """Come in: the session's cookie."""

    cookie: str
    login: str


@dataclass(frozen=True, slots=True)
class AskCode:
    """The password is right; now the app's code. `ticket` goes into the next form."""

    ticket: str


@dataclass(frozen=True, slots=True)
class Denied:
    """Not come in. `wait_s` is more than 0 where there were too many tries."""

    wait_s: float = 0.0


@dataclass(slots=True)
class _Half:
    """Somebody who has shown the password."""

    login: str
    until: float
    tries: int = SECOND_STEP_TRIES


class Entrance:
    """Methods block for some 150 ms: call them in a thread."""

    def __init__(self, accounts: LocalAccounts, clock: Clock, say: Callable[[Sequence[Payload]], None]) -> None:
        self._accounts, self._clock, self._say = accounts, clock, say
        self._throttle = Throttle(clock)
        self._lock = threading.Lock()
        self._halves: dict[str, _Half] = {}
        self._offers: dict[str, tuple[str, float]] = {}  # login -> (secret of an app, monotonic: until when)
        self._written = Buckets(_WRITTEN, clock)

    def password(self, login: str, password: str, address: str) -> Entered | AskCode | Denied:
        """Try a login and its password."""
        name = login.strip().lower()[:_LONGEST]
        known = self._accounts.is_known_place(name, address)
        wait = self._throttle.try_now(address, name, known=known)
        if wait:
            return self._refuse(login, address, "too many tries", wait)
        found = self._accounts.secrets(name)
        hasher = self._accounts.hasher
        right = hasher.is_same(found.password, password) if found else hasher.is_nobodys(password)
        if found is None or not right:
            return self._refuse(login, address, "no such login, or another password")
        self._throttle.give_back(address, name, known=known)
        if hasher.is_weak(found.password):
            self._accounts.renew_hash(name, found.password, password)
        return self._ask(name) if found.totp else self._let_in(name, "password", address)

    def code(self, ticket: str, typed: str, address: str) -> Entered | AskCode | Denied:
        """Try an app's code after the password."""
        wait = self._throttle.try_now(address)
        with self._lock:
            half = self._halves.get(ticket)
            if half is None or half.until < self._clock.monotonic():
                self._halves.pop(ticket, None)
                return Denied(wait)
            if wait:
                return Denied(wait)
            half.tries -= 1
            if half.tries <= 0:
                del self._halves[ticket]
        found = self._accounts.secrets(half.login)
        step = totp.step_of(found.totp, typed, self._clock.now(), found.totp_last) if found and found.totp else 0
        if not step or not self._accounts.use_step(half.login, step):
            self._refuse(half.login, address, "another code")
            return AskCode(ticket) if half.tries > 0 else Denied()
        with self._lock:
            self._halves.pop(ticket, None)
        self._throttle.give_back(address)
        return self._let_in(half.login, "password", address)

    def break_glass(self, typed: str, address: str) -> Entered | Denied:
        """Try a code of the envelope."""
        wait = self._throttle.try_now(address)
        if wait:
            return self._refuse(BREAK_GLASS, address, "too many tries", wait)
        if not self._accounts.spend_code(typed):
            return self._refuse(BREAK_GLASS, address, "no such code, or used before")
        self._throttle.give_back(address)
        return self._let_in(BREAK_GLASS, BREAK_GLASS, address)

    def is_password(self, login: str, password: str, address: str) -> bool:
        """Whether this is the password of somebody who is in already and wants to change what matters."""
        if self._throttle.try_now(address, login, known=True):
            return False
        found = self._accounts.secrets(login)
        right = found is not None and self._accounts.hasher.is_same(found.password, password)
        if right:
            self._throttle.give_back(address, login, known=True)
        return right

    def offer_app(self, login: str) -> str:
        """Return a new secret for an app; it counts once one of its codes was right."""
        with self._lock:
            self._offers[login] = (totp.new_secret(), self._clock.monotonic() + OFFER_S)
            return self._offers[login][0]

    def offered_app(self, login: str) -> str:
        """Return the secret that was offered, "" where that is too long ago."""
        with self._lock:
            secret, until = self._offers.get(login, ("", 0.0))
        return secret if until >= self._clock.monotonic() else ""

    # --- inside ---

    def _ask(self, login: str) -> AskCode:
        ticket, now = secrets.token_urlsafe(24), self._clock.monotonic()
        with self._lock:
            self._halves = {key: half for key, half in self._halves.items() if half.until >= now}
            while len(self._halves) >= _SECOND_STEPS:
                del self._halves[next(iter(self._halves))]
            self._halves[ticket] = _Half(login, now + SECOND_STEP_S)
        return AskCode(ticket)

    def _let_in(self, login: str, how: str, address: str) -> Entered:
        cookie = self._accounts.begin(login, how, address)
        self._say([SignedIn(login, how, address)])
        return Entered(cookie, login)

    def _refuse(self, login: str, address: str, reason: str, wait: float = 0.0) -> Denied:
        with self._lock:
            written = not self._written.wait("")
            if written:
                self._written.take("")
        if written:
            self._say([SignInRefused(Text(login[:_LONGEST]), address, reason)])
        return Denied(wait)

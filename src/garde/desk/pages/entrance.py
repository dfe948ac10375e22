"""Signing in at the desk's pages, with its limits.

Comes in: what was typed, and from where. Goes out: a session's cookie, or how long to wait. A refusal does not tell a
login that there is not from a wrong password, by words or by time; tries are counted before anything slow is done.
Methods block for some 150 ms: call them in a thread.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from garde.clock import Clock
from garde.desk.pages.accounts import Accounts
from garde.trust.throttle import Buckets, Limit, Throttle

_NOTED = Limit(60, 1)  # refusals that are written down: a crowd at the door must not fill the store
_LONGEST = 64


@dataclass(frozen=True, slots=True)
class Denied:
    """Not come in. `wait_s` is more than 0 where there were too many tries."""

    wait_s: float = 0.0


class Entrance:
    """The door. `note(kind, what)` writes down who came in and who did not."""

    def __init__(self, accounts: Accounts, clock: Clock, note: Callable[[str, str], None]) -> None:
        self._accounts, self._note = accounts, note
        self._throttle = Throttle(clock)
        self._noted = Buckets(_NOTED, clock)

    def try_password(self, login: str, password: str, address: str) -> str | Denied:
        """Return the cookie of a new session, or how it was denied."""
        name = login.strip().lower()[:_LONGEST]
        wait = self._throttle.try_now(address, name)
        if wait:
            return self._deny(name, address, wait)
        kept, hasher = self._accounts.password_of(name), self._accounts.hasher
        right = hasher.is_same(kept, password) if kept else hasher.is_nobodys(password)
        if not right:
            return self._deny(name, address)
        self._throttle.give_back(address, name)
        self._note("signed in", f"{name} from {address}")
        return self._accounts.begin(name)

    def _deny(self, name: str, address: str, wait: float = 0.0) -> Denied:
        if not self._noted.wait(""):
            self._noted.take("")
            self._note("sign-in refused", f"{name} from {address}")
        return Denied(wait)

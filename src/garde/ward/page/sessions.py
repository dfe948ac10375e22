"""Who has entered a PIN at the page: in memory, and for as long as somebody is there.

Comes in: a name that was found right. Goes out: a token for the browser's cookie, and whose it is. A session ends after
ten minutes without a request of a person's own, when told, and with the program. Safe between threads.
"""

from __future__ import annotations

import hmac
import secrets
import threading
from dataclasses import dataclass
from typing import Final

from garde.clock import Clock

IDLE_S: Final = 600.0
MOST: Final = 50
COOKIE: Final = "garde-ward"


@dataclass(slots=True)
class Session:
    """One browser."""

    name: str
    csrf: str
    seen: float  # monotonic


class Sessions:
    """All of them."""

    def __init__(self, clock: Clock) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._all: dict[str, Session] = {}

    def begin(self, name: str) -> str:
        """Return a new session's token."""
        token = secrets.token_urlsafe(24)
        with self._lock:
            self._forget_old()
            while len(self._all) >= MOST:
                del self._all[min(self._all, key=lambda each: self._all[each].seen)]
            self._all[token] = Session(name, secrets.token_urlsafe(18), self._clock.monotonic())
        return token

    def find(self, token: str, *, quiet: bool = False) -> Session | None:
        """Return whose it is; `quiet`: the page asks by itself, nobody needs to be there."""
        with self._lock:
            self._forget_old()
            found = self._all.get(token)
            if found and not quiet:
                found.seen = self._clock.monotonic()
            return found

    def end(self, token: str) -> None:
        with self._lock:
            self._all.pop(token, None)

    def _forget_old(self) -> None:
        now = self._clock.monotonic()
        self._all = {token: each for token, each in self._all.items() if now - each.seen < IDLE_S}


def is_its_own(session: Session, csrf: str) -> bool:
    """Say whether a form came from a page of this session."""
    return hmac.compare_digest(session.csrf.encode(), csrf.encode("utf-8", "replace"))

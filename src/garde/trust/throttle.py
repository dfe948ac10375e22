"""How often somebody may try to sign in. Rules:

1. From one address (IPv6: its /64) there are ten wrong tries, then one more every ten seconds.
2. For one login, from anywhere together, there are thirty wrong tries, then one more every thirty seconds.
3. Rule 2 does not bind an address that the login has signed in from before: nobody can lock the administrator out of
   the workstation that is used every day.
4. A right password gives its try back.

Comes in: an address, a login. Goes out: seconds to wait, 0 where the try may be made. It remembers in memory only, at
most `ROOM` addresses and logins; the one that has been quiet longest is forgotten first.
"""

from __future__ import annotations

import ipaddress
import threading
from collections import OrderedDict
from dataclasses import dataclass

from garde.clock import Clock

ROOM = 10_000


@dataclass(frozen=True, slots=True)
class Limit:
    """So many at once, then one every so many seconds."""

    at_once: int
    every_s: float


PER_ADDRESS = Limit(10, 10)
PER_LOGIN = Limit(30, 30)


class Buckets:
    """One limit, counted for each key apart."""

    def __init__(self, limit: Limit, clock: Clock, room: int = ROOM) -> None:
        self._limit, self._clock, self._room = limit, clock, room
        self._full_at: OrderedDict[str, float] = OrderedDict()  # monotonic: when all tries are there again

    def wait(self, key: str) -> float:
        """Return the seconds until there is a try; 0: now."""
        empty_until = self._full_at.get(key, 0.0) - self._limit.every_s * (self._limit.at_once - 1)
        return max(empty_until - self._clock.monotonic(), 0.0)

    def take(self, key: str) -> None:
        """Use up one try."""
        now = self._clock.monotonic()
        self._full_at[key] = max(self._full_at.get(key, now), now) + self._limit.every_s
        self._full_at.move_to_end(key)
        while len(self._full_at) > self._room:
            self._full_at.popitem(last=False)

    def give_back(self, key: str) -> None:
        """Undo one `take`."""
        if key in self._full_at:
            self._full_at[key] -= self._limit.every_s


class Throttle:
    """Safe to call from any thread."""

    def __init__(self, clock: Clock) -> None:
        self._lock = threading.Lock()
        self._addresses = Buckets(PER_ADDRESS, clock)
        self._logins = Buckets(PER_LOGIN, clock)

    def try_now(self, address: str, login: str = "", *, known: bool = False) -> float:
        """Take a try and return 0, or take none and return the seconds to wait. `known`: see rule 3."""
        place, name = place_of(address), "" if known else login
        with self._lock:
            wait = max(self._addresses.wait(place), self._logins.wait(name) if name else 0.0)
            if not wait:
                self._addresses.take(place)
                if name:
                    self._logins.take(name)
        return wait

    def give_back(self, address: str, login: str = "", *, known: bool = False) -> None:
        """The try was right."""
        with self._lock:
            self._addresses.give_back(place_of(address))
            if login and not known:
                self._logins.give_back(login)


def place_of(address: str) -> str:
    """Return what counts as one place: an IPv4 address, or the /64 of an IPv6 one."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:64]
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((int(found) >> 64 << 64, 64)).network_address)
    return str(found)

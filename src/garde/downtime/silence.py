"""Is the feed alive? A census is worth what it was fed, and a feed that stops says nothing. The rules:

1. A desk that has heard nothing at all yet is *waiting*; after `silent_s` it is *silent* as well.
2. A feed is *silent* when nothing was received for `silent_s`; it is *heard* again with the next message.
3. A sending system that usually speaks and has not for `sender_s` is silent by itself, while others go on.
4. A clock that goes back silences nobody, and wakes nobody.

Comes in: when messages came, and what time it is. Goes out: `Freshness`. It rings no bell.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

SILENT_S = 3600.0  # a hospital of 160 beds says something every minute, at 03:00 every few
SENDER_S = 6 * 3600.0  # one system: laboratories have quiet hours


class Feed(Enum):
    """How the feed stands."""

    WAITING = "waiting"
    HEARD = "heard"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class Freshness:
    """How old the newest word is."""

    feed: Feed
    newest: float | None  # when the newest message was received
    age_s: float | None
    silent: tuple[str, ...] = ()  # senders that have fallen silent by themselves


def freshness(
    newest: float | None,
    since: float,
    now: float,
    senders: Mapping[str, float],
    *,
    silent_s: float = SILENT_S,
    sender_s: float = SENDER_S,
) -> Freshness:
    """Return how the feed stands. `since`: when this desk began to listen; `senders`: when each was last received."""
    age = None if newest is None else max(0.0, now - newest)
    waited = now - since if newest is None else age or 0.0
    feed = Feed.SILENT if waited >= silent_s else Feed.WAITING if newest is None else Feed.HEARD
    silent = tuple(sorted(name for name, last in senders.items() if now - last >= sender_s))
    return Freshness(feed, newest, age, silent)

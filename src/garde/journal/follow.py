"""One entry brings about others, all in one transaction: the middle of the hub's loop.

Comes in: payloads, and a function that says what an entry brings about. Goes out: every entry in the order in which it
was written. Each is handed to the function as soon as it stands, followers included; what it answers waits behind what
waits already. A command gets its id here: the hash of its cause and its place among what that cause brought about, so
that a replay of the same entries gives the same ids. Nothing is stored here.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections import deque
from collections.abc import Callable, Iterable

from garde.journal.entry import Entry
from garde.journal.payload import Command, Payload

Follow = Callable[[Entry], Iterable[Payload]]
Write = Callable[[Payload, float | None, str], Entry]  # payload, time (None: now), who ("": the store's own)

FOLLOWERS = 10_000  # of one call: a hundred machines with a hundred orders each; past it two rules answer each other
COMMAND_ID = 32  # hex digits: 128 bits


def write_all(
    payloads: Iterable[tuple[Payload, float | None]], who: str, follow: Follow | None, write: Write
) -> list[Entry]:
    """Write the payloads and whatever follows from them.

    Raises ValueError or TypeError where one of the payloads cannot be written, and RuntimeError where what follows
    cannot, or comes to no end: there the rules are at fault, and the payloads themselves can still be kept.
    """
    own = [(payload, at, who) for payload, at in payloads]
    waiting = deque(own)
    written: list[Entry] = []
    followers = 0
    while waiting:
        try:
            entry = write(*waiting.popleft())
        except (ValueError, TypeError) as error:
            if len(written) < len(own):
                raise
            raise RuntimeError(f"what followed cannot be written: {error}") from error
        written.append(entry)
        if follow is None:
            continue
        for index, payload in enumerate(follow(entry)):
            followers += 1
            if followers > FOLLOWERS:
                raise RuntimeError(f"more than {FOLLOWERS} entries followed from one call: the last was {entry.kind}")
            waiting.append((with_command(payload, entry, index), None, ""))
    return written


def with_command(payload: Payload, cause: Entry, index: int) -> Payload:
    """Return the payload; where it is a command without an id, with its id and its cause."""
    if not isinstance(payload, Command) or payload.command:
        return payload
    return dataclasses.replace(payload, command=command_id(cause.hash, index), cause=cause.seq)


def command_id(cause: str, index: int) -> str:
    """Return the id of a command from the hash of its cause and its place among the cause's followers."""
    return hashlib.sha256(f"{cause}:{index}".encode()).hexdigest()[:COMMAND_ID]

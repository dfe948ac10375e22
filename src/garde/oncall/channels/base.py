"""One way to reach people: the contract of the channels.

Comes in: a `Page` whose codes are in place. Goes out: what became of it as a value; replies; a sign of life. A channel
knows neither the journal nor who is called next.

Who calls: one thread of the hub for each channel (`garde.hub.calls`), one call at a time; a channel that hangs keeps
nobody but itself. In what order: `hand`, `alive`, `failures` and `replies` in any order, `taken` for a reply after it
is in the journal, `close` at the end. What may come twice: `hand` with the same `Page.id` (the hub was killed before it
could write the outcome); a channel that can know that it had taken the page says `Handed` and hands it over no second
time. Who retries: nobody below the policy, which takes the next channel. What may raise: nothing; whatever goes wrong
is an `Unable` with its reason in one line, and never with a secret in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from garde.journal.oncall_kinds import ChannelNote

TIMEOUT_S: Final = 10.0  # for one answer of whatever stands behind a channel
LONGEST_REASON: Final = 200  # characters


@dataclass(frozen=True, slots=True)
class Page:
    """What is handed over."""

    id: str  # of its command: the same page has the same
    title: str
    lines: tuple[str, ...]
    address: str = ""  # telephone or mail address; "" where the channel knows itself
    person: str = ""  # estate id; "" for a place
    purpose: str = "call"  # call | told | test | tree

    @property
    def text(self) -> str:
        """All of it."""
        return "\n".join(self.lines)


@dataclass(frozen=True, slots=True)
class Handed:
    """It is on its way, as far as the channel can tell."""

    detail: str = ""


@dataclass(frozen=True, slots=True)
class Alive:
    """The channel works, as far as it can tell without calling anybody."""

    detail: str = ""


@dataclass(frozen=True, slots=True)
class Unable:
    """It does not work: the reason, in one line."""

    reason: str


@dataclass(frozen=True, slots=True)
class Reply:
    """Something came back. `id` is the channel's own name for it."""

    id: str
    sender: str
    text: str


class Channel(Protocol):
    """See the module."""

    @property
    def note(self) -> ChannelNote:
        """What the policy needs to know of it: no secret."""
        ...

    def hand(self, page: Page) -> Handed | Unable:
        """Hand a page over; may wait for an answer, with an end."""
        ...

    def alive(self) -> Alive | Unable:
        """Return whether it works, without calling anybody."""
        ...

    def failures(self) -> Sequence[tuple[str, str]]:
        """Return pages taken over that did not leave after all: id and reason, each once."""
        ...

    def replies(self) -> Sequence[Reply]:
        """Return what came back and was not taken yet."""
        ...

    def taken(self, reply: Reply) -> None:
        """The reply is in the journal: it is not returned again."""
        ...

    def close(self) -> None:
        """End; may be called twice."""
        ...


class OneWay:
    """What channels without a way back share."""

    def failures(self) -> Sequence[tuple[str, str]]:
        return ()

    def replies(self) -> Sequence[Reply]:
        return ()

    def taken(self, reply: Reply) -> None:
        pass

    def close(self) -> None:
        pass


def unable(error: BaseException) -> Unable:
    """Return an error as a value: its kind and its own words, shortened."""
    words = " ".join(str(error).split())
    return Unable(f"{type(error).__name__}: {words}"[:LONGEST_REASON] if words else type(error).__name__)

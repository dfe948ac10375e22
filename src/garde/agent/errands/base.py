"""What an errand is: one function a verb, and the words in which it says no.

Comes in: a `Job`, the order with what it needs on its way. Goes out: payloads; the last of them are outcomes. The
contract, in words:

* The executor calls it in a thread of the errand's lane, once, and again after a crash with `again` set: then the work
  goes on where its own notes on the disk say, or begins anew. It must bear being killed anywhere.
* It yields what is told as it comes (`point_judged`) and, at its end, at least one outcome (`RECOVERY_OUTCOMES`,
  `FORENSIC_OUTCOMES`). What an outcome says is true when it is yielded.
* It raises `ErrandRefused` where it can't, or `GardeError`; anything else that it raises is refused as `FAILED`.
* `progress` may be called as often as it likes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from garde.journal.payload import Payload
from garde.model.order import Order, Verb

Progress = Callable[[int, int], None]  # done, of so many; 0: unknown


class Code(StrEnum):
    """Why an errand was refused, where no other part of the program has said it."""

    EXPIRED = "EXPIRED"  # its time was over before it was begun
    OBSERVING = "OBSERVING"  # this agent only watches
    MALFORMED = "MALFORMED"  # an argument is missing or none of the known ones
    UNKNOWN_VERB = "UNKNOWN-VERB"  # not done here
    UNKNOWN_STORE = "UNKNOWN-STORE"
    UNKNOWN_POINT = "UNKNOWN-POINT"
    UNAVAILABLE = "UNAVAILABLE"  # what it needs is not there
    FAILED = "FAILED"


class ErrandRefused(Exception):
    """It was not done, and why."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(f"{code}: {reason}")
        self.code, self.reason = code, reason


@dataclass(frozen=True, slots=True)
class Job:
    """One errand on its way."""

    order: Order
    progress: Progress = lambda done, total: None
    again: bool = False  # it was begun before, by a process that has ended


Errand = Callable[[Job], Iterator[Payload]]


class Lane(StrEnum):
    """Errands of one lane wait for each other, and for nothing else."""

    NOW = "now"  # seconds, and it matters when
    SHORT = "short"  # minutes
    LONG = "long"  # hours
    LIST = "list"  # seconds, but it waits for the hub


LANES = {
    Verb.FREEZE: Lane.NOW,
    Verb.THAW: Lane.NOW,
    Verb.RAISE: Lane.NOW,
    Verb.SWEEP: Lane.SHORT,
    Verb.LOOK: Lane.SHORT,
    Verb.BASELINE: Lane.SHORT,
    Verb.GATHER: Lane.SHORT,
    Verb.FLOWS: Lane.SHORT,
    Verb.WATCH_FOR: Lane.LIST,
    Verb.JUDGE: Lane.LONG,
    Verb.RESTORE: Lane.LONG,
}

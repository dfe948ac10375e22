"""The errand restore: a point brought to a scratch place, compared with its store, and put in place where wanted.

Comes in: a job, the stores of this machine. Goes out: `point_restored`. Rules, one test each:

1. Nothing is put in place before all of the point was brought, and compares with its store as a whole.
2. What was put in place is said to the core: the files are to be known as they are now.
3. Killed in the middle, it is asked of the store once more; the store goes on or begins anew, and moves nothing twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from garde.agent.errands.base import Code, ErrandRefused, Job, Progress
from garde.agent.errands.stores import faults, find_point, find_store
from garde.clock import Clock
from garde.journal.payload import Payload
from garde.journal.recovery_kinds import PointRestored
from garde.journal.text import Text, plain
from garde.model.order import Order
from garde.recovery.points.base import Brought, Placed, Point, Store, Verified

PLACES = ("scratch", "place")
NOT_PLACED = "not put in place: it could not be brought and compared as a whole"
_SAID = 5  # files that failed and are named
_WORDS_MOST = 500


@dataclass(slots=True)
class _Way:
    """How far it has come."""

    store: Store
    point: Point
    scratch: Path
    brought: Brought
    verified: Verified
    placed: Placed | None = None


def restore(job: Job, state: Path, clock: Clock, changed: Callable[[bytes], None]) -> Iterator[Payload]:
    """Do it; raises ErrandRefused for an unknown store or point, and for what the store can't do."""
    order = job.order
    if order.where not in PLACES:
        raise ErrandRefused(Code.MALFORMED, f"where is {plain(order.where)!r}, not one of {', '.join(PLACES)}")
    store = find_store(state, order.store, clock)
    with faults(order.store):
        way = _bring(store, find_point(store, order.point), job.progress)
        if order.where == "place" and not way.brought.failed and way.verified.whole:
            way.placed = store.place(way.point, way.scratch, _third(job.progress, 2))
            changed(way.placed.place)
    yield _restored(order, way)


def _bring(store: Store, point: Point, progress: Progress) -> _Way:
    scratch = store.scratch(point)
    brought = store.restore(point, scratch, _third(progress, 0))
    return _Way(store, point, scratch, brought, store.verify(point, scratch, _third(progress, 1)))


def _third(progress: Progress, number: int) -> Progress:
    """Bringing, comparing and placing each go from nothing to all: shown as thirds of the whole."""

    def said(done: int, total: int) -> None:
        progress(number * total + done, 3 * total)

    return said


def _restored(order: Order, way: _Way) -> PointRestored:
    brought, verified, placed = way.brought, way.verified, way.placed
    skipped = (*brought.skipped, *verified.skipped, *(placed.skipped if placed else ()))
    left = order.where == "place" and placed is None
    details = [NOT_PLACED if left else "", brought.detail, verified.detail, placed.detail if placed else ""]
    details += [f"{each.what}: {each.reason}" for each in skipped[:_SAID]]
    return PointRestored(
        command=order.command,
        store=way.store.settings.id,
        point=order.point,
        where=order.where,
        files=brought.files,
        bytes=brought.bytes,
        failed=brought.failed + verified.wrong + (placed.failed if placed else 0),
        verified=verified.whole,
        restored_to=brought.restored_to,
        seconds=round(brought.seconds + (placed.seconds if placed else 0.0), 3),
        verify_seconds=round(verified.seconds, 3),
        place=Text(placed.place if placed else str(way.scratch)),
        evidence=Text(placed.evidence if placed else b""),
        detail=plain("; ".join(filter(None, details)))[:_WORDS_MOST],
    )

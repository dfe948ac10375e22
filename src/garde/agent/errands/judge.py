"""The errand judge: the points of a store, or of all stores, looked at and judged one by one.

Comes in: a job, the stores of this machine. Goes out: `point_judged` for each, the oldest first, and `points_judged` at
the end of each store. Rules, one test each:

1. A point is told as soon as it is judged.
2. "" is every store here; a store or a point that is not known is refused.
3. A store that can't be read ends with no points and the reason; the next one is judged all the same.
4. What is looked at is swept with the rules and indicators of the gate (`gate.toml`); where that can't be done, the end
   says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from garde.agent.errands.base import Code, ErrandRefused, Job
from garde.agent.errands.stores import faults, find_point, find_store, open_all
from garde.clock import Clock
from garde.journal.payload import Payload
from garde.journal.recovery_kinds import PointsJudged
from garde.recovery.judging import Judging
from garde.recovery.points.base import Store

if TYPE_CHECKING:
    from garde.recovery.checks.scan import Scan


def judge(job: Job, state: Path, clock: Clock) -> Iterator[Payload]:
    """Judge; raises ErrandRefused, SettingsError."""
    from garde.recovery.checks.config import read_gate
    from garde.recovery.checks.scan import Scan

    with Scan(Path(read_gate(state).rules)) as scan:
        yield from _judge(job, state, clock, scan)


def _judge(job: Job, state: Path, clock: Clock, scan: Scan) -> Iterator[Payload]:
    order = job.order
    stores = _chosen(order.store, state, clock)
    if order.point:
        with faults(order.store):
            find_point(stores[0], order.point)
    ends: list[PointsJudged] = []
    for number, store in enumerate(stores):
        job.progress(number, len(stores))
        for said in Judging(store, since=order.since, clock=clock, scan=scan).run(order.command, order.point):
            if isinstance(said, PointsJudged):
                ends.append(replace(said, seconds=round(said.seconds, 3)))
            else:
                yield said
    yield from (replace(end, detail="; ".join(filter(None, (end.detail, scan.why)))) for end in ends)


def _chosen(name: str, state: Path, clock: Clock) -> Sequence[Store]:
    if name:
        return [find_store(state, name, clock)]
    found = open_all(state, clock)
    if not found:
        raise ErrandRefused(Code.UNKNOWN_STORE, "no stores here")
    return found

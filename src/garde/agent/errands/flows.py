"""The errand flows: look back at what left, as far as this machine's flow sources saw it.

Comes in: a job with two times and the addresses that are suspected. Goes out: `egress_seen`, `path_seen`, and at the
end one `egress_looked` for each source. Rules, one test each:

1. It waits a moment for records that are still on their way: an upload that ended before the first damage must be in
   the answer.
2. Where no source is set up it is refused, with that as the reason: nobody must take it for "nothing left".
3. A source that the settings name and that never saw is answered for as blind.
4. Times are told in hub time.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from garde.agent.errands.base import Code, ErrandRefused, Job
from garde.clock import Clock
from garde.journal.forensic_kinds import EgressLooked, EgressSeen, PathSeen
from garde.journal.payload import Payload

PATIENCE_S = 20.0  # beyond the delay that a source's settings name
LOOK_BACK_S = 86_400.0  # where no first harm is known
_TURN_S = 0.5
_TIMES = frozenset({"since", "until", "first", "last"})


def flows(job: Job, state: Path, clock: Clock, offset: float) -> Iterator[Payload]:
    """Look back; `offset`: the hub's time minus this machine's. Raises ErrandRefused, SettingsError."""
    from garde.forensics.egress.config import read_flows
    from garde.forensics.egress.look import look
    from garde.forensics.egress.nouns import Inside
    from garde.forensics.egress.question import Question
    from garde.forensics.egress.sockets import open_paths
    from garde.forensics.egress.store import FILE, FlowStore

    settings = read_flows(state)
    if not settings.source or not (state / FILE).exists():
        raise ErrandRefused(Code.UNAVAILABLE, "no flow source is set up here: this machine can't say what left")
    order, now = job.order, clock.now()
    until = min(order.until or now, now)
    since = min(order.since or until - LOOK_BACK_S, until)
    try:
        store = FlowStore(state / FILE, read_only=True)
    except sqlite3.Error as error:
        raise ErrandRefused(Code.FAILED, f"the flow records can't be opened: {error}") from error
    try:
        _await(store, {each.id: each.delay for each in settings.source}, until, clock)
        for path in open_paths(order.addresses, Inside(settings.inside), clock.now(), order.command):
            yield _in_hub_time(path, offset)
        for said in look(store, settings, Question(order.command, since, until, frozenset(order.addresses))):
            yield _in_hub_time(said, offset)
    except sqlite3.Error as error:
        raise ErrandRefused(Code.FAILED, f"the flow records can't be read: {error}") from error
    finally:
        store.close()


def _await(store: Any, delays: dict[str, float], until: float, clock: Clock) -> None:
    """Wait until every source that is alive has come so far (rule 1)."""
    seen = store.sources()
    alive = {name for name, each in seen.items() if name in delays and each.alive >= until - 60.0}
    waits = max((delays[name] for name in alive), default=0.0) + PATIENCE_S
    end = time.monotonic() + min(waits, max(0.0, until + waits - clock.now()))
    while time.monotonic() < end:
        seen = store.sources()
        if all(seen[name].alive >= until + delays[name] for name in alive):
            return
        time.sleep(_TURN_S)


def _in_hub_time(said: EgressSeen | PathSeen | EgressLooked, offset: float) -> Payload:
    if not offset:
        return said
    moved: dict[str, Any] = {
        each.name: getattr(said, each.name) + offset for each in fields(said) if each.name in _TIMES
    }
    if isinstance(said, EgressLooked):
        moved["blind"] = tuple(
            replace(each, since=each.since + offset, until=each.until + offset) for each in said.blind
        )
    return replace(said, **moved)

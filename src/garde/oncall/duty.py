"""Who is on duty: the rota with its overrides.

Comes in: the estate, overrides, a moment (wall seconds), a role. Goes out: persons' ids in the order in which they are
called; and when the answer changes next. Hours are by the clock on the hub's wall: pure but for the machine's time
zone. Rules, one test each:

1. The lines of the rota that hold now count, in the order of the file; in a line the first is called first.
2. An override in force stands before the rota; the people of the rota follow, so that nobody is lost by a slip.
3. Where no line holds now, whoever else has the role is called: an hour that nobody covers must not be silent.
4. A person is named once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from garde.estate.hours import read_hours
from garde.estate.look import Lookup
from garde.oncall.memory import Override

LOOK_AHEAD = timedelta(days=8)  # the rota is weekly: after so long nothing new comes
STEP = timedelta(minutes=1)  # the finest that its hours know


def on_duty(look: Lookup, overrides: Mapping[str, Override], role: str, at: float) -> tuple[str, ...]:
    """Return who is called for a role at this moment, in order."""
    standing_in = [each for each in overrides.values() if each.role == role and each.since <= at < each.until]
    latest_first = sorted(standing_in, key=lambda each: -each.since)
    named = [person for each in latest_first for person in each.people]
    found = _known(look, [*named, *_by_rota(look, role, local(at))])
    return found or _known(look, (each.id for each in look.estate.people if role in each.roles))


def next_change(look: Lookup, overrides: Mapping[str, Override], role: str, at: float) -> float:
    """Return the wall seconds at which another is called first, within a week; 0 where that is always the same."""
    now = on_duty(look, overrides, role, at)
    moment = local(at).replace(second=0, microsecond=0)
    edges = sorted({each for it in overrides.values() for each in (it.since, it.until) if each > at})
    hours = [read_hours(line.hours) for line in look.duty(role) if line.hours]
    minutes = {edge % (7 * 24 * 60) for each in hours for span in each.spans for edge in span}
    if minutes:
        while (moment := moment + STEP) < local(at) + LOOK_AHEAD:
            if _minute(moment) in minutes:
                edges.append(moment.timestamp())
    return next((edge for edge in sorted(edges) if on_duty(look, overrides, role, edge)[:1] != now[:1]), 0.0)


def local(at: float) -> datetime:
    """Return the time on the wall."""
    return datetime.fromtimestamp(at)


def _minute(moment: datetime) -> int:
    return moment.weekday() * 24 * 60 + moment.hour * 60 + moment.minute


def _by_rota(look: Lookup, role: str, now: datetime) -> Iterable[str]:
    for line in look.duty(role):
        try:
            holds = read_hours(line.hours).holds(now)
        except ValueError:
            holds = True  # hours that nobody can read: better one call too many
        if holds:
            yield from line.people


def _known(look: Lookup, names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in names if name in look.people))

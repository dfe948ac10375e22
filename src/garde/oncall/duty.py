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

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from garde.estate.hours import ALWAYS, Hours, read_hours
from garde.estate.look import Lookup
from garde.estate.nouns import Duty
from garde.oncall.memory import Override


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
    edges = {*_edges(look, role, at), *(each for it in overrides.values() for each in (it.since, it.until))}
    coming = sorted(each for each in edges if each > at)
    return next((edge for edge in coming if on_duty(look, overrides, role, edge)[:1] != now[:1]), 0.0)


def local(at: float) -> datetime:
    """Return the time on the wall."""
    return datetime.fromtimestamp(at)


def _edges(look: Lookup, role: str, at: float) -> Iterator[float]:
    """Yield when a line of the rota begins or ends, in this week and the next: after so long nothing new comes."""
    today = local(at).replace(hour=0, minute=0, second=0, microsecond=0)
    monday = today - timedelta(days=today.weekday())
    for minute in {edge for line in look.duty(role) for edge in _hours(line).edges}:
        for week in (0, 1):
            yield (monday + timedelta(weeks=week, minutes=minute)).timestamp()


def _by_rota(look: Lookup, role: str, now: datetime) -> Iterable[str]:
    for line in look.duty(role):
        if _hours(line).holds(now):
            yield from line.people


def _hours(line: Duty) -> Hours:
    try:
        return read_hours(line.hours)
    except ValueError:
        return ALWAYS  # hours that nobody can read: better one call too many


def _known(look: Lookup, names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in names if name in look.people))

"""Spans of time as a director reads them: `0.4 s`, `12 min`, `3 h 05 min`, `2 days 4 h`.

Comes in: seconds, a speaker. Goes out: `Said`. Pure.
"""

from __future__ import annotations

from garde.journal.speech import Said, Say

_MINUTE, _HOUR = 60.0, 3_600.0
_HOURS = 100  # up to so many: legal times are said in hours, 72 of them


def span(seconds: float, say: Say) -> Said:
    """Return it in the two coarsest units that still say something."""
    seconds = max(seconds, 0.0)
    if seconds < 10:
        return say("{n} s", n=say.tenths(seconds))
    if round(seconds) < _MINUTE:
        return say("{n} s", n=round(seconds))
    minutes = round(seconds / _MINUTE)
    if minutes < 60:
        return say("{n} min", n=minutes)
    if minutes < _HOURS * 60:
        hours, left = divmod(minutes, 60)
        return say("{h} h {m} min", h=hours, m=left) if left else say("{h} h", h=hours)
    days, left = divmod(round(seconds / _HOUR), 24)
    text = say.many("{n} day", "{n} days", days)
    return say("{days} {h} h", days=text, h=left) if left and days < 7 else text


def after(seconds: float, say: Say) -> Said:
    """Return how long after the beginning something was; a little before counts as then."""
    return say("+ {span}", span=span(seconds, say)) if seconds >= 0 else say("{span} before", span=span(-seconds, say))

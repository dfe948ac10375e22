"""The story, with its own times: a Belgian clinic of some 160 beds, 11 March 2019, from what was published about it.

Comes in: nothing. Goes out: the stages that the night can be played to, the story's clock, and what the score is set
beside. 03:00: the on-call service notices a problem. 06:00: it is seen that one machine spreads encryption to the
servers, and access to all servers and to the outside is cut; the emergency plan is triggered, the emergency department
is "au rouge", ambulances go elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass

from garde.errors import UsageError

STAGES = ("cut", "plan", "paper", "morning", "account")
CUT, PLAN, PAPER, MORNING, ACCOUNT = STAGES
PLAYED = STAGES  # those that this version can play
BEGINS = 3 * 3600.0  # seconds after midnight: the first burst
_DAY = 24 * 3600
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that the score measures, and when it came in the story, seconds after the first sign."""

    what: str
    figure: str  # the score's key
    story_s: float | None  # None: nothing is published about it


MOMENTS = (
    Moment("the spreading machine is refused at every server", "refused_everywhere_s", 3 * 3600.0),
    Moment("the servers that it had not touched refuse it", "untouched_refused_s", 3 * 3600.0),
)
# In the story somebody saw it: from the first sign on people knew. Nothing was called or printed by itself.
PLAN_MOMENTS = (
    Moment("the on-call's telephone rings", "called_s", None),
    Moment("the crisis room's printer has a page", "page_printed_s", None),
    Moment("the emergency plan is triggered", "plan_triggered_s", 3 * 3600.0),
)
# "We restart progressively"; "we keep the plan until tomorrow morning, to be sure": Tuesday 12 March.
MORNING_MOMENTS = (Moment("no backup can be shortened any more", "retention_frozen_s", None),)
RESTART_S = 27 * 3600.0  # servers and software come back, one after the other: from Tuesday 06:00 on
LIFTED_S = 35 * 3600.0  # Tuesday afternoon: the plan is about to be lifted


def plays(until: str, stage: str) -> bool:
    """Whether a night that is played so far has this stage in it."""
    return STAGES.index(stage) <= STAGES.index(until)


def check_stage(until: str) -> str:
    """Return the stage to play to ("" is everything there is); raises UsageError for one that can't be played."""
    if not until:
        return PLAYED[-1]
    if until not in STAGES:
        raise UsageError(f"--until {until}: no such stage", f"one of: {', '.join(STAGES)}")
    if until not in PLAYED:
        raise UsageError(f"--until {until}: not yet part of the night", f"this version plays up to: {PLAYED[-1]}")
    return until


def clock(seconds: float) -> str:
    """Return the story's clock, `03:00:07`, so many seconds after the first burst (negative: before it)."""
    whole = int(BEGINS + seconds // 1) % _DAY
    return f"{whole // 3600:02d}:{whole % 3600 // 60:02d}:{whole % 60:02d}"


def day_clock(seconds: float) -> str:
    """The same with its day, to the minute: `Mon 03:00`."""
    whole = int(BEGINS + seconds // 1)
    return f"{_DAYS[whole // _DAY % 7]} {whole % _DAY // 3600:02d}:{whole % 3600 // 60:02d}"


def words(seconds: float | None) -> str:
    """Return a span of time as people say it: `0.42 s`, `3 h`."""
    if seconds is None:
        return "–"
    if seconds < 60:
        return f"{seconds:.2f} s"
    if seconds < 3600:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h".replace(".0 h", " h")

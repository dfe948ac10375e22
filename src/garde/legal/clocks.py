"""The clocks as dated data: what runs from what, for how long, towards whom.

Comes in: TOML (ours, or a hospital's file of the same form), canonical JSON, a start time. Goes out: `Clock`s, the
entry that they are, and when one is due. Every fault of a file is named. It starts nothing: `policy.py` does.

Hours are elapsed hours, weekends included. Days and months are of the calendar, in the hub's own time zone, to the same
time of day; where a month has no such day, to its last one.
"""

from __future__ import annotations

import calendar
import functools
import hashlib
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec

from garde.errors import SettingsError
from garde.estate.nouns import Words
from garde.estate.vocabulary import ID
from garde.journal.legal_kinds import ClocksLoaded
from garde.journal.text import Text

SHIPPED: Final = Path(__file__).parent / "clocks.toml"
SUBMITTED: Final = "submitted:"  # a start: the submission of a form
HANDLED: Final = "handled"
HOURS, DAYS, MONTHS = "hours", "days", "months"
YES, NO, OPEN = "yes", "no", "open"
MOST: Final = 200  # clocks in one file
MAX_BYTES: Final = 1_000_000
_LONGEST: Final = {HOURS: 24 * 3660, DAYS: 3660, MONTHS: 120}


@dataclass(frozen=True, slots=True)
class Clock:
    """One duty's clock."""

    id: str
    regime: str
    start: str
    recipient: str
    amount: int = 0  # 0: without delay
    unit: str = HOURS
    jurisdiction: str = ""
    valid_from: str = ""  # ISO date; "": always was
    valid_to: str = ""  # ISO date, the first day on which it counts no more; "": open
    proposal: bool = False
    soon_h: int = 0  # hours before the end at which people are told
    form: str = ""  # of `forms.toml`; "": Garde has no form for it
    progress: str = ""  # form of the report that stands in for it while the incident goes on
    resumes: str = ""  # event from which it runs anew after such a report
    applies: str = OPEN
    channel: Words = field(default_factory=dict)
    fallback: Words = field(default_factory=dict)
    condition: Words = field(default_factory=dict)
    note: Words = field(default_factory=dict)
    confirmed: bool = False
    source: str = ""

    def counts_on(self, day: date) -> bool:
        """Whether it is in force on a day."""
        iso = day.isoformat()
        return not self.proposal and (self.valid_from or iso) <= iso < (self.valid_to or "9999-12-31")


class _File(msgspec.Struct, forbid_unknown_fields=True):
    clocks: list[Clock]
    as_of: str = ""


_ENCODER: Final = msgspec.json.Encoder(order="deterministic")
_DECODER: Final = msgspec.json.Decoder(list[Clock])


def read_clocks(raw: bytes, name: str) -> tuple[Clock, ...]:
    """Read a file's content; SettingsError with everything that is wrong."""
    if len(raw) > MAX_BYTES:
        raise SettingsError(f"{name}: a file of clocks has {MAX_BYTES:,} bytes at most", "make it shorter")
    try:
        found = msgspec.convert(_known(tomllib.loads(raw.decode("utf-8"))), _File)
    except (ValueError, RecursionError) as error:
        raise SettingsError(f"{name}: {error}", "see docs/legal.md for how a clock is written") from error
    faults = list(_faults(found.clocks))
    if faults:
        raise SettingsError(f"{name}: {'; '.join(faults[:5])}", "see docs/legal.md for how a clock is written")
    return tuple(found.clocks)


def _known(tables: dict[str, object]) -> dict[str, object]:
    """Refuse a field that no clock has: a dataclass would pass over it."""
    names = set(Clock.__dataclass_fields__)
    rows = tables.get("clocks")
    for row in rows if isinstance(rows, list) else ():
        unknown = set(row) - names if isinstance(row, dict) else ()
        if unknown:
            raise ValueError(f"a clock has no field {sorted(unknown)[0]!r}")
    return tables


def _faults(clocks: Sequence[Clock]) -> Iterable[str]:
    if not 0 < len(clocks) <= MOST:
        yield f"1 to {MOST} clocks"
    for clock in clocks:
        for what in _wrong(clock):
            yield f"{clock.id[:64] or '(no id)'}: {what}"


def _wrong(clock: Clock) -> Iterable[str]:
    if not ID.fullmatch(clock.id):
        yield "an id is letters, digits, dot, dash, underscore"
    if not ID.fullmatch(clock.start.removeprefix(SUBMITTED)):
        yield "start is one word, or submitted:FORM"
    if clock.unit not in _LONGEST or not 0 <= clock.amount <= _LONGEST[clock.unit]:
        yield "amount is a number of hours, days or months (ten years at most)"
    if clock.applies not in (YES, NO, OPEN):
        yield "applies is yes, no or open"
    if not 0 <= clock.soon_h <= _LONGEST[HOURS]:
        yield "soon_h is a number of hours"
    for text in filter(None, (clock.valid_from, clock.valid_to)):
        try:
            date.fromisoformat(text)
        except ValueError:
            yield f"{text[:20]!r} is no date: write 2026-11-28"
    if clock.progress and not clock.resumes:
        yield "progress needs resumes: from when does it run anew?"


@functools.cache
def shipped() -> tuple[Clock, ...]:
    """Return the clocks that come with Garde."""
    return read_clocks(SHIPPED.read_bytes(), SHIPPED.name)


def merged(own: Sequence[Clock]) -> tuple[Clock, ...]:
    """Return a hospital's clocks with ours: of one id the hospital's count alone."""
    ids = {each.id for each in own}
    return (*(each for each in shipped() if each.id not in ids), *own)


def clocks_loaded(clocks: Sequence[Clock], source: str, by: str) -> ClocksLoaded:
    """Return the entry that clocks are."""
    raw = _ENCODER.encode(list(clocks))
    return ClocksLoaded(hashlib.sha256(raw).hexdigest(), Text(raw), source.encode("utf-8", "replace").decode(), by)


def from_json(raw: bytes) -> list[Clock]:
    """Read canonical JSON; ValueError where it is none."""
    try:
        return _DECODER.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"no clocks: {error}") from error


def due_of(clock: Clock, start: float) -> float:
    """Return when it is due, in wall seconds; 0: without delay, no number."""
    if not clock.amount:
        return 0.0
    if clock.unit == HOURS:
        return start + clock.amount * 3600.0
    moment = datetime.fromtimestamp(start)
    if clock.unit == DAYS:
        return (moment + timedelta(days=clock.amount)).timestamp()
    months = moment.year * 12 + moment.month - 1 + clock.amount
    year, month = months // 12, months % 12 + 1
    day = min(moment.day, calendar.monthrange(year, month)[1])
    return moment.replace(year=year, month=month, day=day).timestamp()


def in_force(clocks: Iterable[Clock], start: float) -> tuple[Clock, ...]:
    """Return those that count for something that began then."""
    day = datetime.fromtimestamp(start).date()
    return tuple(each for each in clocks if each.counts_on(day))


def events(clocks: Iterable[Clock]) -> tuple[str, ...]:
    """Return the events that a person can say."""
    said = [word for each in clocks for word in (each.start, each.resumes)]
    return tuple(dict.fromkeys(word for word in said if word and not word.startswith(SUBMITTED)))

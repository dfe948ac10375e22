"""What a restore point is worth: a colour, and the reasons for it.

Comes in: what was seen of a point (`Seen`): its times, its catalogue, the files that were looked at, what changed since
the point before it. Goes out: `Judged`. Pure: it reads no file and asks no clock. The reasons are sentences of
`reasons.py`.

* Red, must not be used: its catalogue is damaged; a file of it cannot be brought; a fifth of what was looked at cannot
  be read, or clearly more than in the point before it; of the files that changed a third cannot be read; something in
  it matches an indicator and it was not taken before the first hostile write.
* Amber, a person decides: taken after the first hostile write or in the same second, or come into the store after it,
  or nobody knows when that was; it says that it was taken in the future; a few files that cannot be read; something in
  it matches an indicator; far more files changed than is usual, or its size jumped; it holds no files; its catalogue
  was not checked.
* Grey: nothing of it could be looked at. Green: everything else.
* A file counts as unreadable where its structure is broken, where it is ciphertext or uniformly random and of no known
  kind, or where its name promises a kind that its first bytes are not. An honest share of such files is in every
  hospital: what the point before it has as well is no reason.
* What was written after the moment that the point was taken must be entered again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from garde.model.restart import Colour
from garde.recovery import reasons as r
from garde.recovery.points.base import Catalogue, Changes, Point
from garde.recovery.points.moment import is_moment
from garde.recovery.reasons import Reason, because

_RED_SHARE: Final = 0.2  # of the files looked at: no honest share has such a size (docs/recovery.md has the measure)
_RISE: Final = 0.05  # against the point before
_AMBER_SHARE: Final = 0.03
_FEW: Final = 3  # files: below, a share says nothing
_RANDOM_SHARE: Final = 1 / 3  # of changed files
_JUMP_TIMES, _JUMP_SHARE, _JUMP_LEAST = 10, 0.1, 20
_SHRINK, _GROWTH = 0.3, 1.0
_USUAL: Final = 5  # pairs of points that the usual change is taken from


@dataclass(frozen=True, slots=True)
class Look:
    """One file of a point that was to be looked at."""

    path: bytes
    came: bool  # it could be brought
    readable: bool
    kind: str = ""
    why: str = ""
    hits: tuple[str, ...] = ()  # rules and indicators that match


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen of one point."""

    point: Point
    catalogue: Catalogue
    looks: tuple[Look, ...]
    files: int  # in the point; -1: not known
    size: int
    changes: Changes | None = None  # against the point before; None: there is none, or it cannot be told
    fault: str = ""  # why nothing could be looked at


@dataclass(frozen=True, slots=True)
class Judged:
    """The verdict; the figures are those of the entry `point_judged`."""

    colour: Colour
    when: str  # before | after | unknown
    looked_at: int
    readable: int
    changed: int
    indicators: int
    test_restore: str  # done | failed | not_done
    enter_after: float
    reasons: tuple[Reason, ...]


def judge(seen: Seen, *, since: float, now: float, before: Seen | None = None, usual: int = -1) -> Judged:
    """Judge one point. `since`: the first hostile write (0: not known); `before`: the point before it."""
    when = when_taken(seen.point, since)
    found = [
        *_times(seen.point, since, now, when),
        *_catalogue(seen),
        *_content(seen, before),
        *_indicators(seen, when),
    ]
    found += _changes(seen, before, usual)
    colours = {colour for colour, _ in found}
    worst = next((colour for colour in (Colour.RED, Colour.GREY, Colour.AMBER) if colour in colours), Colour.GREEN)
    came = [look for look in seen.looks if look.came]
    return Judged(
        colour=worst,
        when=when,
        looked_at=len(seen.looks),
        readable=sum(look.readable for look in came),
        changed=-1 if seen.changes is None else seen.changes.files,
        indicators=sum(bool(look.hits) for look in seen.looks),
        test_restore="not_done" if not seen.looks else "done" if len(came) == len(seen.looks) else "failed",
        enter_after=seen.point.taken_at,
        reasons=tuple(reason for _, reason in found),
    )


def when_taken(point: Point, since: float) -> str:
    """before, after or unknown, against the first hostile write.

    What came in later than it says counts as after, and so does what names the very second of that write: Borg, ZFS and
    LVM keep whole seconds, and leave away what would tell.
    """
    if not since:
        return "unknown"
    whole = point.taken_at.is_integer() and not is_moment(point)
    taken_before = point.taken_at + 1.0 <= since if whole else point.taken_at < since
    return "before" if taken_before and point.written_at < since else "after"


def usual_change(earlier: Sequence[Seen]) -> int:
    """How many files change from point to point, as a rule; -1 where nothing tells."""
    counts = [seen.changes.files for seen in earlier if seen.changes is not None][-_USUAL:]
    return int(median(counts)) if counts else -1


_Found = tuple[Colour, Reason]


def _times(point: Point, since: float, now: float, when: str) -> Iterator[_Found]:
    if point.taken_at > now:
        yield Colour.AMBER, because(r.POINT_IN_FUTURE)
    if when == "unknown":
        yield Colour.AMBER, because(r.POINT_HARM_UNKNOWN)
    elif when == "after":
        if point.taken_at >= since:
            yield Colour.AMBER, because(r.POINT_AFTER)
        else:
            came_in = point.written_at >= since
            yield Colour.AMBER, because(r.POINT_WRITTEN_AFTER if came_in else r.POINT_SAME_SECOND)


def _catalogue(seen: Seen) -> Iterator[_Found]:
    if seen.catalogue is Catalogue.DAMAGED:
        yield Colour.RED, because(r.POINT_CATALOGUE)
    elif seen.catalogue is Catalogue.NOT_CHECKED and not seen.fault:
        yield Colour.AMBER, because(r.POINT_UNCHECKED)


def _content(seen: Seen, before: Seen | None) -> Iterator[_Found]:
    if seen.fault:
        yield Colour.GREY, because(r.POINT_FAULT)
    elif seen.files == 0:
        yield Colour.AMBER, because(r.POINT_EMPTY)
    elif not seen.looks:
        yield Colour.GREY, because(r.POINT_NOT_LOOKED)
    failed = sum(not look.came for look in seen.looks)
    if failed:
        yield Colour.RED, because(r.POINT_NOT_BROUGHT, failed=_n(failed), looked=_n(len(seen.looks)))
    yield from _unreadable(seen, before)
    yield from _random(seen)


def _unreadable(seen: Seen, before: Seen | None) -> Iterator[_Found]:
    bad, of = _bad(seen.looks)
    if bad < _FEW:
        return
    share = bad / of
    bad_before, of_before = _bad(before.looks) if before is not None else (0, 0)
    rise = share - bad_before / of_before if of_before else share
    if share >= _RED_SHARE or (of_before and rise >= _RISE):
        colour = Colour.RED
    elif rise >= _AMBER_SHARE:
        colour = Colour.AMBER
    else:
        return
    if of_before:
        yield (
            colour,
            because(
                r.POINT_UNREADABLE_MORE, unreadable=_n(bad), looked=_n(of), before=_n(bad_before), of=_n(of_before)
            ),
        )
    else:
        yield colour, because(r.POINT_UNREADABLE, unreadable=_n(bad), looked=_n(of))


def _random(seen: Seen) -> Iterator[_Found]:
    """Of the files that changed, too many cannot be read: an attack that has only begun shows here first."""
    if seen.changes is None:
        return
    changed = set(seen.changes.paths)
    bad, of = _bad(tuple(look for look in seen.looks if look.path in changed))
    if bad >= _FEW and bad / of >= _RANDOM_SHARE:
        yield Colour.RED, because(r.POINT_RANDOM, looked=_n(of), unreadable=_n(bad))


def _bad(looks: Sequence[Look]) -> tuple[int, int]:
    """(files that cannot be read, files that came)."""
    came = [look for look in looks if look.came]
    return sum(not look.readable for look in came), len(came)


def _indicators(seen: Seen, when: str) -> Iterator[_Found]:
    hits = sum(bool(look.hits) for look in seen.looks)
    if hits:
        colour = Colour.AMBER if when == "before" else Colour.RED
        yield colour, because(r.POINT_HITS, hits=_n(hits), looked=_n(len(seen.looks)))


def _changes(seen: Seen, before: Seen | None, usual: int) -> Iterator[_Found]:
    if seen.changes is not None and usual >= 0:
        changed = seen.changes.files
        if changed >= max(_JUMP_LEAST, _JUMP_TIMES * usual, _JUMP_SHARE * max(seen.files, 0)):
            yield Colour.AMBER, because(r.POINT_JUMP, changed=_n(changed), files=_n(seen.files), usual=_n(usual))
    if before is not None and before.size > 0 and seen.size >= 0:
        grown = (seen.size - before.size) / before.size
        if grown <= -_SHRINK:
            yield Colour.AMBER, because(r.POINT_SHRUNK, percent=_n(round(-grown * 100)))
        elif grown >= _GROWTH:
            yield Colour.AMBER, because(r.POINT_GREW, percent=_n(round(grown * 100)))


def _n(number: int) -> str:
    return f"{number:,}"

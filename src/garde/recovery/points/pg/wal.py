"""The archive of WAL: which segments follow each other without a gap, whose they are, and what was committed when.

Comes in: the folder that `archive_command` copies to, a base backup. Goes out: `Stretch` (the segments from the base on
that can be used), `last_commit` in it, `read_to` (all of it up to a moment read by pg_waldump, each record's checksum
with it). Segments lie there as they are, under their own names: compressed ones are not known. A base is followed on
its own timeline only: after a restore a new base backup begins the new one.
"""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Generator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from garde.journal.text import plain
from garde.recovery.points.pg.backup import Base, lsn_of, lsn_text
from garde.recovery.points.pg.tools import Tools

_NAME: Final = re.compile(r"([0-9A-F]{8})([0-9A-F]{8})([0-9A-F]{8})")
# XLogLongPageHeaderData: magic, info, timeline, page address, rest of a record (padded to 24), system, segment size.
_HEADER: Final = struct.Struct("=HHIQI4xQII")
_SIZES: Final = frozenset(1 << bit for bit in range(20, 31))  # 1 MB to 1 GB
# Group 1: the moment, in UTC: the tools run with that zone.
_COMMIT: Final = re.compile(rb"desc: COMMIT(?:_PREPARED)?(?: \d+:?)? ?(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{1,6}) UTC")
_AT: Final = re.compile(rb" lsn: ([0-9A-F]{1,8})/([0-9A-F]{8}),")
_BACK: Final = 64  # segments looked at from the end to find the last commit: an idle server archives empty ones


@dataclass(frozen=True, slots=True)
class Header:
    """What a segment says of itself in its first page."""

    timeline: int
    address: int
    system: int
    size: int


@dataclass(frozen=True, slots=True)
class Stretch:
    """Segments that follow each other, from the one in which a base backup begins."""

    folder: Path
    timeline: int
    size: int  # bytes of a segment
    first: int  # number of the first segment; LSN divided by `size`
    count: int
    gap: str = ""  # name of the segment that is missing although later ones are there

    @property
    def end(self) -> int:
        """LSN of where it ends."""
        return (self.first + self.count) * self.size

    @property
    def names(self) -> list[str]:
        return [segment_name(self.timeline, number, self.size) for number in range(self.first, self.first + self.count)]


@dataclass(frozen=True, slots=True)
class Commit:
    """One committed transaction."""

    at: float
    lsn: int


@dataclass(frozen=True, slots=True)
class Reading:
    """What reading a stretch to a moment came to."""

    commits: int  # up to the moment
    last: float  # of those; 0: there is none
    after: float  # the first commit after the moment; 0: there is none in the archive
    stop: int  # LSN of where reading to the moment ends
    fault: str = ""  # what pg_waldump says against it


def read_header(path: Path) -> Header | None:
    """The header of a segment; None where it is none."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as file:
            _, info, timeline, address, _, system, size, _ = _HEADER.unpack(file.read(_HEADER.size))
            whole = os.fstat(handle).st_size == size
    except (OSError, struct.error):
        return None
    return Header(timeline, address, system, size) if info & 0x0002 and size in _SIZES and whole else None


def find_stretch(folder: Path, base: Base) -> Stretch | None:
    """What of the archive follows this base; None where not even its first segment is there. Raises OSError."""
    names = {name for name in os.listdir(folder) if _NAME.fullmatch(name)}  # noqa: PTH208
    prefix = f"{base.timeline:08X}"
    mine = sorted(name for name in names if name.startswith(prefix))
    header = next((found for name in mine if (found := read_header(folder / name))), None)
    if header is None:
        return None
    first, count = base.start // header.size, 0
    while segment_name(base.timeline, first + count, header.size) in names:
        if not _is_the_one(folder, base, header, first + count):
            break
        count += 1
    missing = segment_name(base.timeline, first + count, header.size)
    gap = missing if any(name > missing for name in mine) else ""
    return Stretch(folder, base.timeline, header.size, first, count, gap) if count else None


def _is_the_one(folder: Path, base: Base, like: Header, number: int) -> bool:
    """Whether a segment is whole and is what its name says; one that is just being copied is not."""
    found = read_header(folder / segment_name(base.timeline, number, like.size))
    return found is not None and (found.system, found.size, found.address) == (
        like.system,
        like.size,
        number * like.size,
    )


def is_unfinished(name: bytes, size: int) -> bool:
    """Whether a file is called as a segment and has not the size of one."""
    return _NAME.fullmatch(name.decode("ascii", "replace")) is not None and size not in _SIZES


def segment_name(timeline: int, number: int, size: int) -> str:
    """As PostgreSQL names a segment: timeline, and its number in two parts."""
    each = (1 << 32) // size
    return f"{timeline:08X}{number // each:08X}{number % each:08X}"


def last_commit(tools: Tools, stretch: Stretch) -> float:
    """The moment of the last commit in it, looked for from its end; 0: none near there."""
    for back in range(1, min(stretch.count, _BACK) + 1):
        begin = (stretch.first + stretch.count - back) * stretch.size
        found = [commit.at for commit in commits(tools, stretch, begin, stretch.end - (back - 1) * stretch.size, [])]
        if found:
            return max(found)
    return 0.0


def commits(tools: Tools, stretch: Stretch, start: int, end: int, said: list[bytes]) -> Generator[Commit]:
    """Every commit between two places, in order. What the tool says beside it goes to `said`, its exit code last."""
    where = ["-p", str(stretch.folder), "-t", str(stretch.timeline), "-s", lsn_text(start), "-e", lsn_text(end)]
    code: list[bytes] = []
    for line in tools.lines("pg_waldump", [*where, "-r", "Transaction"], code):
        if not line.startswith(b"rmgr: "):
            said.append(line.strip())
            continue
        found, place = _COMMIT.search(line), _AT.search(line)
        if found and place:
            yield Commit(_seconds(found[1]), lsn_of(place[1], place[2]))
    said += code


def read_to(tools: Tools, stretch: Stretch, base: Base, moment: float) -> Reading:
    """Read from the base to the moment and to the next commit after it. Recovery stops where the time is later.

    A commit's time is taken before its place in WAL: two that overlap can stand in the other order. As recovery does,
    the first that is later than the moment ends it.
    """
    said: list[bytes] = []
    number, last, stop = 0, 0.0, base.end
    reading = commits(tools, stretch, base.start, stretch.end, said)
    for commit in reading:
        if commit.at > moment and commit.lsn >= base.end:
            reading.close()
            return Reading(number, last, commit.at, commit.lsn)
        number, last, stop = number + 1, max(last, commit.at), commit.lsn
    code = said.pop() if said else b"1"
    fault = "" if code == b"0" else plain(said[-1], 300) if said else f"exit code {code.decode()}"
    return Reading(number, last, 0.0, stop if fault else stretch.end, fault)


def _seconds(text: bytes) -> float:
    return datetime.strptime(text.decode(), "%Y-%m-%d %H:%M:%S.%f").replace(tzinfo=UTC).timestamp()

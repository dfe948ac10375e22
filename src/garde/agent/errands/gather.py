"""The errand that keeps evidence: notes first, damaged files with their sound versions, programs, logs, the journal.

Comes in: a job, with the time of the first harm. Goes out: `note_taken` and `evidence_taken` as things are kept, and
`evidence_gathered` at the end. It changes nothing of what it takes. Rules, one test each:

1. What was kept before is neither kept nor told again; begun again after a crash it tells again what it had kept.
2. What is left out (too large, no room, unreadable, over a number) is counted, with the first reason.
3. A thing that cannot be read keeps nobody from the next.
4. Times are the hub's where this machine knows how far its clock is off, and it is said where it does not.
5. A few of the damaged files are kept, with their sound versions: small ones, of every ending and type.
6. What grows all the time (a log, the journal) is kept once in ten minutes at most.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from garde.agent.errands import gather_find as find
from garde.agent.errands.base import Job
from garde.agent.errands.gather_find import Thing
from garde.clock import Clock
from garde.forensics.custody.store import FOLDER, Evidence, Item, NotKept, What
from garde.journal.export import Export
from garde.journal.forensic_kinds import EvidenceGathered, EvidenceTaken, NoteTaken
from garde.journal.payload import Payload
from garde.journal.store import open_journal
from garde.journal.text import Text, plain
from garde.recovery.points.flags import IMMUTABLE, put_marks
from garde.vault.kernel import open_strict

SMALL: Final = 8 * 2**20  # bytes of one damaged file, or of its sound version
SAMPLE: Final = 64 * 2**20  # of a program
LOG: Final = 4 * 2**20  # of a log: its end
RECORD: Final = 64 * 2**20  # of the journal
AGAIN_S: Final = 600.0  # until a log or the journal is kept once more: each time it is other bytes
TOTAL: Final = 512 * 2**20  # of one gathering
LONGEST_TEXT: Final = 8_192  # characters of a note in its entry
_READ: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_LIMITS: Final = {"note": find.NOTE_MOST, "damaged": SMALL, "clean": SMALL, "sample": SAMPLE, "log": LOG}
_Places = frozenset[tuple[str, bytes]]  # sort and place of what was kept


def seal(handle: int) -> None:
    """Mark a kept file so that nobody changes it, not even root without taking the mark away."""
    put_marks(handle, IMMUTABLE)


def store_of(state: Path) -> Evidence:
    """Return the store of this agent."""
    return Evidence(state / FOLDER, seal)


@dataclass(slots=True)
class _Gathering:
    """One gathering on its way."""

    job: Job
    state: Path
    machine: str
    clock: Clock
    offset: float | None  # the hub's time minus this machine's
    store: Evidence
    items: int = 0
    bytes: int = 0
    left: list[str] = field(default_factory=list)
    lately: _Places = frozenset()  # what was kept a moment ago: rule 6

    def run(self) -> Iterator[Payload]:
        began = time.monotonic()
        self.lately = self._kept_lately()
        with open_journal(self.state, read_only=True) as journal:
            seen = find.read(journal.entries(kinds=find.KINDS), self.job.order.since)
        notes, damaged = find.notes(self.state, seen), find.pairs(self.state, seen)
        self.job.progress(0, len(notes) + len(damaged))
        for note in notes:
            yield from self._note(note)
        for one, sound in damaged:
            yield from self._pair(one, sound)
        for thing in (*find.samples(seen), *find.logs()):
            yield from self._told(self._take(thing))
        yield from self._told(self._record())
        detail = plain(self.left[0])[:200] if self.left else ""
        seconds = round(time.monotonic() - began, 3)
        yield EvidenceGathered(self.job.order.command, self.items, self.bytes, len(self.left), seconds, detail)

    # --- one thing ----------------------------------------------------------------------------------------------------

    def _note(self, thing: Thing) -> Iterator[Payload]:
        found = self._take(thing)
        if found is None:
            return
        item = found[0]
        if self._is_news(*found):
            text = Text(find.words_of(thing.data)[:LONGEST_TEXT])
            yield NoteTaken(self.job.order.command, item.item, Text(thing.name), text, item.sha256, item.size,
                            thing.copies, thing.changed_at)  # fmt: skip
        yield from self._told(found)

    def _pair(self, one: Thing, sound: Thing | None) -> Iterator[Payload]:
        found = self._take(one)
        yield from self._told(found)
        if found is not None and sound is not None:
            yield from self._told(self._take(sound, pair=found[0].item))

    def _take(self, thing: Thing, pair: str = "") -> tuple[Item, bool] | None:
        limit = _LIMITS[thing.sort]
        if thing.sort == "log" and (thing.sort, thing.path) in self.lately:
            return None
        try:
            handle = open_strict(thing.path, _READ)
        except OSError as error:
            self._leave(thing, error.strerror or "it cannot be opened")
            return None
        try:
            seen = os.fstat(handle)
            if not stat.S_ISREG(seen.st_mode):
                raise NotKept("it is no regular file")
            if self.bytes + min(seen.st_size, limit) > TOTAL:
                raise NotKept("enough was kept of this machine")
            what = self._what(thing, pair, thing.changed_at or seen.st_mtime)
            if thing.sort == "log":
                return self.store.keep_bytes(os.pread(handle, LOG, max(0, seen.st_size - LOG)), what)
            return self.store.keep(handle, what, limit)
        except (OSError, NotKept) as error:
            self._leave(thing, str(error))
            return None
        finally:
            os.close(handle)

    def _record(self) -> tuple[Item, bool] | None:
        """Keep this agent's own journal, whole and with its words, as it is now."""
        thing = Thing("record", b"journal.jsonl", os.fsencode(self.state / "journal.db"))
        if (thing.sort, thing.path) in self.lately:
            return None
        try:
            with open_journal(self.state, read_only=True) as journal, journal.reading() as view:
                lines: Iterable[bytes] = Export(view, journal.keys, self.clock.now(), words=True)
                data = _joined(lines, RECORD)
            return self.store.keep_bytes(data, self._what(thing, "", 0.0))
        except (OSError, NotKept) as error:
            self._leave(thing, str(error))
            return None

    def _kept_lately(self) -> _Places:
        """Rule 6. What this errand itself had kept before a crash does not count."""
        since = self.clock.now() + (self.offset or 0.0) - AGAIN_S
        others = (each for each in self.store.items() if each.command != self.job.order.command)
        return frozenset((each.sort, each.place) for each in others if since < each.taken_at)

    def _what(self, thing: Thing, pair: str, changed_at: float) -> What:
        """Rule 4."""
        off = self.offset or 0.0
        return What(
            thing.sort, self.machine, thing.name, thing.place or thing.path, self.clock.now() + off, -off,
            self.offset is not None, pair, f"agent of {self.machine}", self.job.order.command, thing.detail, changed_at,
        )  # fmt: skip

    def _leave(self, thing: Thing, why: str) -> None:
        """Rule 2."""
        self.left.append(f"{thing.sort}: {why}")

    # --- telling ------------------------------------------------------------------------------------------------------

    def _is_news(self, item: Item, new: bool) -> bool:
        """Rule 1."""
        return new or (self.job.again and item.command == self.job.order.command)

    def _told(self, found: tuple[Item, bool] | None) -> Iterator[Payload]:
        if found is None or not self._is_news(*found):
            return
        item = found[0]
        self.items, self.bytes = self.items + 1, self.bytes + item.size
        yield EvidenceTaken(
            self.job.order.command, item.item, item.sort, Text(item.name), Text(item.place), item.size, item.sha256,
            item.taken_at, item.clock_offset_s, item.offset_known, item.pair, item.detail,
        )  # fmt: skip


def gather(job: Job, state: Path, machine: str, clock: Clock, offset: float | None) -> Iterator[Payload]:
    """Keep what is evidence on this machine, and say what was kept."""
    yield from _Gathering(job, state, machine, clock, offset, store_of(state)).run()


def _joined(lines: Iterable[bytes], most: int) -> bytes:
    found = bytearray()
    for line in lines:
        found += line
        if len(found) > most:
            raise NotKept(f"it is larger than {most:,} bytes")
    return bytes(found)

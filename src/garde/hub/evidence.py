"""Evidence at the hub: pieces that agents carry here become items that nobody changes.

Comes in: signed pieces from agents, whose envelopes were opened (`intake.py`). Goes out: items in `<state>/evidence`,
and `evidence_moved` for each, with whether it is what was taken. The rules, one test each:

1. Only the agent that took an item carries it, and only one whose taking stands in the journal; size and digest are
   those of that entry, not of what is carried.
2. Pieces come in their order; the hub says how much it has, and a piece at another place changes nothing.
3. The whole is compared with the digest: what is not the same is not kept, and it is said once, loudly.
4. What is too large, or more than a machine's share, or does not fit with room to spare, stays where it is.
5. Killed in between it goes on with what it has, and says nothing twice.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from garde.clock import Clock
from garde.forensics.custody.pieces import MOST, Piece
from garde.forensics.custody.store import FOLDER, ID, Evidence, NotKept, What
from garde.forensics.memory import Item as Known
from garde.journal.entry import Entry
from garde.journal.forensic_kinds import EvidenceMoved, EvidenceTaken
from garde.journal.text import Text

if TYPE_CHECKING:
    from garde.hub.loop import Loop

SHARE: Final = 256 * 2**20  # bytes that one machine may bring here
NO_MORE: Final = -1
HUB: Final = "hub"


class Custody:
    """The hub's store of evidence. Safe to use from several threads."""

    def __init__(self, loop: Loop, state: Path, clock: Clock) -> None:
        self._loop, self._clock = loop, clock
        self.store = Evidence(state / FOLDER)
        self._incoming = state / FOLDER / "incoming"
        self._lock = threading.Lock()
        self._brought: dict[str, int] = {}  # machine -> bytes of its items here
        for each in self.store.items():
            self._brought[each.machine] = self._brought.get(each.machine, 0) + each.size

    # --- what agents carry --------------------------------------------------------------------------------------------

    def piece(self, machine: str, body: bytes) -> dict[str, Any]:
        """Take one piece; returns how much the hub has of its item. ValueError where it is none."""
        head, _, data = body.partition(b"\n")
        piece = msgspec.json.decode(head, type=Piece)
        if not ID.fullmatch(piece.item) or piece.offset < 0:
            raise ValueError("it names no item")
        with self._lock:
            known: Known | None = self._loop.look("forensics", lambda state: state.items.get(piece.item))
            if known is None:
                return {"upto": 0, "later": True}
            if known.machine != machine:
                raise ValueError("another machine's evidence")
            return {"upto": self._take(known, piece.offset, data)}

    def _take(self, known: Known, offset: int, data: bytes) -> int:
        if self.store.find(known.item) is not None:
            self._say(known, True)  # it was killed after it was kept, and before it was said
            return known.size
        if known.size > MOST or self._brought.get(known.machine, 0) + known.size > SHARE:
            return NO_MORE
        part = self._part(known)
        have = part.stat().st_size if part.exists() else 0
        if offset != have or not data or have + len(data) > known.size:
            return have
        try:
            self._append(part, data)
        except NotKept:
            part.unlink(missing_ok=True)
            return NO_MORE
        return self._whole(known, part) if have + len(data) == known.size else have + len(data)

    def _part(self, known: Known) -> Path:
        """Return where an item is put together. A machine carries one at a time: what it began before is dropped."""
        folder = self._incoming / hashlib.sha256(known.machine.encode()).hexdigest()[:16]
        if folder.is_dir():
            for each in folder.iterdir():
                if each.name != known.item:
                    each.unlink(missing_ok=True)
        return folder / known.item

    def _append(self, part: Path, data: bytes) -> None:
        part.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.store.check_room(len(data))
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(data)

    def _whole(self, known: Known, part: Path) -> int:
        """Compare, keep, say. Rule 3."""
        entry = self._entry(known)
        handle = os.open(part, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            item = self.store.keep(handle, _what(known, entry), MOST, expected=known.sha256)[0] if entry else None
        except NotKept:
            item = None
        finally:
            os.close(handle)
        part.unlink(missing_ok=True)
        if item is not None:
            self._brought[known.machine] = self._brought.get(known.machine, 0) + item.size
        self._say(known, item is not None and item.item == known.item)
        return known.size if item is not None else NO_MORE

    def _say(self, known: Known, same: bool) -> None:
        if not any(each.to == HUB and each.same == same for each in known.moves):
            where = "the hub's store of evidence" if same else f"refused: not what {known.machine} took"
            self._loop.append([EvidenceMoved(known.item, known.sha256, HUB, HUB, where, same)])

    def _entry(self, known: Known) -> Entry | None:
        """Return the entry by which it was taken."""
        found: Iterator[Entry] = self._loop.journal.entries(known.seq - 1, kinds=("evidence_taken",))
        entry = next(found, None)
        return entry if entry is not None and entry.seq == known.seq else None


def _what(known: Known, entry: Entry) -> What:
    taken = entry.payload
    assert isinstance(taken, EvidenceTaken)
    return What(
        known.sort, known.machine, _bytes(taken.name), _bytes(taken.place), known.taken_at, known.clock_offset_s,
        known.offset_known, known.pair, f"agent of {known.machine}", taken.command, taken.detail,
    )  # fmt: skip


def _bytes(text: Text) -> bytes:
    return text.value if text.value is not None else b""

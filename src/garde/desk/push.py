"""Packs on their way to the wards: one way, from the desk outwards, tried again until a PC says that it has them.

Comes in: the desk's journal (a pack was made), its shelf. Goes out: parcels by HTTP POST to each PC's own port;
`pack_sent` once a PC's signed receipt says so, or with why it could not be given; `sheets_printed` for what it told.
A PC that does not answer is tried after 15 s, 30 s, ... up to five minutes; the others do not wait for it. A PC is also
asked for its receipt every few minutes, so that what was printed there is known here. It never takes a pack back, and
no PC can ask it for one.

Whoever makes packs writes `pack_made` after the pack is on the shelf; `wake` spares the wait of some seconds.
"""

from __future__ import annotations

import asyncio
import http.client
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from garde.clock import Clock
from garde.desk.wards import State, due, heard, not_given, open_receipt, parcel, project
from garde.downtime.book import Book, Fold
from garde.downtime.packs.shelf import Manifest, Shelf
from garde.downtime.parcel.envelope import ParcelRefusedError
from garde.downtime.parcel.keys import Keys
from garde.errors import GardeError
from garde.journal import Payload
from garde.journal.paper_kinds import WardEnrolled
from garde.journal.text import plain

LOOK_S: Final = 3.0  # between two looks at the journal
FIRST_S, LONGEST_S = 15.0, 300.0  # before a PC that did not answer is tried again
ASK_S: Final = 180.0  # between two receipts where nothing is due
TIMEOUT_S: Final = 30.0
_ANSWER_MOST: Final = 8 << 20  # bytes of a receipt
Post = Callable[[str, str, bytes], tuple[int, bytes]]


@dataclass(slots=True)
class Line:
    """How it goes with one PC. Times are monotonic."""

    not_before: float = 0.0
    wait_s: float = FIRST_S
    asked_at: float | None = None
    nothing_due: tuple[int, int] = (-1, -1)  # epoch and newest pack at which the shelf was looked at in vain


def post(address: str, path: str, body: bytes) -> tuple[int, bytes]:
    """Post to a PC; returns status and answer. OSError where nobody answers like one."""
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=TIMEOUT_S)
    try:
        connection.request("POST", path, body, {"Content-Type": "application/octet-stream"})
        answer = connection.getresponse()
        return answer.status, answer.read(_ANSWER_MOST)
    except http.client.HTTPException as error:
        raise OSError(f"what answers is no ward's PC: {type(error).__name__}") from error
    finally:
        connection.close()


class Push:
    """All wards."""

    def __init__(
        self, kept: tuple[Shelf, Book, Keys], clock: Clock, say: Callable[..., None], send: Post = post
    ) -> None:
        self._shelf, self._book, self._keys = kept
        self._clock, self._say, self._post = clock, say, send
        self._fold = Fold(State(), project)
        self._lines: dict[str, Line] = {}
        self._woken = asyncio.Event()
        self._busy: set[str] = set()
        self._said = ""  # the last fault, so that it is said once

    def wake(self) -> None:
        """Look at once."""
        self._woken.set()

    async def run(self) -> None:
        """Send what is due, for ever."""
        tasks: set[asyncio.Task[None]] = set()
        try:
            while True:
                self._woken.clear()
                for ward in self._ready_or_none():
                    self._busy.add(ward.ward)
                    task = asyncio.create_task(self._serve(ward))
                    tasks.add(task)
                    task.add_done_callback(tasks.discard)
                try:
                    await asyncio.wait_for(self._woken.wait(), LOOK_S)
                except TimeoutError:
                    pass
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _ready_or_none(self) -> list[WardEnrolled]:
        """A fault here must not end the desk: it is said, and the next look may be better."""
        try:
            return self._ready()
        except (OSError, GardeError) as error:
            self._trouble(error)
            return []

    def _trouble(self, error: Exception) -> None:
        if (text := f"packs are not sent: {_why(error)}") != self._said:
            self._say("complaint", message=text)
        self._said = text

    def state(self) -> State:
        """Return the state as it is now."""
        return self._book.follow(self._fold)

    def _ready(self) -> list[WardEnrolled]:
        now = self._clock.monotonic()
        found = []
        for ward in self.state().wards.values():
            line = self._lines.setdefault(ward.ward, Line())
            wanted = bool(self._due(ward)) or line.asked_at is None or now - line.asked_at >= ASK_S
            if ward.address and wanted and ward.ward not in self._busy and now >= line.not_before:
                found.append(ward)
        return found

    def _due(self, ward: WardEnrolled) -> list[Manifest]:
        # Every manifest on the shelf has to be opened: only where there is a pack that was not there the last time.
        state, line = self.state(), self._lines[ward.ward]
        newest = max((made.counter for made in state.made.values() if made.place in ward.places), default=0)
        if line.nothing_due == (ward.epoch, newest):
            return []
        found = due(state, ward, self._shelf.manifests())
        line.nothing_due = (-1, -1) if found else (ward.epoch, newest)
        return found

    async def _serve(self, ward: WardEnrolled) -> None:
        """Give one PC everything that is due; then, or where nothing is, ask it what it has to tell."""
        line = self._lines[ward.ward]
        try:
            wanted = self._due(ward)
            good = all([await self._give(ward, each) for each in wanted]) if wanted else await self._ask(ward)
            line.asked_at = self._clock.monotonic()
            line.not_before = 0.0 if good else line.asked_at + line.wait_s
            line.wait_s = FIRST_S if good else min(line.wait_s * 2, LONGEST_S)
            self._said = ""
        except Exception as error:
            line.not_before = self._clock.monotonic() + LONGEST_S
            self._trouble(error)
        finally:
            self._busy.discard(ward.ward)

    async def _give(self, ward: WardEnrolled, manifest: Manifest) -> bool:
        try:
            _, pdf = self._shelf.read(manifest.pack)
            raw = parcel(self.state(), ward, manifest, pdf, self._keys)
            status, answer = await asyncio.to_thread(self._post, ward.address, "/parcel", raw)
        except (OSError, GardeError, ValueError) as error:
            return self._failed(ward, manifest, _why(error))
        if status != http.client.OK:
            return self._failed(ward, manifest, plain(answer[:200]) or f"it answers with {status}")
        return self._heard(ward, answer)

    async def _ask(self, ward: WardEnrolled) -> bool:
        try:
            status, answer = await asyncio.to_thread(self._post, ward.address, "/receipt", b"")
        except OSError:
            return False
        return status == http.client.OK and self._heard(ward, answer)

    def _failed(self, ward: WardEnrolled, manifest: Manifest, why: str) -> bool:
        def decide(state: State) -> Iterator[Payload]:
            return not_given(state, ward.ward, manifest, why)

        if self._book.change(self._fold, decide):
            self._say("not_sent", ward=ward.ward, pack=manifest.pack, place=manifest.place, message=why)
        return False

    def _heard(self, ward: WardEnrolled, raw: bytes) -> bool:
        try:
            told = take_receipt(self._book, self._fold, raw, self._keys)
        except ParcelRefusedError as error:
            self._say("complaint", message=f"what {ward.ward} answered is no receipt of it: {error.reason}")
            return False
        for each in told:
            if each["kind"] == "pack_sent":
                self._say("sent", ward=ward.ward, pack=each["pack"], place=each["place"])
        return True


def take_receipt(book: Book, fold: Fold[State], raw: bytes, keys: Keys) -> list[dict[str, str]]:
    """Write down what a receipt tells, once; returns what was new. ParcelRefusedError where it is none of ours."""
    receipt = open_receipt(book.follow(fold), raw, keys)
    entries = book.change(fold, lambda state: heard(state, receipt))
    return [
        {
            "kind": entry.kind,
            "pack": str(getattr(entry.payload, "pack", "")),
            "place": getattr(entry.payload, "place", ""),
        }
        for entry in entries
    ]


def _why(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "the ward's PC does not answer"
    if isinstance(error, ConnectionRefusedError):
        return "nothing answers at the ward's PC: is it on, and does garde ward run?"
    return plain(getattr(error, "strerror", None) or str(error) or type(error).__name__, 200)

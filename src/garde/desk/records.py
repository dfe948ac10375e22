"""What the census knows of a patient, for commands that work beside the desk.

Comes in: a state directory. Goes out: `PatientView`s and who lies where, from the running desk, else from what is
stored, read once. Every look is written down by the desk (or here) before anything is shown. StateBusy while the desk
rebuilds its census: half a census would say that nobody is allergic.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from garde.clock import Clock
from garde.desk.answers import answer
from garde.desk.config import Config
from garde.desk.control import ask_desk
from garde.desk.keeper import Keeper, rebuilt
from garde.downtime.book import Book
from garde.downtime.census.view import PatientView
from garde.downtime.store.messages import MessageStore
from garde.downtime.store.seal import Seal
from garde.errors import HubAbsent, Refused, StateBusy


class Records:
    """The census, asked."""

    def __init__(self, state: Path, config: Config, seal: Seal, book: Book, clock: Clock, *, who: str) -> None:
        self._state, self._config, self._seal, self._book, self._clock = state, config, seal, book, clock
        self._who = who
        self._keeper: Keeper | None = None
        self._store: MessageStore | None = None
        self._running: bool | None = None  # None: nobody has asked yet

    def close(self) -> None:
        if self._store is not None:
            self._store.close()

    def view(self, number: str) -> PatientView | None:
        """Return the person who is known under this number now; None where the census knows nobody."""
        found = self._ask({"ask": "patient", "number": number})["patients"]
        return msgspec.convert(found[-1], PatientView) if found else None

    def places(self) -> dict[str, str]:
        """Return on which ward everybody is who is here, by each of their numbers."""
        rows = self._ask({"ask": "census"})["rows"]
        return {
            number: row["visit"]["place"]["ward"]
            for row in rows
            for number in row["patient"]["numbers"]
            if row["visit"]["place"]["ward"]
        }

    @staticmethod
    def place(view: PatientView | None) -> dict[str, str]:
        """Return the same of one person, who was asked for already: everybody takes the desk half a second."""
        here = next((visit.place.ward for visit in view.visits if visit.here and visit.place.ward), "") if view else ""
        return dict.fromkeys(view.numbers, here) if view and here else {}

    def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        if self._running is None:
            self._running = self._is_running()
        if self._running:
            found = ask_desk(self._state, question)
            if "error" in found:
                raise Refused(str(found["error"]))
            return found
        return answer(self._read_here(), self._who, question)

    def _is_running(self) -> bool:
        try:
            found = ask_desk(self._state, {"ask": "ready"})
        except HubAbsent:
            return False
        if found.get("rebuilding"):
            raise StateBusy("the desk is rebuilding its census", "wait until garde downtime status says ready")
        return True

    def _read_here(self) -> Keeper:
        if self._keeper is None:
            self._store = MessageStore(self._state, self._seal)
            self._keeper = rebuilt(self._state, self._config, self._store, self._clock, self._book)
        return self._keeper

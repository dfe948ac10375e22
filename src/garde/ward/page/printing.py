"""The one printing that is under way, and how it stands.

Comes in: a press. Goes out: whether it was begun, and what the page shows of it. It runs in a thread: a printer takes
its time, and waits for paper.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from garde.ward.house import House
from garde.ward.press import Pressed, Wanted, choose, press


@dataclass(frozen=True, slots=True)
class Standing:
    """How it stands."""

    pack: str
    pages: int
    came_out: int | None = None
    troubles: tuple[str, ...] = ()


class Printing:
    """One PC's."""

    def __init__(self, house: House, said: Callable[[dict[str, Any]], None]) -> None:
        self._house, self._said = house, said
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self.standing: Standing | None = None
        self.unwritten: list[Pressed] = []  # the journal took no entry: a person has to

    def begin(self, wanted: Wanted, by: str) -> bool:
        """Begin; False where another one is under way. UsageError where there is nothing of that."""
        with self._lock:
            if self._thread is not None and self._thread.is_alive():
                return False
            jobs = choose(self._house, wanted)
            self.standing = Standing(jobs[0].held.pack, len(jobs[0].pages) * wanted.copies)

            def work() -> None:
                try:
                    for each in press(self._house, jobs, copies=wanted.copies, printer="", by=by, say=self._told):
                        self._ended(each)
                except Exception as error:
                    self._said({"kind": "complaint", "message": f"printing failed: {error}"})
                finally:
                    self.standing = None

            self._thread = threading.Thread(target=work, name="printing", daemon=True)
            self._thread.start()
            return True

    def wait(self, timeout_s: float) -> None:
        """Wait for what is under way."""
        thread = self._thread
        if thread is not None:
            thread.join(timeout_s)

    def _told(self, event: dict[str, Any]) -> None:
        standing = self.standing
        if event["kind"] == "printing":
            self.standing = Standing(event["pack"], event["pages"] * event["copies"])
        elif standing is not None:
            self.standing = replace(standing, came_out=event["came_out"], troubles=tuple(event["troubles"]))

    def _ended(self, each: Pressed) -> None:
        if not each.written:
            self.unwritten.append(each)
        self._said({
            "kind": "printed", "run": each.run, "pack": each.pack, "place": each.place, "sheets": each.sheets,
            "fault": each.fault, "written": each.written,
        })  # fmt: skip

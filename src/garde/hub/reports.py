"""Making situation reports: the facts at once, the page in a process of its own.

Comes in: `report_asked` commands. Goes out: `report_made`, with the facts in every language; the PDF in the hospital's
own language as `<state>/reports/NNNN.pdf`. Where no page can be made the report stands all the same, with the reason.
A report begun again after the hub was killed takes the same number and replaces the file.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Final

from garde.clock import Clock
from garde.emergency import report as content
from garde.emergency.memory import State
from garde.emergency.sheets import report_sheet
from garde.hub.performer import NEVER, Say
from garde.journal.entry import Entry
from garde.journal.payload import Command
from garde.journal.plan_kinds import ReportAsked, ReportMade
from garde.journal.text import Text
from garde.paper import Document, NotTypeset, Printed, typeset

if TYPE_CHECKING:
    from garde.hub.loop import Loop

FOLDER: Final = "reports"


class Reports:
    """The performer of `report_asked`. See `garde.hub.performer.Performer`."""

    kinds = ("report_asked",)

    def __init__(
        self, state: Path, loop: Callable[[], Loop], clock: Clock, typesetter: Callable[[Document], Printed] = typeset
    ) -> None:
        self._folder, self._loop, self._clock, self._typeset = state / FOLDER, loop, clock, typesetter
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="reports")
        self._say: Say = lambda payloads: None
        self._closed = False

    def open(self, say: Say) -> None:
        self._say = say

    def begin(self, command: Command, entry: Entry) -> None:
        assert isinstance(command, ReportAsked)
        self._thread.submit(self._perform, command)

    def settled(self, command: str) -> None:
        pass

    def tick(self) -> None:
        pass

    def next_due(self) -> float:
        return NEVER

    def close(self) -> None:
        # Not waited for: whoever closes holds the lock of the loop, for which the thread may wait. What it has not said
        # by then is open, and is made again at the next start.
        self._closed = True
        self._thread.shutdown(wait=False, cancel_futures=True)

    # --- in the thread ---

    def _perform(self, asked: ReportAsked) -> None:
        loop = self._loop()
        take: Callable[[State], State] = deepcopy
        last = loop.checkpoint
        made = content.make_reports(
            loop.look("emergency", take), loop.estate, self._clock.now(), number=asked.number, by=asked.by, last=last
        )
        pages, digest, fault = self._page(asked.number, made, loop.estate.estate.languages)
        size = last.size if last else 0
        if self._closed:
            return
        self._say([ReportMade(asked.command, asked.number, digest, pages, size, Text(content.encode(made)), fault)])

    def _page(self, number: int, made: content.Reports, languages: tuple[str, ...]) -> tuple[int, str, str]:
        own = next((made[each] for each in languages if each in made), made["en"])
        try:
            printed = self._typeset(report_sheet(own))
            self._keep(number, printed.pdf)
        except NotTypeset as error:
            return 0, "", error.reason
        except OSError as error:
            return 0, "", f"the page cannot be kept: {error.strerror}"
        return printed.pages, printed.sha256, ""

    def _keep(self, number: int, pdf: bytes) -> None:
        self._folder.mkdir(mode=0o700, exist_ok=True)
        path = file_of(self._folder.parent, number)
        beside = path.with_suffix(".new")
        beside.write_bytes(pdf)
        beside.chmod(0o600)
        beside.replace(path)


def file_of(state: Path, number: int) -> Path:
    """Return where the page of a report lies."""
    return state / FOLDER / f"{number:04d}.pdf"

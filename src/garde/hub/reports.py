"""Making situation reports: the facts at once, the page in a process of its own.

Comes in: `report_asked` commands. Goes out: `report_made`, with the facts in every language; the PDF in the hospital's
own language as `<state>/reports/NNNN.pdf`. Where no page can be made the report stands all the same, with the reason.
A report begun again after the hub was killed takes the same number and replaces the file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from garde.clock import Clock
from garde.emergency import report as content
from garde.emergency.sheets import report_sheet
from garde.hub.plan_acts import state_in
from garde.hub.threaded import Threaded
from garde.journal.payload import Command, Payload
from garde.journal.plan_kinds import ReportAsked, ReportMade
from garde.journal.text import Text
from garde.paper import Document, NotTypeset, Printed, typeset
from garde.trust.files import write_secret

if TYPE_CHECKING:
    from garde.hub.loop import Loop

FOLDER: Final = "reports"


class Reports(Threaded):
    """The performer of `report_asked`. See `garde.hub.performer.Performer`."""

    kinds = ("report_asked",)

    def __init__(
        self, state: Path, loop: Callable[[], Loop], clock: Clock, typesetter: Callable[[Document], Printed] = typeset
    ) -> None:
        super().__init__("reports")
        self._state, self._loop, self._clock, self._typeset = state, loop, clock, typesetter

    # --- in the thread ---

    def _carry_out(self, command: Command) -> Iterator[list[Payload]]:
        assert isinstance(command, ReportAsked)
        yield [self._made(command)]

    def _made(self, asked: ReportAsked) -> ReportMade:
        loop = self._loop()
        last = loop.checkpoint
        made = content.make_reports(
            state_in(loop), loop.estate, self._clock.now(), number=asked.number, by=asked.by, last=last
        )
        pages, digest, fault = self._page(asked.number, made, loop.estate.estate.languages)
        size = last.size if last else 0
        return ReportMade(asked.command, asked.number, digest, pages, size, Text(content.encode(made)), fault)

    def _page(self, number: int, made: content.Reports, languages: tuple[str, ...]) -> tuple[int, str, str]:
        own = next((made[each] for each in languages if each in made), made["en"])
        try:
            printed = self._typeset(report_sheet(own))
            write_secret(file_of(self._state, number), printed.pdf)
        except NotTypeset as error:
            return 0, "", error.reason
        except OSError as error:
            return 0, "", f"the page cannot be kept: {error.strerror}"
        return printed.pages, printed.sha256, ""


def file_of(state: Path, number: int) -> Path:
    """Return where the page of a report lies."""
    return state / FOLDER / f"{number:04d}.pdf"

"""A printer in the crisis room, over IPP.

Comes in: pages. Goes out: a printed page, as plain text; or a document that somebody else has made. It asks the printer
itself what it takes, and which jobs it had: a page printed before is not printed again.
"""

from __future__ import annotations

import time
from typing import Final

import msgspec

from garde.journal.oncall_kinds import ChannelNote
from garde.oncall.channels.base import TIMEOUT_S, Alive, Handed, OneWay, Page, Unable, unable
from garde.paper.ipp import Printer as Ipp
from garde.paper.ipp import PrinterBusy

TEXT: Final = "text/plain"
ANYTHING: Final = "application/octet-stream"  # the printer finds out itself
WIDTH: Final = 76  # characters of a line: fits A4 and Letter in every printer's own font
TRIES: Final = 24  # together some 12 s: less than the hub waits for a channel
TRY_AGAIN_S: Final = 0.5
STOPPED: Final = 5  # printer-state
_ASKED: Final = ("document-format-supported", "printer-state", "printer-state-reasons", "printer-is-accepting-jobs")


def as_text(page: Page) -> bytes:
    """Return a page as plain text."""
    lines = [part for line in page.lines for part in _wrapped(line)]
    return ("\r\n".join([page.title, "=" * min(len(page.title), WIDTH), "", *lines]) + "\r\n\f").encode()


class PrinterOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What calling.toml says of it."""

    uri: str  # ipp://10.20.50.9/ipp/print
    needs: tuple[str, ...] = ()  # machines and services of the estate on its way
    about: tuple[str, ...] = ()  # kinds of calls; none: every urgent one
    ca: str = ""  # ipps: the certificate that it is checked by
    timeout_s: float = TIMEOUT_S


class Printer(OneWay):
    """See the module."""

    def __init__(self, name: str, options: PrinterOptions) -> None:
        self.note = ChannelNote(name, "printer", "place", needs=options.needs, about=options.about)
        self._printer = Ipp(options.uri, options.timeout_s, options.ca)

    def hand(self, page: Page) -> Handed | Unable:
        name = f"Garde {page.id}"
        try:
            for which in ("not-completed", "completed"):
                if name in self._printer.jobs(which):
                    return Handed("printed before")
            job = self._when_free(name, as_text(page), self._text())
        except (OSError, ValueError) as error:
            return unable(error)
        return Handed(f"job {job}")

    def print(self, name: str, document: bytes, mime: str) -> Handed | Unable:
        """Print a document that is made already, as often as it is asked for."""
        try:
            if mime not in self._printer.attributes(_ASKED[:1]).first(_ASKED[0]):
                return Unable(f"this printer takes no {mime}")
            return Handed(f"job {self._when_free(name, document, mime)}")
        except (OSError, ValueError) as error:
            return unable(error)

    def alive(self) -> Alive | Unable:
        try:
            found = self._printer.attributes(_ASKED)
        except (OSError, ValueError) as error:
            return unable(error)
        reasons = ", ".join(str(each) for each in found.first("printer-state-reasons") if each != "none")[:100]
        if STOPPED in found.first("printer-state"):
            return Unable(f"the printer is stopped: {reasons or 'it does not say why'}")
        return Alive(reasons)

    def _when_free(self, name: str, document: bytes, mime: str) -> int:
        """Print; wait for a printer that is at another page, with an end."""
        for _ in range(TRIES):
            try:
                return self._printer.print(name, document, mime)
            except PrinterBusy:
                time.sleep(TRY_AGAIN_S)
        return self._printer.print(name, document, mime)

    def _text(self) -> str:
        """Return what plain text is declared as: as nothing, where the printer does not name it."""
        return TEXT if TEXT in self._printer.attributes(_ASKED[:1]).first(_ASKED[0]) else ANYTHING


def _wrapped(line: str) -> list[str]:
    """Break a line at words."""
    out, rest = [], line
    while len(rest) > WIDTH:
        cut = rest.rfind(" ", 1, WIDTH + 1)
        cut = cut if cut > 0 else WIDTH
        out.append(rest[:cut])
        rest = rest[cut:].lstrip()
    return [*out, rest]

"""Pages of paper from the command line: set, written to a file, or handed to the printers that `calling.toml` names.

Comes in: a `Document` or a PDF. Goes out: a file or print jobs, and lines about them. Raises Incomplete where no page
could be set or no printer took it, UsageError for a file that cannot be written.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from garde.cli.screen import Screen
from garde.errors import Incomplete, UsageError
from garde.oncall.channels.base import Handed
from garde.oncall.channels.printer import Printer
from garde.oncall.config import FILE, load_calling
from garde.paper import Document, NotTypeset, typeset


def set_page(wanted: Document) -> bytes:
    """Return the PDF."""
    try:
        return typeset(wanted).pdf
    except NotTypeset as error:
        raise Incomplete(f"no page could be made: {error.reason}", "read it on the screen") from error


def write_page(out: Path, raw: bytes, screen: Screen) -> None:
    """Write a page to a file."""
    try:
        out.write_bytes(raw)
    except OSError as error:
        raise UsageError(f"{out}: {error.strerror}", "name a file that can be written") from error
    screen.data({"kind": "page", "file": str(out), "bytes": len(raw)})
    screen.line(f"{out}: {len(raw):,} bytes", "good")


def find_printers(place: Path, elsewhere: str) -> list[Printer]:
    """Return the printers that the hub in this state directory names; `elsewhere`: what to do where there are none."""
    found = [each for each in load_calling(place / FILE).channels if isinstance(each, Printer)]
    if not found:
        raise Incomplete("no printer stands in calling.toml: nothing was printed", elsewhere)
    return found


def print_page(printers: list[Printer], raw: bytes, what: str, screen: Screen, elsewhere: str, **more: Any) -> None:
    """Hand a page to every printer; `what` names it, `more` is said in JSON beside it."""
    failed = []
    for printer in printers:
        found = printer.print(f"Garde {what}", raw, "application/pdf")
        if isinstance(found, Handed):
            screen.data({"kind": "printed", **more, "printer": printer.note.name, "detail": found.detail})
            screen.line(f"{what} is at the printer {printer.note.name}", "good")
        else:
            failed.append(f"{printer.note.name}: {found.reason}")
    if len(failed) == len(printers):
        raise Incomplete(f"{what} was not printed: {'; '.join(failed)}", elsewhere)

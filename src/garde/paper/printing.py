"""Printing a PDF to its end: choose pages, hand them over, wait, and say what came out.

Comes in: a PDF, pages, copies, a printer. Goes out: `Outcome`: what the printer itself says of the job. Pages are cut
out here and not by the printer: many small ones print everything whatever they are asked. Where a printer ends without
a word about how far it came, that is said, never guessed. It keeps no record and asks nobody.

A job that waits (no paper) is left with the printer: it goes on when somebody has helped, and every page of it counts
as one that may lie there.
"""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from garde.paper.ipp import Answer, JobNote, Printer, PrinterBusy, PrinterRefused, Ticket
from garde.paper.printer_words import in_words

PDF: Final = "application/pdf"
PATIENCE_S: Final = 300.0  # without anything changing: long enough to fetch paper
TIMEOUT_S: Final = 15.0  # of one answer
LOOK_S: Final = 0.5
CUPS: Final = "ipp://localhost:631/"
_STOPPED, _CANCELED, _ABORTED, _COMPLETED = 6, 7, 8, 9  # job-state
_PRINTER_STOPPED: Final = 5
_ASKED: Final = (
    "printer-state", "printer-state-reasons", "printer-is-accepting-jobs", "printer-info", "printer-make-and-model",
    "document-format-supported", "copies-supported", "sides-supported", "media-supported", "print-color-mode-supported",
)  # fmt: skip
_KEYWORDS: Final = {"sides": "one-sided", "media": "iso_a4_210x297mm", "print-color-mode": "monochrome"}
_pdfium = threading.Lock()  # it is one for the whole process, and not made for several threads


@dataclass(frozen=True, slots=True)
class Ready:
    """How a printer stands before anything is handed to it."""

    uri: str
    name: str
    state: str  # ready | printing | stopped | absent
    troubles: tuple[str, ...] = ()  # keywords of RFC 8011, without their -error, -warning; see `in_words`
    reason: str = ""  # absent: why


@dataclass(frozen=True, slots=True)
class Progress:
    """How a job that is being printed stands."""

    job: int
    came_out: int | None  # sides; None: this printer does not count
    troubles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one printing.

    `handed`: the printer took the job; only then may any of its pages lie on paper. `fault` is empty where the printer
    says that all of it came out.
    """

    handed: bool
    job: int = 0
    came_out: int | None = None
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Queue:
    """A printer that this machine's CUPS knows."""

    name: str
    uri: str
    about: str


def page_count(pdf: bytes) -> int:
    """Return how many pages a PDF has; ValueError where it is none."""
    import pypdfium2

    with _pdfium:
        try:
            document = pypdfium2.PdfDocument(pdf)
        except pypdfium2.PdfiumError as error:
            raise ValueError(f"this is no PDF: {error}") from error
        try:
            return len(document)
        finally:
            document.close()


def select_pages(pdf: bytes, pages: Sequence[int], copies: int = 1) -> bytes:
    """Return a PDF of these pages (from 1), in this order, the whole of it `copies` times; ValueError."""
    import pypdfium2

    with _pdfium:
        try:
            source = pypdfium2.PdfDocument(pdf)
        except pypdfium2.PdfiumError as error:
            raise ValueError(f"this is no PDF: {error}") from error
        chosen = pypdfium2.PdfDocument.new()
        try:
            if not pages or not all(1 <= page <= len(source) for page in pages):
                raise ValueError(f"the paper has pages 1 to {len(source)}")
            for _ in range(copies):
                chosen.import_pages(source, [page - 1 for page in pages])
            out = io.BytesIO()
            chosen.save(out)
        finally:
            chosen.close()
            source.close()
    return out.getvalue()


def look_at(uri: str, timeout_s: float = TIMEOUT_S) -> Ready:
    """Return how a printer stands."""
    try:
        found = Printer(uri, timeout_s).attributes(_ASKED)
    except (OSError, ValueError) as error:
        return Ready(uri, "", "absent", reason=_why(error))
    name = next((str(each) for each in (*found.first("printer-info"), *found.first("printer-make-and-model"))), "")
    stopped = _PRINTER_STOPPED in found.first("printer-state") or found.first("printer-is-accepting-jobs") == [0]
    state = "stopped" if stopped else "printing" if 4 in found.first("printer-state") else "ready"
    return Ready(uri, name, state, _troubles(found))


def queues(server: str = CUPS, timeout_s: float = TIMEOUT_S) -> list[Queue]:
    """Return the printers that a CUPS server knows; OSError where none answers."""
    found = []
    for each in Printer(server, timeout_s).queues():
        name, uri = each.get("printer-name", [""])[0], each.get("printer-uri-supported", [""])[0]
        found.append(Queue(str(name), str(uri), str(each.get("printer-info", [""])[0])))
    return found


def print_pdf(
    uri: str,
    name: str,
    pdf: bytes,
    *,
    copies: int = 1,
    say: Callable[[Progress], None] = lambda _: None,
    patience_s: float = PATIENCE_S,
    sleep: Callable[[float], None] = time.sleep,
) -> Outcome:
    """Print a document and wait for its end, or until nothing has changed for `patience_s`."""
    try:
        printer = Printer(uri, TIMEOUT_S)
        found = printer.attributes(_ASKED)
    except (OSError, ValueError) as error:
        return Outcome(False, fault=_why(error))
    if PDF not in found.first("document-format-supported"):
        return Outcome(False, fault="this printer takes no PDF: print through CUPS, which turns it into what it takes")
    if copies > 1 and not _counts_to(found, copies):
        pdf, copies = select_pages(pdf, range(1, page_count(pdf) + 1), copies), 1
    job = _Job(printer, say, patience_s, sleep)
    try:
        job.hand_over(name, pdf, Ticket(copies, keywords=_keywords(found)))
    except PrinterBusy:
        return Outcome(False, fault="the printer is busy with another job")
    except PrinterRefused as error:
        return Outcome(False, fault=str(error))
    except OSError as error:
        # It may have the whole document, and only its answer was lost.
        return Outcome(True, fault=f"the printer was lost while it was handed the job: {_why(error)}")
    return job.end()


class _Job:
    """One job, followed to its end."""

    def __init__(
        self, printer: Printer, say: Callable[[Progress], None], patience_s: float, sleep: Callable[[float], None]
    ) -> None:
        self._printer, self._say, self._sleep = printer, say, sleep
        self._patience_s = patience_s
        self._job = 0
        self._last: Progress | None = None
        self._lost = ""

    def hand_over(self, name: str, pdf: bytes, ticket: Ticket) -> None:
        """Hand the document over, however long the printer is at another one; with an end."""
        for _ in range(int(self._patience_s / LOOK_S)):
            try:
                self._job = self._printer.print(name, pdf, PDF, ticket)
            except PrinterBusy:
                self._sleep(LOOK_S)
            else:
                return
        self._job = self._printer.print(name, pdf, PDF, ticket)

    def end(self) -> Outcome:
        """Return what became of it."""
        waited = 0.0
        while waited <= self._patience_s:
            note = self._look()
            if note is not None and note.state in (_CANCELED, _ABORTED, _COMPLETED):
                return self._ended(note)
            if self._tell(note):
                waited = 0.0
            self._sleep(LOOK_S)
            waited += LOOK_S
        done = self._last.came_out if self._last else None
        return Outcome(True, self._job, done, f"{self._why()}; nobody knows how much comes out")

    def _look(self) -> JobNote | None:
        try:
            note = self._printer.job(self._job)
        except OSError as error:
            self._lost = _why(error)
            return None
        self._lost = ""
        return note

    def _tell(self, note: JobNote | None) -> bool:
        """Say how it stands where that is new; returns whether it is."""
        done = note.impressions if note else self._last.came_out if self._last else None
        progress = Progress(self._job, done or None, ("not-answering",) if note is None else self._reasons())
        if progress == self._last:
            return False
        self._last = progress
        self._say(progress)
        return True

    def _reasons(self) -> tuple[str, ...]:
        try:
            return _troubles(self._printer.attributes(_ASKED[:3]))
        except OSError:
            return ()

    def _ended(self, note: JobNote) -> Outcome:
        done = note.impressions or None  # 0 of a completed job: a printer that does not count
        if note.state == _COMPLETED and not {"job-completed-with-errors", "document-format-error"} & set(note.reasons):
            return Outcome(True, self._job, done)
        word = {_CANCELED: "the job was cancelled at the printer", _ABORTED: "the printer gave the job up"}
        fault = word.get(note.state, "the printer says that it had errors")
        why = in_words(self._reasons(), "en")
        how_far = f"{done} pages came out" if done else "nobody knows how much came out"
        return Outcome(True, self._job, done, f"{fault}{f' ({why})' if why else ''}; {how_far}")

    def _why(self) -> str:
        if self._lost:
            return f"the printer does not answer any more: {self._lost}"
        why = in_words(self._last.troubles if self._last else (), "en")
        return f"job {self._job} waits in the printer{f': {why}' if why else ''}"


def _troubles(found: Answer) -> tuple[str, ...]:
    """Return what keeps a printer from printing, or soon will, without how bad it thinks that is."""
    reasons = [str(each) for each in found.first("printer-state-reasons") if each != "none"]
    for end in ("-error", "-warning", "-report"):
        reasons = [each.removesuffix(end) for each in reasons]
    if _PRINTER_STOPPED in found.first("printer-state") and not reasons:
        reasons = ["stopped"]
    return tuple(dict.fromkeys(each[:60] for each in reasons))[:8]


def _keywords(found: Answer) -> dict[str, str]:
    """Return what we want of it, as far as it says that it can."""
    return {name: value for name, value in _KEYWORDS.items() if value in found.first(f"{name}-supported")}


def _counts_to(found: Answer, copies: int) -> bool:
    said = [str(each).partition("-")[2] for each in found.first("copies-supported")]
    return any(each.isdigit() and int(each) >= copies for each in said)


def _why(error: OSError | ValueError) -> str:
    """Return one line for people."""
    if isinstance(error, TimeoutError):
        return "it does not answer"
    if isinstance(error, ConnectionRefusedError):
        return "nothing answers at its address: is it switched on?"
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__)[:200]

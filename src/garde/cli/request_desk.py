"""The acts of `garde request`: each opens the desk's journal, does one thing, and says what was written.

Comes in: the command's words. Goes out: lines, a PDF, an exit code. Whoever sees names is written down first.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from garde.cli.request_view import say_board, say_items
from garde.desk.asking import ask_or_read
from garde.desk.config import Config, load_config
from garde.desk.control import user_name
from garde.desk.numbers import Signed
from garde.desk.registers import Registers
from garde.downtime.book import Book
from garde.downtime.moments import past_time
from garde.downtime.numbers.labels import Grid
from garde.downtime.register.look import RequestRow
from garde.downtime.register.nouns import RADIOLOGY, SERVICES, Asked, Found, Value
from garde.downtime.register.number import label_numbers, read_request_number
from garde.downtime.register.paper import Label, Named, Voice, call_log, label_sheet, register_page
from garde.downtime.store.seal import Seal
from garde.downtime.worklist.modality import is_modality
from garde.errors import Incomplete, NotFound, UsageError
from garde.journal.text import plain
from garde.private import write_private

if TYPE_CHECKING:
    from garde.cli.screen import Screen
    from garde.clock import Clock
    from garde.paper import Document

_VALUE = re.compile(r"\s*(?P<name>[^=]{1,80}?)\s*=\s*(?P<value>[^\s=]{1,80})(?:\s+(?P<unit>\S{1,40}))?\s*")


@dataclass(frozen=True, slots=True)
class Said:
    """What is meant, who does it, when it happened."""

    what: str
    by: str
    at: str


@dataclass(frozen=True, slots=True)
class Form:
    """What stands on a form."""

    service: str
    ward: str
    patient: str
    asked: str
    modality: str
    specimen: str
    urgent: bool
    doctor: str
    reason: str
    wanted: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a request."""

    values: tuple[str, ...]
    text: str
    critical: bool | None
    replaces: str
    to: str
    read_back: bool
    how: str
    note: str


@dataclass(frozen=True, slots=True)
class Print:
    """What is to be printed."""

    out: Path | None
    count: int
    each: int
    calls: bool
    blank: bool
    lang: str


class Acts:
    """One call of the command."""

    def __init__(self, screen: Screen, state: Path, clock: Clock, said: Said) -> None:
        self._screen, self._state, self._clock = screen, state, clock
        self._what, self._at, self._login = said.what.strip(), said.at, user_name(os.getuid())
        self._who = Signed(said.by or self._login, self._login)

    def do(self, action: str, form: Form, outcome: Outcome, prints: Print) -> int:
        """Do it; returns the exit code."""
        acts: dict[str, Callable[[], int]] = {
            "take": lambda: self._take(form), "result": lambda: self._result(outcome),
            "called": lambda: self._called(outcome), "close": lambda: self._close(outcome), "list": self._list,
            "labels": lambda: self._labels(prints), "register": lambda: self._register(prints),
            "worklist": self._worklist,
        }  # fmt: skip
        return acts[action]()

    @contextlib.contextmanager
    def _registers(self) -> Iterator[tuple[Config, Registers]]:
        config = load_config(self._state)
        with Book(self._state, Seal.load(self._state), self._clock, who=self._login) as book:
            yield config, Registers(config, book, self._clock)

    def _moment(self, config: Config, text: str) -> float | None:
        try:
            return past_time(text, self._clock.now(), config.manner.place) if text else None
        except ValueError as error:
            raise UsageError(str(error), "see `garde request --help`") from error

    def _people(self, numbers: Iterable[str]) -> dict[str, Named]:
        """Return who these are; that names were looked at is written down by whoever answers."""
        wanted = sorted({each for each in numbers if each})
        if not wanted:
            return {}
        found = ask_or_read(self._state, self._clock, {"ask": "people", "numbers": wanted})["people"]
        return {number: Named(**each) for number, each in found.items()}

    # --- writing ---

    def _take(self, form: Form) -> int:
        modality = form.modality.strip().upper()
        service = form.service or (RADIOLOGY if modality else "")
        if modality and (service != RADIOLOGY or not is_modality(modality)):
            raise UsageError("the modality is none", "of radiology: CR, CT, DX, MG, MR, NM, RF, US, XA")
        with self._registers() as (config, registers):
            wanted = self._wanted(config, form.wanted)
            asked = Asked(form.asked, modality, form.specimen, form.urgent, form.doctor, form.reason, wanted)
            found = registers.take(
                self._what, self._who, service=service, place=form.ward, subject=form.patient, asked=asked,
                at=self._moment(config, self._at),
            )  # fmt: skip
            subject = registers.state.requests[found.request].subject or ""
        known = self._people([subject]).get(subject)
        named = {"patient": subject, "known": known is not None}
        body = {"request": found.request, "service": found.service, "place": found.place, "by": found.by}
        self._screen.data({"kind": "request_taken", **body, "at": found.at, **named})
        self._screen.line(f"{found.request}: taken for {plain(subject)}", "good")
        if known:
            self._screen.line(plain(f"  {known.name or 'NAME NOT RECORDED'}, born {known.birth or 'NOT RECORDED'}"))
            self._screen.line("  Does the form say the same?", "dim")
        else:
            self._screen.line("  Nobody is known under this number: look at the form again", "warn")
        if service == RADIOLOGY and not modality:
            self._screen.line("  No modality: it is on no modality's own list (OT)", "warn")
        return 0

    def _wanted(self, config: Config, text: str) -> float:
        """A time that may lie ahead: a bare hour is today's."""
        from datetime import datetime

        if not text:
            return 0.0
        zone = config.manner.place
        today = datetime.fromtimestamp(self._clock.now(), zone).date().isoformat()
        words = f"{today} {text}" if re.fullmatch(r"\d{2}:\d{2}", text) else text
        try:
            moment = datetime.fromisoformat(words)
            return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).timestamp()
        except (ValueError, OverflowError) as error:
            raise UsageError(f"{text!r} is no time", "write 14:00, or 2026-11-24 14:00") from error

    def _result(self, outcome: Outcome) -> int:
        values = tuple(_value(each) for each in outcome.values)
        with self._registers() as (config, registers):
            found = registers.note(
                self._what, Found(values, outcome.text), self._who, critical=outcome.critical,
                replaces=outcome.replaces.strip().upper(), at=self._moment(config, self._at),
            )  # fmt: skip
            result = registers.state.results[found.result]
            request = registers.state.requests[found.request]
        why = result.found.critical if result.found else ()
        data = {"result": found.result, "request": found.request, "critical": found.critical, "why": why}
        taken = {"must_call": result.must_call, "taken": request.taken, "place": request.place, "at": found.at}
        self._screen.data({"kind": "result_noted", **data, **taken})
        self._screen.line(f"{found.result}: result of {found.request}", "bad" if result.must_call else "good")
        if result.must_call:
            why_words = "; ".join(why) or "it corrects one that was critical, or was told"
            self._screen.line(plain(f"  CALL {request.place or 'THE WARD ON THE FORM'} NOW: {why_words}"), "bad")
            self._screen.line(f"  then: garde request called {found.result} --to NAME --read-back", "dim")
        if not request.taken:
            self._screen.line("  Nobody has taken this request: whose it is stands on the form only", "warn")
        return 0

    def _called(self, outcome: Outcome) -> int:
        with self._registers() as (config, registers):
            at = self._moment(config, self._at)
            found = registers.call(self._what, outcome.to, self._who, read_back=outcome.read_back, at=at)
        data = {"result": found.result, "to": found.to.shown(), "read_back": found.read_back, "at": found.at}
        self._screen.data({"kind": "result_called", **data})
        if found.read_back:
            self._screen.line(f"{found.result}: read to {data['to']}, who repeated it", "good")
        else:
            self._screen.line(
                f"{found.result}: read to {data['to']}; NOT REPEATED, it still counts as not called", "bad"
            )
        return 0

    def _close(self, outcome: Outcome) -> int:
        with self._registers() as (config, registers):
            at = self._moment(config, self._at)
            found = registers.close(self._what, outcome.how, outcome.note, self._who, at=at)
            place = registers.state.requests[found.request].place
        self._screen.data({"kind": "request_closed", "request": found.request, "how": found.how, "at": found.at})
        self._screen.line(f"{found.request}: {found.how}", "warn" if found.how == "refused" else "good")
        if found.how == "refused":
            self._screen.line(plain(f"  Tell {place}: somebody must ask again, on another form"), "warn")
        return 0

    # --- looking ---

    def _looked(self, what: str) -> None:
        with Book(self._state, Seal.load(self._state), self._clock, who=self._login) as book:
            book.looked(self._login, what)

    def _service(self) -> str:
        if self._what and self._what not in SERVICES:
            raise UsageError(f"{self._what} is no service", "laboratory or radiology")
        return self._what

    def _list(self) -> int:
        service = self._service()
        with self._registers() as (config, registers):
            self._looked(f"requests {service}".strip())
            found = registers.board(service)
        say_board(found, config.manner.place, self._screen)
        return Incomplete.exit_code if found.not_called else 0

    def _worklist(self) -> int:
        found = ask_or_read(self._state, self._clock, {"ask": "worklist"})
        modality = self._what.upper()
        items = [each for each in found["items"] if modality in ("", each["modality"])]
        say_items(items, rebuilding=bool(found["rebuilding"]), screen=self._screen)
        return 0

    # --- printing ---

    def _labels(self, prints: Print) -> int:
        with self._registers() as (config, registers):
            labels, people = self._chosen(registers, prints)
        grid = Grid(config.numbers.columns, config.numbers.rows, config.numbers.margin_x, config.numbers.margin_y)
        if not 1 <= prints.each <= 24:
            raise UsageError("how many of each number?", "--each 1 to 24")
        voice = self._voice(config, prints, people)
        pages = self._print(label_sheet(labels, grid, voice, each=prints.each), prints, "labels")
        numbers = [each.number for each in labels]
        self._screen.data({"kind": "labels", "file": str(prints.out), "numbers": numbers, "pages": pages})
        self._screen.line(f"{prints.out}: {len(labels)} numbers, {prints.each} labels of each, {pages} pages", "good")
        return 0

    def _chosen(self, registers: Registers, prints: Print) -> tuple[list[Label], dict[str, Named]]:
        """Return new blank numbers, or the labels of one request with whose it is."""
        if bool(self._what) == bool(prints.count):
            raise UsageError("labels of what?", "a request's number, or --count 40 for new blank ones")
        try:
            if prints.count:
                return [Label(each) for each in label_numbers(prints.count)], {}
            number = read_request_number(self._what)
        except ValueError as error:
            raise UsageError(str(error), "type or scan what stands on the form") from error
        request = registers.state.requests.get(number)
        if request is None or not request.taken:
            raise NotFound(f"request {number} was not taken", "garde request take, or --count for blank labels")
        subject, specimen = request.subject or "", request.asked.specimen if request.asked else ""
        return [Label(number, subject, request.place, specimen)], self._people([subject])

    def _register(self, prints: Print) -> int:
        with self._registers() as (config, registers):
            found = registers.board(self._service())
        requests = [*found.open, *found.settled]
        results = [each for row in requests for each in row.results if each.must_call]
        results += [each for each in found.without_request if each.must_call]
        numbers = {each.patient for each in results} if prints.calls else {each.patient for each in requests}
        people = {} if prints.blank else self._people(numbers)
        voice = self._voice(config, prints, people)
        lines = prints.count or (30 if prints.blank else 12)
        if prints.calls:
            document = call_log([] if prints.blank else results, voice, blank=lines)
        else:
            rows: list[RequestRow] = [] if prints.blank else requests
            document = register_page(self._what or "laboratory", rows, voice, blank=lines)
        pages = self._print(document, prints, "register")
        self._screen.data({"kind": "register", "file": str(prints.out), "pages": pages})
        self._screen.line(f"{prints.out}: {pages} pages", "good")
        return 0

    def _voice(self, config: Config, prints: Print, people: dict[str, Named]) -> Voice:
        return Voice(config.hospital, config.manner.place, self._clock.now(), prints.lang, people)

    def _print(self, document: Document, prints: Print, what: str) -> int:
        from garde.paper import NotTypeset, typeset

        if prints.out is None:
            raise UsageError("no file was named", f"garde request {what} … --out {what}.pdf")
        try:
            printed = typeset(document)
            write_private(prints.out, printed.pdf)
        except NotTypeset as error:
            raise Incomplete(f"it could not be set: {error.reason}", "print less at once") from error
        except OSError as error:
            raise UsageError(f"{prints.out}: {error.strerror}", "name another file with --out") from error
        return printed.pages


def _value(text: str) -> Value:
    found = _VALUE.fullmatch(text)
    if found is None:
        raise UsageError(f"{text!r} is no value", "write it like 'K=6.8 mmol/L'; words go into --text")
    return Value(found["name"], found["value"], found["unit"] or "")

"""What the law asks, on a terminal: clocks, drafts, one draft with where each field comes from; and its files.

Comes in: the hub's state directory. Goes out: lines, JSON and files. It reads the journal, beside a running hub or
without one, and writes nothing there.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from garde.cli.folded import folded
from garde.cli.printed import set_page, write_page
from garde.cli.screen import Screen
from garde.clock import Clock
from garde.errors import NotFound, UsageError
from garde.hub.legal_acts import newest
from garde.hub.legal_paper import LegalPapers
from garde.journal.legal_words import CLOCKS, EVENTS, RECIPIENTS
from garde.journal.speech import Said, long_time, say_in
from garde.legal import rows, state, words
from garde.legal.memory import UNKNOWN, Incident, State
from garde.legal.rows import ClockRow, DraftRow, FieldRow
from garde.paper import Document

_TONES: Final = {"overdue": "bad", "soon": "warn", "runs": "warn", "waits": "note", "submitted": "good"}


class LegalView:
    """One look at the journal, in one language."""

    def __init__(self, screen: Screen, place: Path, clock: Clock, language: str) -> None:
        self._screen, self._now, self._language = screen, clock.now(), language
        self.state, self.look = folded(place, clock, State(), state.KINDS, state.project)
        self._say = say_in(language, words.LEGAL_LOCALE)
        self._papers = LegalPapers(self.state, self.look, self._now)

    # --- clocks ---

    def clocks(self, incident: str, out: Path | None) -> None:
        """Show every clock, the most urgent first; with `out`: the table as a page of A4."""
        found = self._incident(incident)
        if found is None:
            self._screen.line(self._say(words.NO_INCIDENT), "note")
            return
        if out is not None:
            self._write_pdf(out, self._papers.clocks(found, self._language))
            return
        for event in rows.unsaid(self.state, found):
            self._screen.data({"kind": "unsaid", "incident": found.id, "event": event})
            self._screen.line(self._say(words.NOBODY_SAID, event=self._say.word(EVENTS, event), id=event), "bad")
        for row in rows.clock_rows(self.state, found, self._now, self._language):
            self._clock(row)

    def _clock(self, row: ClockRow) -> None:
        self._screen.data({"kind": "clock", **asdict(row)})
        known = {
            "clock": self._say.word(CLOCKS, row.clock), "regime": row.regime,
            "recipient": self._say.word(RECIPIENTS, row.recipient), "state": words.clock_state(row.state, self._say),
        }  # fmt: skip
        if row.due and row.left:
            left = words.time_left(row.left, self._say)
            text = self._say(words.DUE, due=long_time(row.due), left=left, **known)
        else:
            text = self._say(words.UNDATED, time=words.time_given(row.amount, row.unit, self._say), **known)
        self._screen.line(f"{text}  [{row.clock}]", _TONES.get(row.state, "dim"))
        for each in (row.condition, row.channel, row.fallback, row.note) if row.state in _TONES else ():
            if each:
                self._screen.line(f"    {each}", "dim")

    def _incident(self, name: str) -> Incident | None:
        found = self.state.incident(name) if name else newest(self.state)
        if name and found is None:
            raise NotFound("there is no such incident", "see `garde hub status`")
        return found

    # --- drafts ---

    def drafts(self, incident: str) -> None:
        """Show every draft, newest first."""
        found = rows.draft_rows(self.state, incident)
        if not found:
            self._screen.line(self._say(words.NO_DRAFTS), "note")
        for row in found:
            self._screen.data({"kind": "draft", **asdict(row)})
            self._row(row)

    def _row(self, row: DraftRow) -> None:
        unknown = self._say.many("{n} field unknown", "{n} fields unknown", len(row.unknown))
        status = words.draft_status(row.signed, row.submitted, self._say)
        tone = "good" if row.submitted else "note" if row.signed else "warn"
        self._screen.line(f"{row.draft}  {row.title}  [{status}; {row.version}; {unknown}]", tone)
        if row.stale:
            fields = Said(", ".join(row.stale))
            self._screen.line(f"    {self._say(words.AMEND, fields=fields, form=row.form)}", "bad")

    def show(self, name: str) -> None:
        """Show one draft, each field with where it comes from."""
        page = rows.draft_page(self._papers.find(name))
        row = page.row
        self._screen.data({"kind": "draft", **asdict(row)})
        self._screen.line(f"{row.title} ({row.draft})", "title")
        self._row(row)
        for each in (page.basis, page.warning, page.note):
            if each:
                self._screen.line(f"    {each}", "warn" if each == page.warning else "dim")
        for field in page.fields:
            self._field(field)

    def _field(self, field: FieldRow) -> None:
        self._screen.data({"kind": "field", **asdict(field)})
        self._screen.line(f"{field.label}  [{field.name}]", "note")
        for line in field.value.split("\n") if field.value else []:
            self._screen.line(f"    {line}", "bad" if field.stale else "good")
        text = words.field_state(field.state, field.by, self._say)
        if field.entries:
            entries = Said(", ".join(map(str, field.entries)))
            text = Said(f"{text}, {self._say(words.ENTRIES, entries=entries)}")
        self._screen.line(f"    {text}", "warn" if field.state == UNKNOWN else "dim")

    def export(self, name: str, out: Path | None) -> None:
        """Write a draft to a file: PDF, the JSON whose SHA-256 is signed, or text that can be edited."""
        suffix = out.suffix.lower() if out is not None else ""
        if out is None or suffix not in (".pdf", ".json", ".txt"):
            raise UsageError("name a file: --out FILE.pdf, FILE.json or FILE.txt", "see `garde legal --help`")
        if suffix == ".pdf":
            self._write_pdf(out, self._papers.draft(name))
        else:
            raw = self._papers.json(name) if suffix == ".json" else self._papers.text(name).encode()
            write_page(out, raw, self._screen)

    def _write_pdf(self, out: Path, document: Document) -> None:
        write_page(out, set_page(document), self._screen)


def row_of(place: Path, clock: Clock, draft: str) -> dict[str, Any]:
    """Return a draft in short, as the journal has it; raises NotFound."""
    found, look = folded(place, clock, State(), state.KINDS, state.project)
    return asdict(rows.draft_row(LegalPapers(found, look, clock.now()).find(draft)))

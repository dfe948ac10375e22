"""The final report on the command line: lines and JSON, a page, a PDF.

Comes in: the hub's state directory, which incident, where to write. Goes out: files and lines. It reads the journal,
beside a running hub or without one, and writes nothing there. Raises NotFound where no incident stands in it,
UsageError for a file that cannot be read or written, Incomplete where no PDF could be set.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from garde.cli.printed import set_page, write_page

if TYPE_CHECKING:
    from garde.cli.screen import Screen
    from garde.clock import Clock
    from garde.hub.final.parts import Report, Section


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody wants."""

    hub: Path  # state directory
    incident: str  # "" the newest
    language: str | None
    html: Path | None
    pdf: Path | None
    beside: Path | None


def write_report(screen: Screen, wanted: Wanted, clock: Clock) -> None:
    """Make the report; write the files that are wanted, or else show it."""
    report = _made(wanted, clock)
    screen.data(_data(report))
    if wanted.html is not None:
        from garde.hub.final.page import html_page

        write_page(wanted.html, html_page(report).encode(), screen)
    if wanted.pdf is not None:
        from garde.hub.final.sheet import final_sheet

        write_page(wanted.pdf, set_page(final_sheet(report)), screen)
    if wanted.html is None and wanted.pdf is None:
        _show(report, screen)


def _made(wanted: Wanted, clock: Clock) -> Report:
    from garde.cli.plan import language
    from garde.hub.config import load_config, open_hub_journal
    from garde.hub.final.beside import read_beside
    from garde.hub.final.night import KINDS, read
    from garde.hub.final.report import make_report

    beside = read_beside(wanted.beside) if wanted.beside else None
    with open_hub_journal(wanted.hub, load_config(wanted.hub).database, clock, read_only=True) as journal:
        night = read(journal.entries(kinds=KINDS))
        night.end_at(journal.head())
    spoken = wanted.language or language()
    return make_report(night, language=spoken, now=clock.now(), incident=wanted.incident, beside=beside)


def _data(report: Report) -> dict[str, Any]:
    return {
        "kind": "final_report",
        "incident": report.incident,
        "language": report.language,
        "title": report.title,
        "headline": report.headline.title,
        "tone": report.headline.tone,
        "lines": list(report.headline.lines),
        "figures": [{"label": each.label, "value": each.value, "note": each.note} for each in report.figures],
        "sections": [_section(each) for each in report.sections],
        "seq": report.seq,
        "head": report.head,
    }


def _section(section: Section) -> dict[str, Any]:
    return {
        "id": section.id,
        "tone": section.tone,
        "lead": section.lead,
        "rows": [{"cells": list(row.cells), "entries": list(row.entries)} for row in section.rows],
        "notes": list(section.notes),
    }


def _show(report: Report, screen: Screen) -> None:
    screen.line(report.title, "title")
    screen.line(report.about, "dim")
    screen.line(report.headline.title, _style(report.headline.tone))
    for line in report.headline.lines:
        screen.line(f"  {line}", "note")
    for figure in report.figures:
        screen.line(f"  {figure.label}: {figure.value} ({figure.note})", _style(figure.tone))
    for section in report.sections:
        screen.line(section.title, "title")
        screen.line(f"  {section.lead}", _style(section.tone))
        for row in section.rows:
            screen.line(f"    {' · '.join(each for each in row.cells if each)}", _style(row.tone))
        for note in section.notes:
            screen.line(f"    {note}", "dim")


def _style(tone: str) -> str:
    return "note" if tone == "plain" else tone

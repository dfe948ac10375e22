"""The final report as paper: what `final.typ` is set with.

Comes in: a `Report`. Goes out: a `Document` for `garde.paper`: A4, its first page holds what a board needs. It starts
no process itself.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from garde.hub.final.chart import COLOURS
from garde.hub.final.page import SIGNS
from garde.hub.final.parts import Report, Row, Section
from garde.paper.document import Document

TEMPLATE: Final = Path(__file__).parent / "templates" / "final.typ"

# How wide the columns of each table are, against each other; the others share alike.
WIDTHS: Final = {
    "lost": (3, 3, 4), "services": (3, 2, 2, 2, 2, 6), "told": (4, 4, 2, 4), "owed": (3, 4, 2, 2, 4),
    "beside": (5, 2, 2), "what": (4, 1, 6), "evidence": (4, 1, 6), "decided": (1, 6), "left": (3, 4, 2, 3, 4),
}  # fmt: skip


def final_sheet(report: Report) -> Document:
    """Return the report as a document."""
    data: dict[str, Any] = {
        "hospital": report.hospital,
        "heading": report.title,
        "about": report.about,
        "as_of": report.as_of,
        "headline": {"title": report.headline.title, "lines": report.headline.lines, **_tone(report.headline.tone)},
        "figures": [
            {"label": each.label, "value": each.value, "note": each.note, **_tone(each.tone)} for each in report.figures
        ],
        "pictures": [{"caption": caption, "svg": svg} for caption, svg in report.pictures],
        "key": [{"colour": COLOURS[tone], "words": words} for tone, words in report.key],
        "sections": [_section(each) for each in report.sections],
        "words": report.words,
    }
    title = f"{report.hospital}: {report.title}"
    return Document(TEMPLATE, data, title, report.language, report.at)


def _tone(tone: str) -> dict[str, str]:
    return {"colour": COLOURS.get(tone, COLOURS["plain"]), "sign": SIGNS.get(tone, "")}


def _section(section: Section) -> dict[str, Any]:
    return {
        "id": section.id,
        "title": section.title,
        "lead": section.lead,
        **_tone(section.tone),
        "heads": list(section.heads),
        "widths": WIDTHS.get(section.id, (1,) * len(section.heads)),
        "rows": [_row(each) for each in section.rows],
        "notes": list(section.notes),
        "more": section.more,
    }


def _row(row: Row) -> dict[str, Any]:
    entries = " ".join(str(each) for each in row.entries)
    return {"cells": list(row.cells), "entries": entries, **_tone(row.tone)}

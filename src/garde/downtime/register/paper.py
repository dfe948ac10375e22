"""Registers, the log of critical calls and labels as documents: filled with what was keyed, or blank to write on.

Comes in: rows, people's names by their numbers, a language. Goes out: `Document`s for `garde.paper`, A4, black and
white. A filled register goes on in blank lines, so that paper goes on where the desk stops. A critical result that
nobody was told is black on the page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from garde.downtime.numbers.labels import Grid
from garde.downtime.register.look import RequestRow, ResultRow
from garde.paper.codes import code128_svg
from garde.paper.document import Document
from garde.paper.glyphs import printable

HERE: Final = Path(__file__).parent
BLANK_ROWS: Final = 12  # lines to write on after those that are filled
_LONGEST: Final = 200  # characters of one cell: the whole stands on the form
WORDS: Final[dict[str, dict[str, str]]] = {
    "en": {
        "laboratory": "Laboratory register", "radiology": "Radiology register", "calls": "Critical results: calls",
        "request": "Request", "taken": "Taken", "ward": "Ward", "patient": "Patient", "what": "Asked for",
        "result": "Result", "critical": "Critical", "called": "Read to, time, repeated", "sign": "Initials",
        "born": "born", "urgent": "URGENT", "not_called": "NOT CALLED", "no_request": "no request taken",
        "illegible": "NOT LEGIBLE: see the form", "no_name": "name not recorded", "no_birth": "birth date not recorded",
        "corrected": "CORRECTED", "done": "done", "refused": "REFUSED", "void": "void", "open": "open", "now": "now",
        "as_of": "As of {at}. DOWNTIME COPY – verify. Shred when the record has it.", "blank": "Write the time of each "
        "line. Two lines are never merged; a mistake is struck through and signed.",
        "call_how": "Read name, birth date and value. The other side repeats all three. No read-back: call again.",
        "from": "Result of", "value": "Value", "why": "Why", "waited": "After", "label": "request", "title":
        "{hospital}: {name}", "labels_title": "{hospital}: request labels {first} – {last}",
    },
    "fr": {
        "laboratory": "Registre du laboratoire", "radiology": "Registre de radiologie",
        "calls": "Résultats critiques : appels",
        "request": "Demande", "taken": "Reçue", "ward": "Service", "patient": "Patient", "what": "Demandé",
        "result": "Résultat", "critical": "Critique", "called": "Lu à, heure, répété", "sign": "Paraphe",
        "born": "né(e) le", "urgent": "URGENT", "not_called": "PAS APPELÉ", "no_request": "aucune demande reçue",
        "illegible": "ILLISIBLE : voir la demande", "no_name": "nom non renseigné",
        "no_birth": "date de naissance non renseignée", "corrected": "CORRIGÉ", "done": "faite", "refused": "REFUSÉE",
        "void": "annulée", "open": "ouverte", "now": "maintenant",
        "as_of": "Situation du {at}. COPIE DE SECOURS – à vérifier. À détruire quand le dossier l’a repris.",
        "blank": "Écrire l’heure de chaque ligne. Deux lignes ne sont jamais fusionnées ; une erreur est barrée et "
        "paraphée.",
        "call_how": "Lire nom, date de naissance et valeur. L’autre répète les trois. Sans répétition : rappeler.",
        "from": "Résultat du", "value": "Valeur", "why": "Pourquoi", "waited": "Après", "label": "demande",
        "title": "{hospital} : {name}", "labels_title": "{hospital} : étiquettes de demandes {first} – {last}",
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Named:
    """Who a number belongs to."""

    name: str = ""
    birth: str = ""


@dataclass(frozen=True, slots=True)
class Voice:
    """Hospital, language, zone and moment of one print."""

    hospital: str
    zone: ZoneInfo
    at: float
    language: str = "en"
    people: Mapping[str, Named] | None = None

    @property
    def words(self) -> dict[str, str]:
        return WORDS.get(self.language, WORDS["en"])

    def time(self, at: float) -> str:
        return datetime.fromtimestamp(at, self.zone).strftime("%d.%m. %H:%M") if at else ""

    def person(self, number: str) -> dict[str, str]:
        known = (self.people or {}).get(number, Named())
        return {
            "name": _cell(known.name) or self.words["no_name"],
            "number": _cell(number) or self.words["illegible"],
            "birth": known.birth or self.words["no_birth"],
        }


def register_page(service: str, rows: Sequence[RequestRow], voice: Voice, *, blank: int = BLANK_ROWS) -> Document:
    """Return the register of one service: rows in order of time, then blank lines."""
    words = voice.words
    lines = [_line(row, voice) for row in sorted(rows, key=lambda row: (row.at, row.number))]
    return _document(voice, words[service], {"kind": "register", "rows": lines, "blank": blank, "how": words["blank"]})


def _line(row: RequestRow, voice: Voice) -> dict[str, Any]:
    words = voice.words
    return {
        "request": row.number, "taken": voice.time(row.at), "ward": _cell(row.place),
        "patient": voice.person(row.patient), "what": _cell(row.what) or words["illegible"], "urgent": row.urgent,
        "standing": words.get(row.standing, ""), "results": [_result(each, voice) for each in row.results],
    }  # fmt: skip


def _result(row: ResultRow, voice: Voice) -> dict[str, Any]:
    words = voice.words
    called = f"{row.called_to} {voice.time(row.called_at)}".strip() if row.called_at else ""
    return {
        "words": _cell(row.words) or words["illegible"], "at": voice.time(row.at), "critical": row.must_call,
        "waits": row.waits, "called": _cell(called), "corrected": bool(row.replaced_by),
    }  # fmt: skip


def call_log(rows: Sequence[ResultRow], voice: Voice, *, blank: int = BLANK_ROWS) -> Document:
    """Return the log of critical calls: those that wait first, then those that were made, then blank lines."""
    words = voice.words
    ordered = sorted(rows, key=lambda row: (not row.waits, row.at, row.id))
    lines = [
        {
            "id": row.id, "request": row.request, "patient": voice.person(row.patient), "ward": _cell(row.place),
            "words": _cell(row.words) or words["illegible"], "why": _cell("; ".join(row.why)),
            "at": voice.time(row.at), "waits": row.waits, "to": _cell(row.called_to),
            "called": voice.time(row.called_at), "waited": f"{row.waited_s / 60:.0f} min",
        }
        for row in ordered
    ]  # fmt: skip
    return _document(voice, words["calls"], {"kind": "calls", "rows": lines, "blank": blank, "how": words["call_how"]})


def _document(voice: Voice, name: str, body: dict[str, Any]) -> Document:
    words = voice.words
    as_of = words["as_of"].format(at=datetime.fromtimestamp(voice.at, voice.zone).strftime("%d.%m.%Y %H:%M"))
    data = {**body, "words": words, "name": name, "hospital": _cell(voice.hospital), "as_of": as_of}
    title = words["title"].format(hospital=voice.hospital, name=name)
    return Document(HERE / "register.typ", data, title, voice.language, voice.at)


# --- labels -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Label:
    """One request's label: blank, or with whose it is."""

    number: str
    patient: str = ""
    place: str = ""
    specimen: str = ""


def label_sheet(labels: Sequence[Label], grid: Grid, voice: Voice, *, each: int = 3) -> Document:
    """Return sheets of labels, several of each number side by side: for the form, the tube, and one to spare."""
    grid.check()
    words = voice.words
    data = {
        "words": words, "hospital": _cell(voice.hospital), "each": each,
        "grid": {"columns": grid.columns, "rows": grid.rows, "x": grid.margin_x, "y": grid.margin_y,
                 "width": grid.width, "height": grid.height},
        "labels": [
            {"number": label.number, "bars": code128_svg(label.number), "place": _cell(label.place),
             "specimen": _cell(label.specimen), "patient": voice.person(label.patient) if label.patient else None}
            for label in labels
        ],
    }  # fmt: skip
    ends = {"first": labels[0].number, "last": labels[-1].number}
    title = words["labels_title"].format(hospital=voice.hospital, **ends)
    return Document(HERE / "labels.typ", data, title, voice.language, voice.at)


def _cell(text: str) -> str:
    return printable(text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…")

"""Labels and the registry of a block, as one document: sheets of labels first, then pages to write names on.

Comes in: a block, its numbers, how the sheets are cut, a language. Goes out: `Document` for `garde.paper`. Each label
has the number in Code 128, in large type, and as it is read aloud. It knows no person: what is written stays on paper.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from garde.downtime.numbers.form import Number
from garde.errors import SettingsError
from garde.paper.codes import code128_svg
from garde.paper.document import Document

HERE: Final = Path(__file__).parent
_A4: Final = (210.0, 297.0)  # mm
_SMALLEST: Final = (60.0, 20.0)  # mm of a label: its narrowest bar is 2.4 dots at 200 dpi, and is read
WORDS: Final = {
    "en": {
        "registry": "Registry of downtime numbers",
        "title": "{hospital}: downtime numbers {first} – {last}, {place}",
        "number": "Number", "who": "Name, first name", "birth": "Born", "at": "Arrived", "by": "Given by",
        "record": "Record number, later", "hospital": "Hospital", "place": "Ward", "block": "Block",
        "numbers": "Numbers", "downtime": "downtime number",
        "how": "Tick the number when it is given, and write the name before the next label is taken. A number is given "
        "once, also when its label is spoilt: strike it through and write VOID. Allergies are asked and written on the "
        "patient's own sheet.",
        "later": "When the record is back, two identifiers and two people say whose a number is. Nobody is merged "
        "before that.",
    },
    "fr": {
        "registry": "Registre des numéros de panne",
        "title": "{hospital} : numéros de panne {first} – {last}, {place}",
        "number": "Numéro", "who": "Nom, prénom", "birth": "Né(e) le", "at": "Arrivé(e)", "by": "Donné par",
        "record": "Numéro du dossier, après", "hospital": "Hôpital", "place": "Service", "block": "Bloc",
        "numbers": "Numéros", "downtime": "numéro de panne",
        "how": "Cocher le numéro quand il est donné, et écrire le nom avant de prendre l’étiquette suivante. Un numéro "
        "n’est donné qu’une fois, même si l’étiquette est abîmée : le barrer et écrire NUL. Les allergies sont "
        "demandées et écrites sur la feuille du patient.",
        "later": "Quand le dossier est revenu, deux identifiants et deux personnes disent à qui est un numéro. "
        "Personne n’est fusionné avant.",
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Grid:
    """How a sheet of A4 is cut into labels."""

    columns: int = 3
    rows: int = 8
    margin_x: float = 0.0  # mm
    margin_y: float = 4.5  # mm

    @property
    def width(self) -> float:
        return (_A4[0] - 2 * self.margin_x) / self.columns

    @property
    def height(self) -> float:
        return (_A4[1] - 2 * self.margin_y) / self.rows

    def check(self) -> None:
        """Raise SettingsError where a label would be too small to be scanned."""
        cut = 1 <= self.columns <= 6 and 1 <= self.rows <= 20
        if not cut or not 0 <= self.margin_x < 60 or not 0 <= self.margin_y < 60:
            raise SettingsError("the label sheet is none", "desk.json: numbers.columns, rows, margin_x, margin_y (mm)")
        if self.width < _SMALLEST[0] or self.height < _SMALLEST[1]:
            raise SettingsError(
                f"labels of {self.width:.0f} × {self.height:.0f} mm are too small to be scanned",
                f"{_SMALLEST[0]:.0f} × {_SMALLEST[1]:.0f} mm at least: desk.json, numbers.columns and rows",
            )


@dataclass(frozen=True, slots=True)
class Sheets:
    """What is to be printed."""

    hospital: str
    place: str
    block: str
    numbers: Sequence[Number]
    copies: int = 3
    registry: bool = True


def label_sheets(sheets: Sheets, grid: Grid, *, language: str = "en", made_at: float = 0.0) -> Document:
    """Return labels and registry as one document."""
    grid.check()
    words = WORDS.get(language, WORDS["en"])
    first, last = sheets.numbers[0], sheets.numbers[-1]
    data: dict[str, Any] = {
        "hospital": sheets.hospital,
        "place": sheets.place,
        "block": sheets.block,
        "words": words,
        "grid": {"columns": grid.columns, "rows": grid.rows, "x": grid.margin_x, "y": grid.margin_y,
                 "width": grid.width, "height": grid.height},
        "copies": sheets.copies,
        "registry": sheets.registry,
        "range": f"{first} – {last}",
        "numbers": [
            {"text": str(each), "spoken": each.spoken, "bars": code128_svg(str(each))} for each in sheets.numbers
        ],
    }  # fmt: skip
    title = words["title"].format(hospital=sheets.hospital, first=first, last=last, place=sheets.place)
    return Document(HERE / "labels.typ", data, title, language, made_at)

"""What nurses write while their ward is on paper: on which sheet it stands, and how it is keyed later. Pure.

Comes in: what was given, by the books of the hospital that talks; the printed pages in somebody's hand; which pages are
medication sheets, which are empty forms. Goes out: `Line`s: each thing that was written, the sheet that it stands on,
the item as `garde sheet key` takes it. Who has no medication sheet of their own gets an empty form, and keeps it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from garde.lab.hospital.aside import ZONE
from garde.lab.night.printed import Page
from garde.lab.ward_traffic.hospital import Given


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was written."""

    patient: str  # the number that stands on the sheet
    page: Page
    item: dict[str, Any]


class Writing:
    """The sheets of all wards, as nurses use them."""

    def __init__(self, medication: Mapping[str, list[Page]], empty: Mapping[str, list[Page]]) -> None:
        """`medication`: by patient's number. `empty`: by ward, in the order in which they are taken."""
        self._medication = {number: pages[0] for number, pages in medication.items() if pages}
        self._empty = {ward: list(pages) for ward, pages in empty.items()}

    def write(self, given: Given, patient: str) -> Line | None:
        """Write one thing down; None where the ward has no form left, as nobody could."""
        if patient not in self._medication:
            forms = self._empty.get(given.ward, [])
            if not forms:
                return None
            self._medication[patient] = forms.pop(0)
        page = self._medication[patient]
        return Line(patient, page, item(given, patient, page.sheet))


def item(given: Given, patient: str, sheet: str) -> dict[str, Any]:
    """One line of a medication sheet, as it is keyed."""
    _, family, first = given.nurse.split("^")
    told: dict[str, Any] = {
        "kind": "given", "what": given.text, "code": given.code, "number": given.order, "amount": given.dose,
        "unit": given.unit, "route": given.route, "status": "refused" if given.refused else "given",
    }  # fmt: skip
    if given.refused:
        told["reason"] = "the patient did not want it"
    return {
        "patient": patient,
        "sheet": sheet,
        "observed": datetime.fromtimestamp(given.at, ZONE).isoformat(),
        "author": f"{first} {family}",
        "item": told,
    }


def of_patients(pages: Iterable[Page], numbers: Iterable[str]) -> dict[str, list[Page]]:
    """Return the pages that bear a patient's number, by number, in their order."""
    known, found = set(numbers), dict[str, list[Page]]()
    for page in pages:
        for number in sorted(known.intersection(page.text.split())):
            found.setdefault(number, []).append(page)
    return found

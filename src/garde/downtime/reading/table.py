"""One line of a table, with its heading: the last resort, for a hospital that has nothing but a list.

Comes in: two lines of CSV (commas or semicolons), the heading and one row. Goes out: `Read`. Columns: number, family,
given, birth, sex, ward, room, bed, visit, doctor, allergies. A row without a number but with a bed is a bed. Allergies
are words with semicolons or slashes between; `NKA` is "no known allergy"; an empty cell says nothing.
"""

from __future__ import annotations

import csv
import io

from garde.downtime.hl7.charsets import decode
from garde.downtime.hl7.times import parse_date
from garde.downtime.nouns import (
    AllergiesStated,
    Allergy,
    BedsStated,
    Care,
    Coded,
    Person,
    PersonStated,
    Place,
    Read,
    Source,
    Statement,
    Step,
    Told,
    VisitStated,
)
from garde.downtime.reading.manner import Manner
from garde.downtime.reading.visits import none_known

COLUMNS = ("number", "family", "given", "birth", "sex", "ward", "room", "bed", "visit", "doctor", "allergies")


def read_table(raw: bytes, seq: int, received: float, digest: str, manner: Manner) -> Read:
    """Read one row. Raises nothing."""
    text, doubt = decode(raw, "", manner.charset)
    heading = text.split("\n", 1)[0]
    mark = ";" if heading.count(";") > heading.count(",") else ","
    try:
        row = next(csv.DictReader(io.StringIO(text.lstrip("\ufeff")), delimiter=mark), None)
    except csv.Error as error:
        return Read(reason="no row", detail=str(error))
    if row is None:
        return Read(reason="no row")
    found = {str(name).strip().lower(): (value or "").strip() for name, value in row.items() if isinstance(value, str)}
    if not set(found) & {"number", "bed"}:
        return Read(reason="no column that is known")
    source = Source(seq, received, "CSV", str(seq), "CSV", digest)
    return Read(_told(found, source), "" if found.get("number") or found.get("bed") else "no patient",
                doubts=(doubt,) if doubt else ())  # fmt: skip


def _told(row: dict[str, str], source: Source) -> tuple[Told, ...]:
    place = Place(row.get("ward", ""), row.get("room", ""), row.get("bed", ""))
    number = row.get("number", "")
    if not number:
        return (Told(source, "", (BedsStated((place,)),)),) if place.is_bed else ()
    birth = parse_date(row.get("birth", "").replace("-", ""))
    person = Person(row.get("family", ""), row.get("given", ""), birth, row.get("sex", ""))
    statements: list[Statement] = [PersonStated(person, row.get("visit", ""), begins=True, firm=True)]
    if place:
        doctor = row.get("doctor", "")
        statements.append(VisitStated(Step.ADMIT, row.get("visit", ""), Care.INPATIENT, place, doctor=doctor))
    if words := row.get("allergies", ""):
        statements.append(_allergies(words))
    return (Told(source, number, tuple(statements)),)


def _allergies(words: str) -> AllergiesStated:
    found = [each.strip() for part in words.split(";") for each in part.split("/") if each.strip()]
    nones = tuple(none for each in found if (none := none_known(each)) is not None)
    return AllergiesStated(tuple(Allergy(Coded("", each)) for each in found if none_known(each) is None), nones)

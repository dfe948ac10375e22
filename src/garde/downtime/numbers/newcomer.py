"""What is known of somebody who arrived while the record was away: the part that the desk's journal holds sealed.

Comes in: what was asked at the bed or typed from paper. Goes out: `Newcomer`, checked. "" means *not said*; allergies
are one of three things and never empty. It seals nothing itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any, Final

from garde.downtime.census.view import AllergyStatus
from garde.downtime.nouns import Person, Place
from garde.errors import UsageError

LONGEST: Final = 200  # characters of one field: it stands on a label and in a row
_LOCAL_DATE: Final = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4})")  # 2.1.1960, 02/01/1960: day first
SEXES: Final = ("", "F", "M", "X", "U")


@dataclass(frozen=True, slots=True)
class Newcomer:
    """One person, as far as they are known."""

    family: str = ""
    given: str = ""
    birth: str = ""  # 1960-01-02
    sex: str = ""
    national: str = ""
    phone: str = ""
    address: str = ""
    allergies: AllergyStatus = AllergyStatus.NOT_RECORDED
    allergic_to: str = ""  # words, where allergies are recorded
    room: str = ""
    bed: str = ""
    reason: str = ""  # why they came
    left: float = 0.0  # wall seconds; 0: still here
    whither: str = ""  # home, another hospital, died

    def person(self) -> Person:
        """Return it as the census has people."""
        known = (("NI", self.national),) if self.national else ()
        return Person(self.family, self.given, self.birth, self.sex, known, self.address, self.phone)

    def place(self, ward: str) -> Place:
        return Place(ward, self.room, self.bed)


def checked(person: Newcomer, today: date) -> Newcomer:
    """Return it tidied; UsageError where a field cannot be what it says."""
    words = ((each.name, getattr(person, each.name)) for each in fields(person))
    lines: dict[str, Any] = {name: _line(value) for name, value in words if isinstance(value, str)}
    tidy = replace(person, **lines)
    tidy = replace(tidy, birth=_birth(tidy.birth, today), sex=tidy.sex.upper())
    if tidy.sex not in SEXES:
        raise UsageError("the sex is none", "F, M, X, or U for unknown; or leave it out")
    if tidy.allergies is AllergyStatus.RECORDED and not tidy.allergic_to:
        raise UsageError("allergic to what?", "name it: --allergies 'penicillin'; or --allergies none-known")
    if tidy.allergies is not AllergyStatus.RECORDED and tidy.allergic_to:
        raise UsageError("allergies are named and denied at once", "ask again, then say one of the two")
    return tidy


def allergies_said(words: str) -> tuple[AllergyStatus, str]:
    """Read what stands in one field: nothing, `none-known`, or what somebody is allergic to."""
    text = _line(words)
    key = re.sub(r"(?<=\w)[\s_-]+(?=\w)", " ", text).casefold()
    if key in ("", "not recorded", "not asked", "unknown", "?"):
        return AllergyStatus.NOT_RECORDED, ""
    if key in ("none known", "no known allergy", "nka"):
        return AllergyStatus.NONE_KNOWN, ""
    if key in ("none", "no", "non", "aucune", "-", "0", "n/a"):
        # "None" may mean that nobody asked: the two must never look alike.
        raise UsageError(f"{text!r} can mean two things", "say none-known where they were asked; else leave it out")
    return AllergyStatus.RECORDED, text


def _line(text: str) -> str:
    words = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    if len(words) > LONGEST:
        raise UsageError(f"a field has more than {LONGEST} characters", "shorten it; the whole stands on paper")
    return words


def _birth(text: str, today: date) -> str:
    if not text:
        return ""
    found = _LOCAL_DATE.fullmatch(text)
    try:
        born = date(*(int(part) for part in reversed(found.groups()))) if found else date.fromisoformat(text)
    except ValueError as error:
        raise UsageError("the date of birth is none", "write 1960-01-31 or 31.01.1960; or leave it out") from error
    if not 0 <= (today - born).days <= 130 * 366:
        raise UsageError("the date of birth is in the future, or too long ago", "look at the paper again")
    return born.isoformat()

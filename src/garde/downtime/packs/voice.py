"""How a pack speaks: one language, one time zone, and every word from outside made safe to print.

Comes in: a language, a zone, when the pack is made; values of the census. Goes out: text for a template. The words of
each language are a table (`words/en.json`, `words/fr.json`; a further language is a further file with the same keys).
Text from outside keeps its letters; what turns, hides or moves anything is written out, and so is what no font has.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from garde.downtime.nouns import Person, Place
from garde.errors import UsageError
from garde.journal.text import plain
from garde.paper.glyphs import printable

_WORDS: Final = Path(__file__).parent / "words"
_LONGEST: Final = 2000  # characters of one value: what the readers keep of a result
LANGUAGES: Final = tuple(sorted(each.stem for each in _WORDS.glob("*.json")))
_YEARS: Final = 2  # a child's age is told in months below this


@lru_cache(maxsize=8)
def words_of(language: str) -> Mapping[str, str]:
    """Return the table of one language; UsageError where there is none."""
    if language not in LANGUAGES:
        raise UsageError(f"packs are not written in {language!r}", f"choose one of {', '.join(LANGUAGES)}")
    found: dict[str, str] = json.loads((_WORDS / f"{language}.json").read_text(encoding="utf-8"))
    return found


def clean(text: str) -> str:
    """Return text from outside as one line that can be printed."""
    if text.isascii() and text.isprintable() and "\\" not in text and len(text) <= _LONGEST:
        return text
    return printable(plain(" ".join(text.split()), _LONGEST))


def shortened(text: str, most: int = 160) -> str:
    """Return text for a narrow cell; where it is cut an ellipsis says so, and the patient's sheet has all of it."""
    found = clean(text)
    return found if len(found) <= most else f"{found[: most - 1]}…"


def clean_lines(text: str) -> str:
    """The same, with its line breaks."""
    return "\n".join(clean(line) for line in text.splitlines())


@dataclass(frozen=True, slots=True)
class Voice:
    """One language at one place and time."""

    language: str
    zone: ZoneInfo
    made_at: float

    def __call__(self, key: str, **values: object) -> str:
        """Return a word or a sentence of the table; values are clean already."""
        text = words_of(self.language)[key]
        for name, value in values.items():
            text = text.replace(f"{{{name}}}", str(value))
        return text

    # --- times ---

    def local(self, at: float) -> datetime:
        return datetime.fromtimestamp(at, self.zone)

    def day(self, at: float) -> str:
        """Return 28 Nov; with its year where that is another one."""
        then, now = self.local(at), self.local(self.made_at)
        text = f"{then.day} {self._month(then.month)}"
        return text if then.year == now.year else f"{text} {then.year}"

    def time(self, at: float | None) -> str:
        """Return 28 Nov 06:10; words where no time is known."""
        if at is None or at <= 0:
            return self("time_unknown")
        try:
            return f"{self.day(at)} {self.local(at):%H:%M}"
        except (ValueError, OverflowError, OSError):  # a year that no calendar has
            return self("time_unknown")

    def _month(self, month: int) -> str:
        return self("months_short").split()[month - 1]

    # --- people and places ---

    def family(self, person: Person) -> str:
        if not person.family and not person.given:
            return self("no_name")
        return clean(person.family).upper() if person.family else "–"

    def given(self, person: Person) -> str:
        return clean(person.given)

    def birth(self, text: str) -> str:
        """Return 18 Jan 1989 (37 y); a date that is none stands as it came."""
        if not text:
            return self("no_birth")
        try:
            born = date.fromisoformat(text)
        except ValueError:
            return clean(text)
        return f"{born.day} {self._month(born.month)} {born.year} ({self._age(born)})"

    def _age(self, born: date) -> str:
        today = self.local(self.made_at).date()
        months = (today.year - born.year) * 12 + today.month - born.month - (today.day < born.day)
        if months < 0:
            return "?"
        if months < 1:
            return self("days", n=(today - born).days)
        return self("months", n=months) if months < _YEARS * 12 else self("years", n=months // 12)

    def sex(self, sex: str) -> str:
        found = words_of(self.language).get(f"sex_{sex.upper()}")
        return found or clean(sex)

    def place(self, place: Place) -> str:
        """Return room and bed as one word; "" for a place without."""
        return clean("-".join(filter(None, (place.room, place.bed))))

    def whole_place(self, place: Place) -> str:
        return clean(" ".join(filter(None, (place.site, place.ward, "-".join(filter(None, (place.room, place.bed)))))))

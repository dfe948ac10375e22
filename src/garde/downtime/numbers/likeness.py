"""What of somebody under a downtime number agrees with a record of the hospital's, and what does not.

Comes in: a `Newcomer`, a record's `Person`. Goes out: `Likeness`: identifiers that agree, that differ, that one of the
two does not have. It decides nothing: two people can be alike in much and be two.

Two identifiers must agree (`ENOUGH`). A given name or a sex is none by itself: half a ward shares them. A national
number that differs is two people.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from garde.downtime.nouns import Person
from garde.downtime.numbers.newcomer import Newcomer

ENOUGH: Final = 2
STRONG: Final = ("family", "birth", "national", "phone", "address", "document")
WEAK: Final = ("given", "sex")
NAMES: Final = (*STRONG, *WEAK)
_NATIONAL: Final = ("SS", "NI", "NN", "NNBEL", "NH")  # HL7 table 0203 and what Belgian systems write
_PHONE_END: Final = 8  # digits that count: prefixes of countries and areas are written or not
_SHORT: Final = 6  # digits from which a number of somebody is told from a house number


@dataclass(frozen=True, slots=True)
class Likeness:
    """How two descriptions compare; names of identifiers, never their values."""

    agree: tuple[str, ...]
    differ: tuple[str, ...]
    unknown: tuple[str, ...]

    @property
    def strong(self) -> tuple[str, ...]:
        """Those that agree and count."""
        return tuple(each for each in self.agree if each in STRONG)


def likeness(newcomer: Newcomer, record: Person) -> Likeness:
    """Compare them."""
    found = {
        "family": _same(_letters(newcomer.family), _letters(record.family)),
        "birth": _same(newcomer.birth, record.birth[:10]),
        "national": _same_national(_digits(newcomer.national), record),
        "phone": _same(_digits(newcomer.phone)[-_PHONE_END:], _digits(record.phone)[-_PHONE_END:]),
        "address": _same(_letters(newcomer.address), _letters(record.address)),
        "given": _same_given(_letters(newcomer.given), _letters(record.given)),
        "sex": _same(newcomer.sex.replace("U", ""), record.sex.upper().replace("U", "")),
    }
    return Likeness(
        tuple(name for name, same in found.items() if same is True),
        tuple(name for name, same in found.items() if same is False),
        tuple(name for name, same in found.items() if same is None),
    )


def _same(one: str, other: str) -> bool | None:
    return one == other if one and other else None


def _same_given(one: str, other: str) -> bool | None:
    """`Marie` and `Marie Claire` are no contradiction."""
    if not one or not other:
        return None
    return one.partition(" ")[0] == other.partition(" ")[0]


def _same_national(one: str, record: Person) -> bool | None:
    if len(one) < _SHORT:
        return None
    if any(_digits(number) == one for _, number in record.identifiers):
        return True
    others = [number for kind, number in record.identifiers if kind in _NATIONAL and len(_digits(number)) >= _SHORT]
    return False if others else None


def _letters(text: str) -> str:
    """Return words without accents, hyphens, case: `Lambert-Peeters` and `LAMBERT PEETERS` are one."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    return " ".join(re.findall(r"[^\W_]+", "".join(sign for sign in plain if not unicodedata.combining(sign))))


def _digits(text: str) -> str:
    return "".join(sign for sign in text if sign.isdigit())

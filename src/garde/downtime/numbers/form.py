"""How a downtime number is written, read back, read aloud, and told from a patient's own number.

Comes in: a prefix, serials, what somebody typed. Goes out: `D1-000427-K`: prefix, six digits, a check character over
both (ISO 7064 MOD 37,36). Serials whose check character would be I, L, O or U are passed over, so that no sign of a
number is taken for another; who types O or I is understood all the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from garde.downtime.codes import CLEAR, check_character

DIGITS: Final = 6
LAST: Final = 10**DIGITS - 1
_PREFIX: Final = re.compile(rf"(?![0-9])[{CLEAR}]{{1,4}}")
_TYPED: Final = re.compile(rf"([A-Z0-9]{{1,4}})([A-Z0-9]{{{DIGITS}}})([A-Z0-9])")
_MEANT: Final = str.maketrans("OIL", "011")
_ALPHABET: Final = (
    "Alfa", "Bravo", "Charlie", "Delta", "Echo", "Foxtrot", "Golf", "Hotel", "India", "Juliett", "Kilo", "Lima",
    "Mike", "November", "Oscar", "Papa", "Quebec", "Romeo", "Sierra", "Tango", "Uniform", "Victor", "Whiskey",
    "X-ray", "Yankee", "Zulu",
)  # fmt: skip
_SPOKEN: Final = {word[0]: word for word in _ALPHABET}


@dataclass(frozen=True, slots=True)
class Number:
    """One downtime number."""

    prefix: str
    serial: int

    def __str__(self) -> str:
        body = f"{self.prefix}-{self.serial:0{DIGITS}d}"
        return f"{body}-{check_character(body)}"

    @property
    def is_clear(self) -> bool:
        """Whether no sign of it is taken for another: only such numbers are given."""
        return str(self)[-1] in CLEAR

    @property
    def spoken(self) -> str:
        """How it is read out: letters as ICAO has them, digits in threes."""
        signs = str(self)
        digits = f"{self.serial:0{DIGITS}d}"
        return " – ".join([_said(self.prefix), f"{digits[:3]} {digits[3:]}", _said(signs[-1])])


def _said(signs: str) -> str:
    return " ".join(_SPOKEN.get(sign, sign) for sign in signs)


def is_prefix(text: str) -> bool:
    """Say whether this can begin downtime numbers: one to four signs without I, L, O, U, a letter first."""
    return _PREFIX.fullmatch(text) is not None


def read_number(text: str) -> Number:
    """Return the number that was typed or scanned; ValueError says what is wrong with it."""
    signs = re.sub(r"[\s.\-–_/]", "", text).upper()
    found = _TYPED.fullmatch(signs)
    if found is None:
        raise ValueError("it is written like D1-000427-K: prefix, six digits, check character")
    prefix, digits, check = (part.translate(_MEANT) for part in found.groups())
    if not digits.isdigit() or not digits.isascii() or not is_prefix(prefix):
        raise ValueError("it is written like D1-000427-K: prefix, six digits, check character")
    number = Number(prefix, int(digits))
    if str(number)[-1] != check:
        raise ValueError("its check character is wrong: one sign was misread")
    return number


def clear_numbers(prefix: str, first: int) -> Iterator[Number]:
    """Yield the numbers that may be given, from a serial on."""
    return (number for serial in range(first, LAST + 1) if (number := Number(prefix, serial)).is_clear)


# --- told from a patient's own number ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Clash:
    """What a prefix has in common with the patient numbers that were heard of; never one of these numbers."""

    prefix: str
    compared: int  # patient numbers; 0: nothing is proven
    begins: int  # begin with the prefix
    shaped: int  # are made like a downtime number: letters and digits in the same places
    digits: int  # would be one if a system dropped the letters of the downtime number

    @property
    def refuses(self) -> bool:
        return bool(self.begins or self.shaped)


def compare(prefix: str, numbers: Iterable[str]) -> Clash:
    """Compare a prefix with patient numbers as the census has them."""
    bare = {signs for each in numbers if (signs := _signs(each))}
    shapes = {_shape(prefix + "0" * DIGITS + check) for check in "0A"}
    own_digits = sum(sign.isdigit() for sign in prefix) + DIGITS
    return Clash(
        prefix,
        len(bare),
        sum(each.startswith(prefix) for each in bare),
        sum(_shape(each) in shapes for each in bare),
        sum(each.isdigit() and len(each) in (own_digits, own_digits + 1) for each in bare),
    )


def _signs(number: str) -> str:
    """Return letters and digits of a number as the census has it, without the authority of a foreign one."""
    return "".join(sign for sign in number.partition("^")[0].upper() if sign.isalnum())


def _shape(signs: str) -> str:
    return "".join("9" if sign.isdigit() else "A" for sign in signs)

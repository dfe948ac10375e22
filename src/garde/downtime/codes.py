"""Names that are printed, scanned and typed: their check character, packs, sheets.

Comes in: text, pages. Goes out: `SheetCode` and its QR text; ids of packs. The check character is ISO/IEC 7064 MOD
37,36 (letters and digits): it finds every single wrong character and nearly every pair that was swapped.

A pack's id is six characters without I, L, O and U. A sheet is `PACK.PAGE`, `PACK.PAGE.COPY` where it was printed more
than once. Its QR text is `GARDE:1:PACK.PAGE:DIGEST:C`; DIGEST is eight hex digits of the pack's content, C the check
character of all before it.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from typing import Final

ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
CLEAR: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # none that is taken for another, none that spells words
PACK_LENGTH: Final = 6
_M: Final = 36
_SHEET = re.compile(rf"([{CLEAR}]{{{PACK_LENGTH}}})\.([1-9][0-9]{{0,3}})(?:\.([2-9]|[1-9][0-9]))?")
_QR = re.compile(r"GARDE:1:([^:]+):([0-9a-f]{8}):([0-9A-Z])")


def check_character(text: str) -> str:
    """Return the check character of letters and digits (others are passed over); ValueError where there is none."""
    product = _product(text)
    return ALPHABET[(_M + 1 - product) % _M]


def is_checked(text: str) -> bool:
    """Say whether the last letter or digit is the check character of those before it."""
    signs = [sign for sign in text.upper() if sign in ALPHABET]
    return len(signs) > 1 and check_character("".join(signs[:-1])) == signs[-1]


def _product(text: str) -> int:
    signs = [sign for sign in text.upper() if sign in ALPHABET]
    if not signs:
        raise ValueError("there is no letter and no digit to check")
    product = _M
    for sign in signs:
        total = (product + ALPHABET.index(sign)) % _M or _M
        product = total * 2 % (_M + 1)
    return product


def new_pack_id() -> str:
    """Return an id that no other pack has: 30 random bits, and the desk looks whether it is taken."""
    return "".join(secrets.choice(CLEAR) for _ in range(PACK_LENGTH))


@dataclass(frozen=True, slots=True, order=True)
class SheetCode:
    """One sheet of paper: a page of a pack, as it came out for the first or a later time."""

    pack: str
    page: int  # from 1
    copy: int = 1

    def __str__(self) -> str:
        return f"{self.pack}.{self.page}" + (f".{self.copy}" if self.copy > 1 else "")

    @classmethod
    def of(cls, text: str) -> SheetCode:
        """Return the sheet that this names; ValueError where it is no name of one."""
        found = _SHEET.fullmatch(text.strip().upper())
        if found is None:
            raise ValueError(f"{text!r} is no sheet: it is written like K7Q2MX.12")
        return cls(found[1], int(found[2]), int(found[3] or 1))

    def qr(self, digest: str) -> str:
        """Return what the QR code of this page says; `digest` is of the pack's content, in hex."""
        text = f"GARDE:1:{self}:{digest[:8]}"
        return f"{text}:{check_character(text)}"


def read_qr(text: str) -> tuple[SheetCode, str] | None:
    """Return the sheet and the digest's beginning that a code names; None where it is none of ours, or is damaged."""
    found = _QR.fullmatch(text.strip())
    if found is None or check_character(text.strip()[:-2]) != found[3]:
        return None
    try:
        return SheetCode.of(found[1]), found[2]
    except ValueError:
        return None

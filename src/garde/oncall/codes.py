"""Short codes by which a person acknowledges or decides, and what is read in a reply.

Comes in: a secret of the hub, the name of a slot (notice, person, generation); or a reply's hostile text. Goes out: a
code of nine digits; the words that count in a reply. Nothing is stored: the same slot gives the same code, so a page
that is sent again after a restart carries the same one, and no journal, snapshot or command holds it.

Nine digits are eight drawn from the secret (10^8) and a check digit, so that a typing error is not a wrong try. How
many wrong ones are let through, and for how long a code counts, is `garde.hub.replies` and `answers.py`.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from typing import Final

BLANK: Final = "########"  # in a line of a page: here goes the code
DIGITS: Final = 9
LONGEST_REPLY: Final = 2_000  # characters that are looked at
ACK, YES, NO = "ack", "yes", "no"
_LABEL: Final = b"garde-call-code-1\n"
_SECRET: Final = b"garde-calling-1"
_RUN: Final = re.compile(r"(?<!\d)\d(?:[ .\-]?\d){8}(?!\d)", re.ASCII)
_NUMBER: Final = re.compile(r"\d(?:[ .\-]?\d){4,}", re.ASCII)
# In the languages of the house and its neighbours.
_YES: Final = frozenset({"YES", "OUI", "JA"})
_NO: Final = frozenset({"NO", "NON", "NEE", "NEIN"})
# Weights of 3 and 1 modulo 10 catch every single wrong digit, and most swapped ones.
_WEIGHTS: Final = (3, 1)


@dataclass(frozen=True, slots=True)
class Slot:
    """Whose code it is, and for what."""

    notice: str
    person: str
    generation: int

    @property
    def name(self) -> str:
        """The slot as a line of a page names it."""
        return f"{self.notice}|{self.person}|{self.generation}"


def slot_of(name: str) -> Slot:
    """Return the slot of its name; ValueError where it is none."""
    notice, person, generation = name.rsplit("|", 2)
    return Slot(notice, person, int(generation))


def secret_of(release: bytes) -> bytes:
    """Return the secret of the codes from the hub's own."""
    return hmac.digest(release, _SECRET, "sha256")


def code_of(secret: bytes, slot: Slot) -> str:
    """Return the code of a slot."""
    made = hmac.digest(secret, _LABEL + slot.name.encode("utf-8", "surrogatepass"), "sha256")
    digits = f"{int.from_bytes(made[:8]) % 10**8:08d}"
    return digits + _check_of(digits)


def shown(code: str) -> str:
    """Return a code as people read it: `482 190 375`."""
    return f"{code[:3]} {code[3:6]} {code[6:]}"


def codes_in(text: str) -> tuple[str, ...]:
    """Return everything in a reply that has the form of a code of ours, each once."""
    found = (re.sub(r"\D", "", each.group(), flags=re.ASCII) for each in _RUN.finditer(text[:LONGEST_REPLY]))
    return tuple(dict.fromkeys(each for each in found if _check_of(each[:-1]) == each[-1]))


def masked(text: str) -> str:
    """Return the reply without its numbers: a code with one wrong digit, written down, would give away the others."""
    return _NUMBER.sub("[digits]", text[:LONGEST_REPLY])


def meaning_of(text: str) -> str:
    """Return what a reply says beside its code: yes or no where it is that word and nothing else; else ack.

    Strict on purpose: "oui, j'arrive" is no approval of a cut. Who meant one is told so, and sends the word alone.
    """
    words = [each.upper() for each in re.findall(r"\w+", _RUN.sub(" ", text[:LONGEST_REPLY]))]
    if len(words) != 1:
        return ACK
    return YES if words[0] in _YES else NO if words[0] in _NO else ACK


def _check_of(digits: str) -> str:
    total = sum(int(each) * _WEIGHTS[place % 2] for place, each in enumerate(digits))
    return str(-total % 10)

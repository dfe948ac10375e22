"""Which of two Debian versions is the newer one (Debian policy 5.6.12, deb-version(7)).

Comes in: two versions. Goes out: `is_newer`. What is no version is ordered somehow, and never an error.
"""

from __future__ import annotations

import re
from typing import Final

_PARTS: Final = re.compile(r"([^0-9]*)([0-9]*)")


def is_newer(one: str, other: str) -> bool:
    """Whether `one` comes after `other`."""
    return _key(one) > _key(other)


def _key(version: str) -> tuple[int, list[tuple[list[int], int]], list[tuple[list[int], int]]]:
    epoch, colon, rest = version.partition(":")
    if not colon or not epoch.isdecimal():
        epoch, rest = "0", version
    upstream, dash, revision = rest.rpartition("-")
    return int(epoch), _order(upstream if dash else rest), _order(revision if dash else "0")


def _order(text: str) -> list[tuple[list[int], int]]:
    """Words and numbers in turns. A tilde sorts before the end of a word, letters before all other signs."""
    parts = [(word, number) for word, number in _PARTS.findall(text) if word or number]
    return [([*map(_weight, word), 0], int(number or 0)) for word, number in parts] + [([0], 0)]


def _weight(sign: str) -> int:
    if sign == "~":
        return -1
    return ord(sign) if sign.isalpha() else ord(sign) + 256

"""What was read of a bundle: indicators that can be watched for, and what was refused, counted by its reason.

Comes in: sorts and values as a neighbour wrote them. Goes out: `Found`. Every value is checked here, whatever format it
came in. The rules, one test each:

1. A value is kept as agents compare it; one that holds control characters or is too long is refused.
2. What honest files, programs and accounts have is refused: a list that watches for it would accuse everybody.
3. An address of a private network is refused: there are as many machines of that address as there are houses.
4. After `MOST` indicators nothing more is taken.
"""

from __future__ import annotations

import ipaddress
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from garde.model.watchlist import MOST as LIST_MOST
from garde.model.watchlist import Indicator, Sort, compared
from garde.sharing.in_ import harmless

MOST: Final = LIST_MOST - 50_000  # of one bundle: there is room for others in a list
UNREADABLE: Final = "it could not be read"
NOT_A_VALUE: Final = "no value of its sort: empty, too long, a path, or with control characters"
NOT_WATCHED: Final = "of a sort that is not watched for"
HONEST_ENDING: Final = "an ending that honest files have"
HONEST_NAME: Final = "a name that honest files or programs have"
HONEST_USER: Final = "an account that every house has"
PRIVATE: Final = "an address of a private network, or of nobody"
OVER: Final = "withdrawn, or its time is over"
SEVERAL: Final = "a condition of several parts"
EXPRESSION: Final = "an expression that is more than a name or an ending"
NOT_TO_WATCH: Final = "not meant for detection"
TOO_MANY: Final = "more than one bundle may hold"
TLPS: Final = ("", "clear", "green", "amber", "amber+strict", "red")  # the further right, the fewer may know

_HOUSES: Final = tuple(
    ipaddress.ip_network(each)
    for each in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16",
        "224.0.0.0/3", "::/127", "fc00::/7", "fe80::/10", "ff00::/8",
    )
)  # fmt: skip


@dataclass(slots=True)
class Found:
    """Filled while a bundle is read."""

    values: dict[tuple[Sort, bytes], None] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)
    tlp: str = ""

    def add(self, sort: Sort, text: str) -> None:
        """Take one indicator, or count why not."""
        why = self._add(sort, text)
        if why:
            self.refused[why] += 1

    def refuse(self, why: str, count: int = 1) -> None:
        """Count what is no indicator for us."""
        self.refused[why] += count

    def mark(self, tlp: str) -> None:
        """Note for whose eyes it is: the strictest that stands anywhere in it."""
        level = tlp.strip().lower().removeprefix("tlp:").replace("white", "clear")
        if level in TLPS and TLPS.index(level) > TLPS.index(self.tlp):
            self.tlp = level

    def indicators(self, source: int = 0) -> list[Indicator]:
        """Return them."""
        return [Indicator(sort, value, source) for sort, value in self.values]

    @property
    def why(self) -> tuple[str, ...]:
        """What was refused, the most frequent first."""
        return tuple(f"{count} × {reason}" for reason, count in self.refused.most_common())

    def _add(self, sort: Sort, text: str) -> str:
        try:
            value = compared(sort, text.strip().encode("utf-8", "strict"))
        except ValueError:  # UnicodeError is one
            return NOT_A_VALUE
        if why := _harmless(sort, value):
            return why
        if len(self.values) >= MOST and (sort, value) not in self.values:
            return TOO_MANY
        self.values[sort, value] = None
        return ""


def _harmless(sort: Sort, value: bytes) -> str:
    """Return why nobody is to be suspected for this; "" where it may be watched for."""
    text = value.decode("utf-8", "replace")
    if sort is Sort.ENDING and harmless.is_ending(text):
        return HONEST_ENDING
    if sort in (Sort.NOTE_NAME, Sort.FILE_NAME) and harmless.is_name(text):
        return HONEST_NAME
    if sort is Sort.USER and harmless.is_user(text):
        return HONEST_USER
    if sort is Sort.ADDRESS:
        found = ipaddress.ip_address(text)
        if any(found.version == each.version and found in each for each in _HOUSES):
            return PRIVATE
    return ""

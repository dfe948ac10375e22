"""Countries of addresses in a text file: Debian's tor-geoipdb, or one that a hospital writes by hand.

Comes in: lines `FIRST,LAST,CC`, with `#` for a remark; addresses as numbers (IPv4, as Debian has them) or written out
(IPv4 and IPv6). A hospital's own may go on with `,NETWORK` and `,USE USE` (relay vpn hosting tor shared_address). Goes
out: `TextSource`. Ranges do not overlap. A line that cannot be read is counted, and the rest stands. It is read into
memory: Debian's own files, which are large and sorted, are for `sorted_file.py`.
"""

from __future__ import annotations

import re
import socket
from bisect import bisect_right
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from garde.forensics.origin.places.base import MAY_BE, Place

MOST_LINES: Final = 5_000_000
_DATE: Final = re.compile(rb"\b(20\d\d-\d\d-\d\d)\b")
_COUNTRY: Final = re.compile(rb"[A-Z]{2}|\?\?")
_LONGEST: Final = 80  # characters of a network's name


class _Ranges:
    """Sorted ranges of numbers, each with the index of what is known of it."""

    def __init__(self) -> None:
        self.first: list[int] = []
        self.last: list[int] = []
        self.what: list[int] = []

    def add(self, first: int, last: int, what: int) -> None:
        self.first.append(first)
        self.last.append(last)
        self.what.append(what)

    def sort(self) -> None:
        """Files are sorted nearly always: looked at before it is done."""
        if any(a > b for a, b in zip(self.first, self.first[1:], strict=False)):
            order = sorted(range(len(self.first)), key=self.first.__getitem__)
            self.first, self.last, self.what = (
                [old[number] for number in order] for old in (self.first, self.last, self.what)
            )

    def find(self, number: int) -> int:
        """Return the index; -1 where no range holds the number."""
        place = bisect_right(self.first, number) - 1
        return self.what[place] if place >= 0 and number <= self.last[place] else -1


class TextSource:
    """One or more such files as one source."""

    def __init__(self, name: str, files: Iterable[Path], date: str = "") -> None:
        """Read them all. Raises OSError."""
        self.name, self.date, self.lines, self.broken = name, date, 0, 0
        self._four, self._six = _Ranges(), _Ranges()
        self._known: dict[bytes, int] = {}
        self._places: list[Place] = []
        for file in files:
            self._read(file)
        self._four.sort()
        self._six.sort()
        self._known.clear()

    def find(self, address: str) -> Place | None:
        """See `base.Source`."""
        number = number_of(address.encode("ascii", "replace"))
        if number is None:
            return None
        found = (self._six if number[1] else self._four).find(number[0])
        place = self._places[found] if found >= 0 else None
        return place if place is None or place.date else Place(place.country, place.network, place.may_be, self.name,
                                                                self.date)  # fmt: skip

    def _read(self, file: Path) -> None:
        with file.open("rb") as lines:
            for count, line in enumerate(lines):
                if count >= MOST_LINES:
                    return
                if line[:1] == b"#":
                    if not self.date and (found := _DATE.search(line)):
                        self.date = found[1].decode()
                elif line.strip():
                    self._take(line)

    def _take(self, line: bytes) -> None:
        parts = line.rstrip(b"\r\n").split(b",", 2)
        first, last = (number_of(parts[0]), number_of(parts[1])) if len(parts) == 3 else (None, None)
        if (
            first is None
            or last is None
            or first[1] != last[1]
            or last[0] < first[0]
            or (what := self._what(parts[2])) < 0
        ):
            self.broken += 1
            return
        self.lines += 1
        (self._six if first[1] else self._four).add(first[0], last[0], what)

    def _what(self, words: bytes) -> int:
        """Return the index of what stands behind the addresses; -1 where it cannot be read."""
        found = self._known.get(words)
        if found is None:
            place = self._place(words)
            if place is None:
                return -1
            found = self._known[words] = len(self._places)
            self._places.append(place)
        return found

    def _place(self, words: bytes) -> Place | None:
        country, _, rest = words.partition(b",")
        if not _COUNTRY.fullmatch(country.strip()):
            return None
        network, _, uses = rest.decode("utf-8", "replace").partition(",")
        code = country.strip().decode().replace("??", "")
        may_be = tuple(each for each in uses.split() if each in MAY_BE)
        return Place(code, network.strip()[:_LONGEST], may_be, self.name, "")


def number_of(address: bytes) -> tuple[int, bool] | None:
    """Return an address as a number and whether it is IPv6; None for anything else."""
    if address.isdigit():
        number = int(address) if len(address) <= 10 else 1 << 32
        return (number, False) if number < 1 << 32 else None
    text = address.strip().decode("ascii", "replace").partition("%")[0]
    try:
        if ":" not in text:
            return int.from_bytes(socket.inet_pton(socket.AF_INET, text)), False
        packed = socket.inet_pton(socket.AF_INET6, text)
    except (OSError, ValueError):
        return None
    if packed[:12] == b"\0" * 10 + b"\xff\xff":  # an IPv4 address in IPv6 clothes
        return int.from_bytes(packed[12:]), False
    return int.from_bytes(packed), True

"""What agents watch for: one list of a neighbour's indicators, and the one way in which it is written.

Comes in: indicators; or lines that claim to be a list. Goes out: the bytes of a list, always the same for the same
indicators; or a `WatchList`, for look-ups by hash. Values are kept as they are compared: names and accounts in small
letters (ASCII), addresses and digests as `ipaddress` and hexadecimal digits have them. It touches no file.

    garde-watch-list-1\\t<sources>\\t<indicators>\\n
    source\\t<name>\\n                               (as many as the first line says)
    <sort>\\t<number of its source>\\t<value>\\n      (as many as the first line says, sorted)

What is on a list is data of strangers: a value holds no control character, and whatever does not fit is no list.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

MAGIC: Final = b"garde-watch-list-1"
MOST: Final = 250_000  # indicators of one list: 20 MB of memory in an agent
LONGEST: Final = 255  # bytes of a value: what a file name may have
MOST_SOURCES: Final = 1_000
_SHA256: Final = re.compile(rb"[0-9a-f]{64}")
_CONTROL: Final = re.compile(rb"[\x00-\x1f\x7f]")


class Sort(StrEnum):
    """What an indicator is, and so where it is looked for."""

    SHA256 = "sha256"
    ADDRESS = "address"
    FILE_NAME = "file_name"
    ENDING = "ending"  # with its dot
    NOTE_NAME = "note_name"
    USER = "user"


NAMES: Final = (Sort.NOTE_NAME, Sort.FILE_NAME)  # a whole name, the first that fits
_SORTS: Final = {each.value.encode(): each for each in Sort}


@dataclass(frozen=True, slots=True, order=True)
class Indicator:
    """One of a list. `source`: the number of who says so."""

    sort: Sort
    value: bytes  # as it is compared: `compared`
    source: int = 0


@dataclass(frozen=True, slots=True)
class WatchList:
    """A list, ready to be asked. Values -> number of the source, one table for each sort."""

    sources: tuple[str, ...] = ()
    tables: Mapping[Sort, Mapping[bytes, int]] = field(default_factory=lambda: {each: {} for each in Sort})

    def __len__(self) -> int:
        return sum(len(table) for table in self.tables.values())

    def source(self, sort: Sort, value: bytes) -> str | None:
        """Return who says so; None where it is not on the list."""
        number = self.tables[sort].get(value)
        return None if number is None else self.sources[number]

    def indicators(self) -> Iterator[Indicator]:
        """Yield all of them."""
        for sort, table in self.tables.items():
            for value, source in table.items():
                yield Indicator(sort, value, source)

    def without(self, left_out: Iterable[Indicator]) -> WatchList:
        """Return the list without these."""
        gone = {(each.sort, each.value) for each in left_out}
        tables = {
            sort: {value: source for value, source in table.items() if (sort, value) not in gone}
            for sort, table in self.tables.items()
        }
        return WatchList(self.sources, tables)


def compared(sort: Sort, value: bytes) -> bytes:
    """Return a value as it is compared; ValueError where it is none of this sort."""
    if not 0 < len(value) <= LONGEST or _CONTROL.search(value):
        raise ValueError("it is empty, too long, or holds control characters")
    if sort is Sort.ADDRESS:
        return address(value.decode("ascii", "strict")).encode()
    value = value.lower()
    if sort is Sort.SHA256 and not _SHA256.fullmatch(value):
        raise ValueError("it is no SHA-256")
    if sort is Sort.USER:
        value = value.rpartition(b"\\")[2] or value
    elif sort is not Sort.SHA256 and b"/" in value:
        raise ValueError("it is a path, not a name")
    if sort is Sort.ENDING and not (value.startswith(b".") and len(value.strip(b". ")) > 0):
        raise ValueError("an ending begins with a dot")
    return value


def address(text: str) -> str:
    """Return an address as it is compared: an IPv4 one in IPv6 clothes is the IPv4 one. ValueError for none."""
    found = ipaddress.ip_address(text)
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return str(mapped or found)


def write(sources: Sequence[str], indicators: Iterable[Indicator]) -> bytes:
    """Return the list's bytes. What two sources say stands once, with the first of them."""
    found: dict[tuple[Sort, bytes], int] = {}
    for each in indicators:
        key = (each.sort, each.value)
        found[key] = min(each.source, found.get(key, each.source))
    lines = sorted(b"%s\t%d\t%s" % (sort.encode(), source, value) for (sort, value), source in found.items())
    head = [b"%s\t%d\t%d" % (MAGIC, len(sources), len(lines)), *(b"source\t" + each.encode() for each in sources)]
    return b"\n".join([*head, *lines, b""])


def read(lines: Iterable[bytes]) -> WatchList:
    """Read a list line by line, so that whoever reads it can be interrupted; ValueError where it is none."""
    rows = iter(lines)
    sources, wanted = _head(next(rows, b""))
    names = tuple(_source(next(rows, b"")) for _ in range(sources))
    tables: dict[Sort, dict[bytes, int]] = {each: {} for each in Sort}
    count = 0
    for row in rows:
        name, _, rest = row.rstrip(b"\n").partition(b"\t")
        number, _, value = rest.partition(b"\t")
        sort = _SORTS.get(name)
        if sort is None or not number.isdigit() or int(number) >= sources or compared(sort, value) != value:
            raise ValueError(f"line {count + sources + 2} is none of a watch list")
        tables[sort][value] = int(number)
        count += 1
        if count > wanted:
            break
    if count != wanted or sum(len(table) for table in tables.values()) != wanted:
        raise ValueError("it has not as many lines as it says")
    return WatchList(names, tables)


def _head(row: bytes) -> tuple[int, int]:
    parts = row.rstrip(b"\n").split(b"\t")
    if len(parts) != 3 or parts[0] != MAGIC or not (parts[1].isdigit() and parts[2].isdigit()):
        raise ValueError("it is no watch list")
    sources, indicators = int(parts[1]), int(parts[2])
    if sources > MOST_SOURCES or indicators > MOST:
        raise ValueError("it is larger than a watch list may be")
    return sources, indicators


def _source(row: bytes) -> str:
    name, _, value = row.rstrip(b"\n").partition(b"\t")
    if name != b"source" or _CONTROL.search(value) or len(value) > LONGEST:
        raise ValueError("it does not name its sources")
    return value.decode("utf-8", "replace")

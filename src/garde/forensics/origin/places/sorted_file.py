"""Countries of addresses in Debian's tor-geoipdb, looked up where the file lies: nothing is read before it is asked.

Comes in: files of lines `FIRST,LAST,CC` that are sorted by their first address, one for IPv4 and one for IPv6. Goes
out: `SortedSource`. A look-up reads some twenty lines of the mapped file. A file that is not sorted belongs to
`text.py`.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from garde.forensics.origin.places.base import Place
from garde.forensics.origin.places.text import number_of

_LONGEST_LINE = 200  # bytes: a line of IPv6 has 84


class SortedSource:
    """See the module."""

    def __init__(self, name: str, files: Iterable[Path], date: str = "") -> None:
        """Map them. Raises OSError."""
        self.name = name
        self._files: list[tuple[mmap.mmap, bool, str]] = []
        for file in files:
            with file.open("rb") as handle:
                if size := file.stat().st_size:
                    mapped = mmap.mmap(handle.fileno(), size, access=mmap.ACCESS_READ)
                    day = datetime.fromtimestamp(file.stat().st_mtime, UTC).date().isoformat()
                    self._files.append((mapped, _is_six(mapped), date or day))

    def find(self, address: str) -> Place | None:
        """See `base.Source`."""
        wanted = number_of(address.encode("ascii", "replace"))
        if wanted is None:
            return None
        for mapped, six, date in self._files:
            if six == wanted[1] and (country := _look(mapped, wanted[0])):
                return Place(country, "", (), self.name, date)
        return None


def _is_six(mapped: mmap.mmap) -> bool:
    """Whether a file is of IPv6: its first line that is no remark says so."""
    at = 0
    while mapped[at : at + 1] == b"#" and (end := mapped.find(b"\n", at)) >= 0:
        at = end + 1
    return b":" in mapped[at : at + _LONGEST_LINE].partition(b"\n")[0]


def _look(mapped: mmap.mmap, wanted: int) -> str:
    """Return the country of a number; "" where no range holds it."""
    low, high = 0, len(mapped)
    found = b""
    while low < high:  # between them begins the last line whose first address is not above the wanted one
        middle = (low + high) // 2
        begin = mapped.rfind(b"\n", 0, middle) + 1
        end = mapped.find(b"\n", begin)
        end = len(mapped) if end < 0 else end
        line = mapped[begin : min(end, begin + _LONGEST_LINE)]
        first = number_of(line.partition(b",")[0])
        if line[:1] == b"#" or (first is not None and first[0] <= wanted):
            found, low = line, end + 1
        else:
            high = begin
    parts = found.split(b",")
    last = number_of(parts[1]) if len(parts) == 3 else None
    code = parts[2].strip().decode("ascii", "replace") if last is not None and wanted <= last[0] else ""
    return code if code.isalpha() else ""

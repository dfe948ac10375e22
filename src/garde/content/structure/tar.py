"""tar: member headers with their checksums, up to the end mark.

Comes in: bytes. Goes out: `Checked`. Members' content has no check in tar. Source: POSIX.1-2017, pax, "ustar
Interchange Format".
"""

from __future__ import annotations

from garde.content.access import Bytes
from garde.content.structure.base import Budget, Checked, Near, broken, whole

_ROW = 512


def check_tar(data: Bytes, budget: Budget, near: Near) -> Checked:
    """Hop from header to header."""
    at = members = 0
    while at + _ROW <= data.size:
        row = data.read(at, _ROW)
        if not row.strip(b"\0"):
            return whole(f"{members} tar members hold")
        size = _number(row[124:136])
        if size < 0 or _number(row[148:156]) != sum(row) - sum(row[148:156]) + 8 * 32:
            return broken("a tar header's checksum fails")
        members += 1
        at += _ROW + (0 if row[156:157] in b"123456" else -(-size // _ROW) * _ROW)
        if not budget.take(_ROW):
            return whole(f"{members} tar members hold", complete=False)
    cut = at > data.size or bool(data.read(at, _ROW).strip(b"\0"))
    return broken("tar ends inside a member") if cut else whole(f"{members} tar members hold")


def _number(field: bytes) -> int:
    """Read octal text, or GNU's binary form for large values; -1 where it is neither."""
    if field[:1] == b"\x80":
        return int.from_bytes(field[1:], "big")
    text = field.strip(b" \0")
    try:
        return int(text, 8) if text else 0
    except ValueError:
        return -1

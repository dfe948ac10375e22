"""The certificates of a time stamp in the order that DER wants.

Comes in: a time stamp as an authority made it. Goes out: the same with the certificates beside its signature sorted.
OpenSSL and several public authorities leave them as they come, and a strict reader refuses that; nothing signs their
order. Only lengths are read; what is not of the form goes out as it came in.
"""

from __future__ import annotations

from typing import Final, NamedTuple

_CERTIFICATES: Final = 0xA0  # SignedData: certificates [0] IMPLICIT
_MOST: Final = 64  # certificates


class _Part(NamedTuple):
    """One element: where it begins, where its content begins, where it ends."""

    tag: int
    start: int
    content: int
    end: int


def ordered(raw: bytes) -> bytes:
    """Return the stamp with its certificates sorted."""
    try:
        token = _inside(raw, _part(raw, 0))[1]
        content = _inside(raw, token)[1]
        signed = _inside(raw, content)[0]
        parts = [each for each in _inside(raw, signed) if each.tag == _CERTIFICATES]
    except (IndexError, ValueError):
        return raw
    if not parts:
        return raw
    inside = _inside(raw, parts[0])
    made = b"".join(sorted(raw[each.start : each.end] for each in inside))
    return raw[: parts[0].content] + made + raw[parts[0].end :]


def _inside(raw: bytes, part: _Part) -> list[_Part]:
    found: list[_Part] = []
    at = part.content
    while at < part.end:
        each = _part(raw, at)
        if each.end > part.end or len(found) >= _MOST:
            raise ValueError("it is longer than what it lies in")
        found.append(each)
        at = each.end
    return found


def _part(raw: bytes, at: int) -> _Part:
    first = raw[at + 1]
    if first < 0x80:
        return _checked(raw, _Part(raw[at], at, at + 2, at + 2 + first))
    count = first & 0x7F
    length = int.from_bytes(raw[at + 2 : at + 2 + count])
    if not 1 <= count <= 4:
        raise ValueError("a length that is none")
    return _checked(raw, _Part(raw[at], at, at + 2 + count, at + 2 + count + length))


def _checked(raw: bytes, part: _Part) -> _Part:
    if part.end > len(raw):
        raise ValueError("it is cut off")
    return part

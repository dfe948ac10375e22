"""Reads the cache of the dynamic loader, /etc/ld.so.cache.

Comes in: its bytes. Goes out: the paths of the libraries that it names. The form is glibc's (cache_file_new in
sysdeps/generic/dl-cache.h): a head of 48 bytes, then 24 bytes an entry, whose key and value point to strings, counted
from the head. A cache may begin with an older form; the newer one follows it.
"""

from __future__ import annotations

import struct
from typing import Final

_MAGIC: Final = b"glibc-ld.so.cache1.1"
_HEAD: Final = struct.Struct("<20sII B3x I 12x")
_ENTRY: Final = struct.Struct("<iIIIQ")
_MOST: Final = 1_000_000  # entries


def libraries(data: bytes) -> set[bytes]:
    """Return the paths; ValueError for what is no such cache."""
    base = data.find(_MAGIC)
    if base < 0 or len(data) < base + _HEAD.size:
        raise ValueError("no cache of the loader")
    _, number, *_ = _HEAD.unpack_from(data, base)
    first = base + _HEAD.size
    if number > _MOST or first + number * _ENTRY.size > len(data):
        raise ValueError("more entries than it has room for")
    return {_text(data, base + entry[2]) for entry in _ENTRY.iter_unpack(data[first : first + number * _ENTRY.size])}


def _text(data: bytes, start: int) -> bytes:
    end = data.find(b"\0", start)
    if end < 0:
        raise ValueError("a string without an end")
    return data[start:end]

"""The stand-in for encryption: random bytes written over chosen spans, with no key kept.

Comes in: a descriptor and the spans to overwrite. Goes out: nothing but the damage. Bytes from the kernel's generator
look exactly as a good cipher's output does, and nobody needs to decrypt them: the watch puts the files back.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

Spans = Iterator[tuple[int, int]]  # (offset, count)
PIECE = 1 << 20


def read_all(handle: int) -> bytes:
    """Return the whole file, as an encrypting program reads it before it writes."""
    parts = []
    offset = 0
    while part := os.pread(handle, PIECE, offset):
        parts.append(part)
        offset += len(part)
    return b"".join(parts)


def write_all(handle: int, data: bytes, offset: int = 0) -> None:
    """Write all of `data` at `offset`."""
    view = memoryview(data)
    while view:
        done = os.pwrite(handle, view, offset)
        view, offset = view[done:], offset + done


def cipher(data: bytes) -> bytes:
    """Return as many random bytes."""
    return os.urandom(len(data))


def encrypt_spans(handle: int, spans: Spans) -> None:
    """Read and overwrite each span in place."""
    for offset, count in spans:
        data = os.pread(handle, count, offset)
        write_all(handle, cipher(data), offset)


def repeated(start: int, size: int, on: int, period: int) -> Spans:
    """Yield spans of `on` bytes every `period` bytes from `start`."""
    for offset in range(start, size, period):
        yield offset, min(on, size - offset)

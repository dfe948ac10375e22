"""Zstandard and LZ4: the chain of frames and blocks, without decoding.

Comes in: bytes. Goes out: `Checked`. Blocks are at most 128 KiB (LZ4: 4 MiB), and the walk must end exactly at the
end of the file. The payload is not decoded: the standard library cannot. Source: RFC 8878, 3.1; LZ4 frame format
1.6.
"""

from __future__ import annotations

from collections.abc import Callable

from garde.content.access import Bytes
from garde.content.structure.base import Budget, Checked, Near, broken, whole

_ZSTD = b"\x28\xb5\x2f\xfd"
_LZ4 = b"\x04\x22\x4d\x18"
_BLOCK = 128 * 1024
_Format = tuple[bytes, Callable[[Bytes, int, bytes, Budget], int], str]


def check_zstd(data: Bytes, budget: Budget, near: Near) -> Checked:
    """Walk frames, skippable ones included."""
    return _walk(data, budget, near, _ZSTD_FORMAT)


def check_lz4(data: Bytes, budget: Budget, near: Near) -> Checked:
    """Walk LZ4 frames."""
    return _walk(data, budget, near, _LZ4_FORMAT)


def _walk(data: Bytes, budget: Budget, near: Near, form: _Format) -> Checked:
    magic, frame, name = form
    at = 0
    while at < data.size:
        head = data.read(at, 18)
        if head[1:4] == b"\x2a\x4d\x18" and 0x50 <= head[0] <= 0x5F:
            at += 8 + int.from_bytes(head[4:8], "little")
            continue
        if not head.startswith(magic):
            return broken(f"{name} frames do not hold together")
        at = frame(data, at, head, budget)
        if at < 0:
            return broken(f"{name} blocks do not hold together")
        if at == 0 or not budget.take(64):
            return whole(f"the first part of the {name} frames holds", covered=not near, complete=False)
    return whole(f"{name} frames hold", covered=not near) if at == data.size else broken(f"{name} ends too early")


def _zstd_frame(data: Bytes, at: int, head: bytes, budget: Budget) -> int:
    """Return the end of the frame, -1 where it is broken, 0 when the budget ends first."""
    if len(head) < 6 or head[4] & 0x08:
        return -1
    descriptor = head[4]
    single = descriptor >> 5 & 1
    content = (single, 2, 4, 8)[descriptor >> 6]
    at += 5 + (1 - single) + (0, 1, 2, 4)[descriptor & 3] + content
    while True:
        raw = data.read(at, 3)
        if len(raw) < 3:
            return -1
        header = int.from_bytes(raw, "little")
        kind, size = header >> 1 & 3, header >> 3
        if kind == 3 or size > _BLOCK:
            return -1
        at += 3 + (1 if kind == 1 else size)
        if header & 1:
            return at + (4 if descriptor & 4 else 0)
        if not budget.take(64):
            return 0


def _lz4_frame(data: Bytes, at: int, head: bytes, budget: Budget) -> int:
    flags, sizes = head[4], head[5]
    if flags >> 6 != 1 or sizes & 0x8F or sizes >> 4 < 4:
        return -1
    limit = 1 << (8 + 2 * (sizes >> 4))
    at += 7 + (8 if flags & 8 else 0) + (4 if flags & 1 else 0)
    while True:
        size = int.from_bytes(data.read(at, 4), "little")
        if size == 0:
            return at + 4 + (4 if flags & 4 else 0)
        if size & 0x7FFFFFFF > limit or at >= data.size:
            return -1
        at += 4 + (size & 0x7FFFFFFF) + (4 if flags & 0x10 else 0)
        if not budget.take(64):
            return 0


_ZSTD_FORMAT: _Format = (_ZSTD, _zstd_frame, "Zstandard")
_LZ4_FORMAT: _Format = (_LZ4, _lz4_frame, "LZ4")

"""Modes that overwrite a document, or parts of it, in place.

Comes in: a target. Goes out: the damage. Where a mode would spare a small file (header kept, 5 per cent), it keeps at
most half of it, so that every file dealt is really damaged.
"""

from __future__ import annotations

import mmap
import os
import resource
from collections.abc import Callable

from garde.lab.attackers.base import Station
from garde.lab.attackers.cipher import Spans, cipher, encrypt_spans, read_all, repeated, write_all
from garde.lab.attackers.ground import Target

KIB = 1024


def full(size: int) -> Spans:
    """All of it."""
    return repeated(0, size, 64 * KIB, 64 * KIB)


def head(size: int) -> Spans:
    """The first 4 KiB."""
    yield 0, min(size, 4 * KIB)


def header_kept(size: int) -> Spans:
    """All but the first 1 KiB."""
    return repeated(min(KIB, size // 2), size, 64 * KIB, 64 * KIB)


def on_off(size: int) -> Spans:
    """4 KiB on, 12 KiB off."""
    return repeated(0, size, 4 * KIB, 16 * KIB)


def percent(size: int) -> Spans:
    """5 per cent: 4 KiB on, 76 KiB off, the head kept."""
    return repeated(min(4 * KIB, size // 2), size, 4 * KIB, 80 * KIB)


class InPlace:
    """Overwrites the spans that a rule names."""

    def __init__(self, rule: Callable[[int], Spans]) -> None:
        self.rule = rule

    def begin(self, station: Station) -> None:
        """Nothing to prepare."""

    def hit(self, target: Target) -> None:
        handle = target.open()
        try:
            encrypt_spans(handle, self.rule(os.fstat(handle).st_size))
        finally:
            os.close(handle)


class Every16:
    """LockFile's pattern: every other 16 bytes, written back in one go."""

    def begin(self, station: Station) -> None:
        """Nothing to prepare."""

    def hit(self, target: Target) -> None:
        handle = target.open()
        try:
            data = read_all(handle)
            secret = cipher(data)
            parts = [(secret if n % 2 == 0 else data)[16 * n : 16 * n + 16] for n in range(-(-len(data) // 16))]
            write_all(handle, b"".join(parts))
        finally:
            os.close(handle)


class Mapped:
    """Writes through a memory map: the kernel reports no modification, only the close."""

    def begin(self, station: Station) -> None:
        """Nothing to prepare."""

    def hit(self, target: Target) -> None:
        handle = target.open()
        try:
            if os.fstat(handle).st_size:  # an empty file cannot be mapped
                with mmap.mmap(handle, 0) as memory:
                    memory[:] = cipher(memory[:])
        finally:
            os.close(handle)


class KeepOpen:
    """Overwrites everything and never closes: no close-write event comes."""

    def __init__(self) -> None:
        self.handles: list[int] = []

    def begin(self, station: Station) -> None:
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))

    def hit(self, target: Target) -> None:
        handle = target.open()
        self.handles.append(handle)
        encrypt_spans(handle, full(os.fstat(handle).st_size))

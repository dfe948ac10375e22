"""Scanned sheets: the codes on each page of a file, and a picture of it.

Comes in: the bytes of a PDF, JPEG, PNG or TIFF, from a scanner or a telephone. Goes out: `ScannedPage` for each page,
in order, as it is read; what could not be read is a page as well, with the reason (`fault`). NotScanned where the file
is none of these. Pages are read in a short-lived process (`scan_child`), a few at a time: a page that kills it, by
memory, time or malice, costs that page and no other. It does not know what a code means, and keeps nothing on the disk.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from garde.journal.text import plain

CHILD: Final = Path(__file__).with_name("scan_child.py")
AT_ONCE: Final = 8  # pages for one process: to begin one costs as much as reading a page
SECONDS: Final = 20  # of processor time per page, at most; a page takes about half a second
MEMORY: Final = 1 << 30  # bytes of address space: a page at 300 dpi takes a tenth of it
LARGEST: Final = 256 << 20  # bytes of one file
MOST_PAGES: Final = 2000


class NotScanned(Exception):
    """A file could not be read at all: `reason` in one line."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Code:
    """One code on a page."""

    kind: str  # qr | code128
    text: str  # from outside


@dataclass(frozen=True, slots=True)
class ScannedPage:
    """One page of a file, from 1."""

    page: int
    of: int  # pages of the file
    codes: tuple[Code, ...] = ()
    picture: bytes = b""  # JPEG, grey; b"" where there is a fault
    fault: str = ""


class _Line(msgspec.Struct):
    """What the child says, believed no more than the file itself."""

    length: int = 0
    page: int = 0
    of: int = 0
    codes: list[tuple[str, str]] = []
    fault: str = ""
    end: int = -1


def scan(data: bytes, prefix: str = "", *, seconds: int = SECONDS, memory: int = MEMORY) -> Iterator[ScannedPage]:
    """Yield the pages. `prefix`: how a code begins that is looked for most thoroughly. Raises NotScanned."""
    if not data or len(data) > LARGEST:
        raise NotScanned("the file is empty" if not data else f"the file is larger than {LARGEST >> 20} MB")
    handle = os.memfd_create("garde-scan", os.MFD_CLOEXEC)
    try:
        with open(handle, "wb", closefd=False) as file:
            file.write(data)
        yield from _Reading(handle, prefix, seconds, memory).pages()
    finally:
        os.close(handle)


class _Reading:
    """One file."""

    def __init__(self, handle: int, prefix: str, seconds: int, memory: int) -> None:
        self._handle, self._prefix, self._seconds, self._memory = handle, prefix, seconds, memory
        self._of = 0

    def pages(self) -> Iterator[ScannedPage]:
        at = 1
        while at == 1 or at <= self._of:
            found, reason = self._read(at, AT_ONCE)
            if reason and not found:  # the first of them is the one: it alone once more, and it is said what it is
                found, reason = self._read(at, 1)
                if not found:
                    found = [self._lost(at, reason)]
            yield from found
            at += len(found)

    def _lost(self, at: int, reason: str) -> ScannedPage:
        if not self._of:
            raise NotScanned(reason)
        return ScannedPage(at, self._of, fault=reason)

    def _read(self, first: int, count: int) -> tuple[list[ScannedPage], str]:
        """Let a process read these pages; returns what it read, and why it read no more."""
        out = os.memfd_create("garde-pages", os.MFD_CLOEXEC)
        err = os.memfd_create("garde-words", os.MFD_CLOEXEC)
        try:
            code = self._run(first, count, out, err)
            found, ended = self._parse(_contents(out), first, count)
            words = plain(_contents(err)[-300:].decode("utf-8", "replace").strip())
        finally:
            os.close(out)
            os.close(err)
        return found, "" if ended else words or _why(code)

    def _run(self, first: int, count: int, out: int, err: int) -> int:
        words = [str(first), str(count), self._prefix, str(self._seconds * count), str(self._memory)]
        with open(f"/proc/self/fd/{self._handle}", "rb") as file:
            try:
                return subprocess.run(
                    [sys.executable, "-I", str(CHILD), *words],
                    stdin=file, stdout=out, stderr=err, check=False, cwd="/", start_new_session=True,
                    timeout=self._seconds * count * 3, env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
                ).returncode  # fmt: skip
            except subprocess.TimeoutExpired:
                return -9
            except OSError as error:
                raise NotScanned(f"no process to read in: {error.strerror}") from error

    def _parse(self, data: bytes, first: int, count: int) -> tuple[list[ScannedPage], bool]:
        found: list[ScannedPage] = []
        while data:
            head, _, data = data.partition(b"\n")
            try:
                line = msgspec.json.decode(head, type=_Line)
            except ValueError:
                return found, False
            if line.end >= 0:
                return found, True
            picture, data = data[: line.length], data[max(line.length, 0) :]
            if line.page != first + len(found) or len(found) == count or line.of < line.page:
                return found, False
            if line.of > MOST_PAGES:
                raise NotScanned(f"the file has {line.of} pages: more than {MOST_PAGES}")
            if len(picture) < line.length:  # it ended in the midst of a page
                return found, False
            self._of = self._of or line.of
            codes = tuple(Code(*each) for each in line.codes)
            found.append(ScannedPage(line.page, self._of, codes, picture, plain(line.fault)))
        return found, False


def _contents(handle: int) -> bytes:
    size = os.fstat(handle).st_size
    return os.pread(handle, size, 0)


def _why(code: int) -> str:
    return f"the process that read it was ended by signal {-code}" if code < 0 else f"it ended with {code}"

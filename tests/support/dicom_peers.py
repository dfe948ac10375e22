"""A modality for tests: DCMTK's `echoscu` and `findscu`, called as a modality calls, and their answers read back."""

from __future__ import annotations

import struct
import subprocess
import tempfile
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset
from pydicom.uid import ImplicitVRLittleEndian

_WAIT_S = 60


def echo(port: int, title: str = "CT1", called: str = "GARDE") -> int:
    """Verify; returns the exit code."""
    words = ["echoscu", "-aet", title, "-aec", called, "-to", "10", "-ta", "10", "127.0.0.1", str(port)]
    return subprocess.run(words, capture_output=True, check=False, timeout=_WAIT_S).returncode


def find(port: int, *keys: str, title: str = "CT1", question: Path | None = None) -> tuple[list[Dataset], str]:
    """Ask for the worklist; returns the answers as files have them, and what the modality logged."""
    with tempfile.TemporaryDirectory() as folder:
        words = ["findscu", "-W", "-v", "-X", "-od", folder, "-aet", title, "-aec", "GARDE", "-ta", "10", "-td", "30"]
        words += ["127.0.0.1", str(port)]
        for key in keys:
            words += ["-k", key]
        words += [str(question)] if question else []
        done = subprocess.run(
            words, capture_output=True, check=False, timeout=_WAIT_S, encoding="utf-8", errors="replace"
        )
        found = [pydicom.dcmread(each, force=True) for each in sorted(Path(folder).iterdir())]
        for each in found:
            list(each.iterall())  # read before the files go
        return found, done.stdout + done.stderr


def association() -> bytes:
    """The unit with which a modality begins: for what DCMTK itself would never send."""

    def part(kind: int, data: bytes) -> bytes:
        return struct.pack(">BBH", kind, 0, len(data)) + data

    syntax = part(0x30, b"1.2.840.10008.5.1.4.31") + part(0x40, ImplicitVRLittleEndian.encode())
    user = part(0x51, struct.pack(">L", 16_384)) + part(0x52, b"1.2.3")
    items = part(0x10, b"1.2.840.10008.3.1.1.1") + part(0x20, b"\x01\x00\x00\x00" + syntax) + part(0x50, user)
    body = struct.pack(">HH", 1, 0) + b"GARDE".ljust(16) + b"CT1".ljust(16) + b"\x00" * 32 + items
    return struct.pack(">BBL", 1, 0, len(body)) + body

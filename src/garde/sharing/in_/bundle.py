"""One thing that a neighbour sent, read: whatever its format.

Comes in: bytes, the format where somebody says it, the time. Goes out: format and `Found`; `BundleRefused` where it is
nothing that can be read. It is called in a process of its own (`child.py`), which bounds memory and time.
"""

from __future__ import annotations

import csv
from typing import Final

import msgspec

from garde.sharing.in_ import misp, stix, table
from garde.sharing.in_.found import Found

FORMATS: Final = ("stix", "misp", "csv")


class BundleRefused(Exception):
    """It can't be read at all."""


class _Shape(msgspec.Struct):
    objects: msgspec.Raw = msgspec.Raw()
    Event: msgspec.Raw = msgspec.Raw()
    response: msgspec.Raw = msgspec.Raw()


def read(raw: bytes, form: str, now: float) -> tuple[str, Found]:
    """Read it; `form` "": its own look says what it is."""
    found = Found()
    form = form or sniff(raw)
    try:
        if form == "stix":
            stix.read(raw, found, now)
        elif form == "misp":
            misp.read(raw, found)
        elif form == "csv":
            table.read(raw, found)
        else:
            raise BundleRefused(f"a bundle is one of {', '.join(FORMATS)}")
    except (msgspec.DecodeError, UnicodeDecodeError, csv.Error) as error:
        raise BundleRefused(f"it is no {form}: {error}") from error
    except RecursionError as error:
        raise BundleRefused("it is nested deeper than anything that people write") from error
    return form, found


def sniff(raw: bytes) -> str:
    """Return the format that it looks like."""
    start = raw[:64].lstrip(b"\xef\xbb\xbf \t\r\n")
    if not start.startswith((b"{", b"[")):
        return "csv"
    if start.startswith(b"["):
        return "misp"
    try:
        shape = msgspec.json.decode(raw, type=_Shape)
    except (msgspec.DecodeError, RecursionError):
        return "stix"
    return "misp" if bytes(shape.Event) or bytes(shape.response) else "stix"

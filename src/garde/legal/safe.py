"""What people and attackers typed, as a draft keeps it: line by line, with everything hostile made visible.

Comes in: `Text`. Goes out: text that moves no cursor and turns no direction. A backslash stays one backslash, unlike in
`Text.shown`: a form is read by people outside, and the bytes themselves are in the evidence.
"""

from __future__ import annotations

from typing import Final

from garde.journal.text import Text, plain

LONGEST: Final = 20_000  # characters of one line
ERASED: Final = "[erased]"


def kept(text: Text) -> str:
    """Return a text with its lines."""
    if text.value is None:
        return ERASED
    words = text.value.replace(b"\r\n", b"\n").split(b"\n")
    return "\n".join(_line(each) for each in words)


def one_line(text: Text) -> str:
    """Return a name or a short note in one line."""
    return ERASED if text.value is None else _line(text.value)


def _line(raw: bytes) -> str:
    return plain(raw, LONGEST).replace("\\\\", "\\")


def ours(text: Text) -> str:
    """Return a text that we made of such words ourselves: it is safe as it stands."""
    return ERASED if text.value is None else text.value.decode("utf-8", "replace")

"""Text that may carry a patient's name: paths, user names, whatever somebody typed.

Comes in: bytes or text. Goes out: `Text`, a value that the chain holds only as a keyed reference (the words themselves
lie in a side table that can be erased), and `plain`, which makes hostile text safe to show. It does not escape for
HTML or for a terminal library's own markup: whoever renders does that as well.
"""

from __future__ import annotations

import unicodedata

PREFIX = "text:"  # marks a reference in the stored JSON

# Cc, Cf: control and invisible format characters (terminal escapes, bidi overrides, zero width). Co, Cn: private and
# unassigned, drawn differently everywhere. Zl, Zp: line breaks in disguise. Cs: a lone surrogate, a byte not in UTF-8.
_HOSTILE = frozenset({"Cc", "Cf", "Co", "Cn", "Zl", "Zp", "Cs"})
_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\\": "\\\\"}


class Text:
    """Bytes with the reference that stands for them in the chain. `value` is None once they have been erased."""

    __slots__ = ("ref", "value")

    def __init__(self, value: bytes | str | None = b"", ref: str = "") -> None:
        self.value = value.encode("utf-8", "surrogateescape") if isinstance(value, str) else value
        self.ref = ref

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Text) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __repr__(self) -> str:
        return f"Text({self.value!r})" if self.value is not None else f"Text(None, {self.ref!r})"

    def __bool__(self) -> bool:
        return self.value is None or bool(self.value)

    def _key(self) -> bytes | str:
        return self.ref if self.value is None else self.value

    def shown(self, erased: str = "[erased]") -> str:
        """Return the words with everything hostile escaped."""
        return erased if self.value is None else plain(self.value)


def plain(value: bytes | str, limit: int = 1000) -> str:
    """Return text that moves no cursor, turns no direction and hides nothing; longer than `limit` is cut in the middle.

    Bytes that are not UTF-8 come out as `\\xNN`, other hostile characters as `\\n`, `\\xNN` or `\\u{NNNN}`; a backslash
    is doubled, so that what is shown can be told from what was there.
    """
    text = value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else value
    if len(text) > limit:
        half = (limit - 1) // 2
        text = f"{text[:half]}…{text[-half:]}"
    if text.isascii() and text.isprintable() and "\\" not in text:
        return text
    return "".join(_shown(character) for character in text)


def _shown(character: str) -> str:
    if character in _NAMED:
        return _NAMED[character]
    if unicodedata.category(character) not in _HOSTILE:
        return character
    point = ord(character)
    if 0xDC80 <= point <= 0xDCFF:  # how surrogateescape carries the byte
        return f"\\x{point - 0xDC00:02x}"
    return f"\\x{point:02x}" if point < 0x100 else f"\\u{{{point:x}}}"

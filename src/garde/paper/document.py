"""What is to be set, and what comes out.

Comes in: nothing. Goes out: `Document`, `Printed`, `NotTypeset`. Plain data; nothing here starts a process.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Document:
    """One document.

    `template` is a Typst file of a capability's own folder. It is set after `base.typ`, whose functions it may call,
    and finds `data` under that name. A long one is in several files: `parts` come before it, in this order. Equal
    documents give equal bytes.
    """

    template: Path
    data: Any  # dataclasses, dictionaries, lists, text, numbers: whatever JSON has
    title: str  # of the file, and in every page's foot
    language: str = "en"
    made_at: float = 0.0  # wall seconds: the file's own date
    parts: tuple[Path, ...] = ()
    tagged: bool = True  # for readers of screens; what is only ever printed is a fifth of the size without


@dataclass(frozen=True, slots=True)
class Printed:
    """One document, set."""

    pdf: bytes
    pages: int
    marks: tuple[tuple[int, Any], ...] = ()  # (page, value) of each `#mark(value)` in the template, in their order

    @property
    def sha256(self) -> str:
        """Of the PDF, in hex."""
        return hashlib.sha256(self.pdf).hexdigest()


class NotTypeset(Exception):
    """A document could not be set: `reason` in one line."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

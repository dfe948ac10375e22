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
    and finds `data` under that name. Equal documents give equal bytes.
    """

    template: Path
    data: Any  # dataclasses, dictionaries, lists, text, numbers: whatever JSON has
    title: str  # of the file, and in every page's foot
    language: str = "en"
    made_at: float = 0.0  # wall seconds: the file's own date


@dataclass(frozen=True, slots=True)
class Printed:
    """One document, set."""

    pdf: bytes
    pages: int

    @property
    def sha256(self) -> str:
        """Of the PDF, in hex."""
        return hashlib.sha256(self.pdf).hexdigest()


class NotTypeset(Exception):
    """A document could not be set: `reason` in one line."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

"""A story to set the night beside: somebody else's night, with its own times.

Comes in: JSON, or a `Beside` that whoever plays a night makes. Goes out: `Beside`. A hospital's own report has none:
nothing of it stands in this package. Its words are data like any other, and escaped where they are shown.

    {"name": {"en": "...", "fr": "..."}, "source": "where that was published",
     "moments": [{"key": "noticed", "text": {"en": "..."}, "at_s": 0}, ...]}

`key` names a moment of the report (`KEYS`) or is "", `at_s` seconds after that night's first sign.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec

from garde.errors import UsageError

KEYS: Final = ("noticed", "understood", "called", "cut", "outside", "plan", "restart", "lifted")
MOST: Final = 50
_LONGEST: Final = 300  # characters


@dataclass(frozen=True, slots=True)
class Then:
    """One moment of that night."""

    key: str
    text: Mapping[str, str]
    at_s: float


@dataclass(frozen=True, slots=True)
class Beside:
    """That night."""

    name: Mapping[str, str]
    moments: tuple[Then, ...]
    source: str = ""
    note: Mapping[str, str] = field(default_factory=dict)  # what has to be known to compare the two fairly


def said_in(words: Mapping[str, str], language: str) -> str:
    """Return the words in this language, else in English, else any."""
    found = words.get(language) or words.get("en") or next(iter(words.values()), "")
    return found[:_LONGEST]


def read_beside(file: Path) -> Beside:
    """Read it; raises UsageError."""
    try:
        found = msgspec.json.decode(file.read_bytes(), type=Beside)
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}", "name a file that can be read") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{file}: {error}", "docs/account.md shows such a file") from error
    unknown = {each.key for each in found.moments} - {*KEYS, ""}
    if unknown or len(found.moments) > MOST:
        raise UsageError(f"{file}: a moment's key is one of {', '.join(KEYS)}; {MOST} moments at most")
    return found

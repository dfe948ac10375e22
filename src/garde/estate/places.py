"""Where each part of an estate stands, and what is wrong there.

Comes in: files and lines, as read.py and tables.py meet them. Goes out: `Place`, `Places` (a path in the estate to its
place) and `Problem`, which says itself in English and in a reader's language. It judges nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from garde.estate.sentences import Sentence
from garde.journal.speech import Said, Say
from garde.journal.text import plain

Path = tuple[str | int, ...]  # ("machines", 3, "addresses", 0)


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A line of a file. Lines count from 1."""

    file: str
    line: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong. A warning does not keep the estate from being used."""

    place: Place
    what: Sentence | str  # text that is in no catalogue is said as it is
    warning: bool = False

    @property
    def text(self) -> str:
        """What is wrong, in English and not escaped."""
        return self.what if isinstance(self.what, str) else self.what.text

    def said(self, say: Say) -> Said:
        """Return what is wrong in a speaker's language (`say_in(language, ESTATE_LOCALE)`), safe to show."""
        return Said(plain(self.what)) if isinstance(self.what, str) else self.what.said(say)

    def __str__(self) -> str:
        return f"{self.place}: {'warning: ' if self.warning else ''}{self.text}"


@dataclass(slots=True)
class Places:
    """The lines of an estate."""

    file: str
    lines: dict[Path, Place] = field(default_factory=dict)

    def at(self, *path: str | int) -> Place:
        """Return where this stands; for what stands nowhere (a default), where its nearest owner stands."""
        for end in range(len(path), 0, -1):
            if path[:end] in self.lines:
                return self.lines[path[:end]]
        return Place(self.file)

    def put(self, path: Path, line: int) -> None:
        self.lines[path] = Place(self.file, line)


def in_order(problems: Iterable[Problem], first: str) -> tuple[Problem, ...]:
    """Return problems by file (the estate's own first) and line, each said once."""
    return tuple(sorted(dict.fromkeys(problems), key=lambda each: (each.place.file != first, each.place)))

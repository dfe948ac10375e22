"""What a final report is made of, whoever renders it. Plain data.

Comes in: nothing. Goes out: `Report` and its parts. Everything in it is said in one language, safe to show, and names
the entries of the journal that it rests on. It renders nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from garde.journal.speech import Said

GOOD, WARN, BAD, NOTE, PLAIN = "good", "warn", "bad", "note", "plain"  # tones: renderers give them colour and sign
_NOTHING = Said("")


@dataclass(frozen=True, slots=True)
class Figure:
    """One number that a director asks for."""

    label: Said
    value: Said
    note: Said = _NOTHING
    tone: str = PLAIN


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table."""

    cells: tuple[Said, ...]
    tone: str = PLAIN
    entries: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """One question and its answer."""

    id: str
    title: Said
    lead: Said  # the answer, in sentences
    tone: str = PLAIN
    heads: tuple[Said, ...] = ()
    rows: tuple[Row, ...] = ()
    notes: tuple[Said, ...] = ()
    more: Said = _NOTHING  # how many rows are not shown


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happened."""

    at: float  # wall seconds
    text: Said
    tone: str
    entry: int
    key: str = ""  # one of `beside.KEYS`
    drawn: bool = True  # has a number in the picture


@dataclass(frozen=True, slots=True)
class Bar:
    """For how long something was so."""

    begin: float
    end: float
    tone: str


@dataclass(frozen=True, slots=True)
class Lane:
    """One line of the picture."""

    label: Said
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Headline:
    """What it came to, in one line and some sentences."""

    title: Said
    lines: tuple[Said, ...]
    tone: str


@dataclass(frozen=True, slots=True)
class Report:
    """The whole of it."""

    hospital: Said
    language: str
    title: Said
    about: Said  # which incident, from when to when
    as_of: Said
    at: float  # wall seconds
    incident: str
    headline: Headline
    figures: tuple[Figure, ...]
    pictures: tuple[tuple[Said, str], ...]  # caption, SVG
    key: tuple[tuple[str, Said], ...]  # tone, what it means in the pictures
    sections: tuple[Section, ...]
    words: dict[str, Said] = field(default_factory=dict)  # that renderers need
    seq: int = 0  # the last entry that it rests on
    head: str = ""  # its hash

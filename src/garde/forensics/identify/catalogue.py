"""What is known of ransomware families: names, endings, names of notes, decryptors.

Comes in: the MISP ransomware galaxy as the package PyMISPGalaxies ships it (where it is installed), and Garde's own
`families.toml`. Goes out: `Catalogue`. The galaxy is a collection by many hands: one family stands in it under several
names, endings are whole sentences, names of notes hold ids of one victim. It is cleaned here: what cannot be matched
against a file's name is left out, what differs from victim to victim becomes `*`. It judges nothing.
"""

from __future__ import annotations

import fnmatch
import functools
import importlib.util
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

OWN: Final = Path(__file__).with_name("families.toml")
GALAXY: Final = ("data", "misp-galaxy", "clusters", "ransomware.json")
MARK: Final = "{ending}"
_ENDING: Final = re.compile(r"\.[^\s.<>()\[\]{}*?\\/|:,;\"]{2,32}")
_RANDOM: Final = re.compile(r"<[^<>]{1,40}>|\[[^\[\]]{1,40}\]|\{[^{}]{1,40}\}|%[^%]{1,20}%|\([^()]{1,40}\)|#{2,}|X{4,}")
_NOTE_END: Final = re.compile(r"\.(txt|html?|hta|bmp|png|jpe?g|rtf|url|pdf|md)$", re.IGNORECASE)
_TAIL: Final = re.compile(
    r"\s*\b(?:ransom(?:e)?ware|ransomeware|family|group|virus|file[- ]?encryptor)\b.*$|\s*\(.*$", re.IGNORECASE
)
_NOT_A_NAME: Final = re.compile(r"https?:|[\n/\\|,]|e\.g")
_LEAST_NAME: Final = 4  # letters and digits of a note's name that do not differ: fewer fit anything


@dataclass(frozen=True, slots=True)
class Pattern:
    """How the notes of some families are called."""

    pattern: str  # in lower case; * for what differs, {ending} for the ending of the files
    families: frozenset[str]

    def matches(self, name: str, endings: Iterable[str]) -> bool:
        """Whether a note's name is one of these. `endings`: those seen on files, in lower case."""
        low = name.lower()
        if MARK not in self.pattern:
            return fnmatch.fnmatchcase(low, _glob(self.pattern))
        return any(low == self.pattern.replace(MARK, each.lstrip(".")) for each in endings if len(each) > 3)


def _glob(pattern: str) -> str:
    """Return a pattern in which * alone is special."""
    return re.sub(r"([\[\]?])", r"[\1]", pattern)


@dataclass(frozen=True, slots=True)
class Family:
    """One family."""

    id: str
    called: frozenset[str] = frozenset()
    ordinary: bool = False  # its name is a word of everyday speech
    own: bool = False  # Garde's own table has it
    decryptor: str = "unknown"  # known | none_known | unknown
    source: str = ""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All that is known."""

    families: Mapping[str, Family]
    names: Mapping[str, str]  # what it is called, squeezed -> family
    endings: Mapping[str, frozenset[str]]  # in lower case, with the dot
    patterns: tuple[Pattern, ...]
    date: str  # of Garde's own table
    galaxy: int  # its version; 0: not installed
    usual: frozenset[str] = frozenset()  # words of which names of notes are made, anybody's

    def find(self, name: str) -> str:
        """Return the family of a name; "" where it is none of ours."""
        return self.names.get(squeeze(name), "")

    def family(self, name: str) -> Family:
        """Return a family; one that is not known by its name alone."""
        return self.families.get(name, Family(name))

    def with_ending(self, ending: str) -> frozenset[str]:
        """Return the families that put this behind a file's name: `.lockbit`, `.id-1.[a@b.c].dharma`."""
        low = ending.lower()
        last = f".{low.rpartition('.')[2]}"
        return self.endings.get(low) or self.endings.get(last) or self._starred(last)

    def _starred(self, ending: str) -> frozenset[str]:
        found: frozenset[str] = frozenset()
        for pattern, families in self.endings.items():
            if pattern.endswith("*") and ending.startswith(pattern[:-1]):
                found |= families
        return found

    def with_note(self, name: str, endings: Iterable[str]) -> list[Pattern]:
        """Return the patterns that a note's name fits, the most exact first."""
        seen = [each.lower() for each in endings]
        found = [each for each in self.patterns if each.matches(name, seen)]
        return sorted(found, key=lambda each: (each.pattern.count("*"), -len(each.pattern)))


def squeeze(name: str) -> str:
    """Return a name without what people write differently: `Black-Cat 2.0` and `blackcat 2.0` are one."""
    return re.sub(r"[\W_]+", "", name.lower())


@functools.cache
def catalogue() -> Catalogue:
    """Return what this installation knows."""
    return build(tomllib.loads(OWN.read_text("utf-8")), _galaxy())


def _galaxy() -> dict[str, Any]:
    """Return the galaxy's file; nothing where the package is not installed. It is read, and never imported."""
    spec = importlib.util.find_spec("pymispgalaxies")
    if spec is None or not spec.submodule_search_locations:
        return {}
    file = Path(spec.submodule_search_locations[0]).joinpath(*GALAXY)
    return msgspec.json.decode(file.read_bytes()) if file.is_file() else {}


def build(own: Mapping[str, Any], galaxy: Mapping[str, Any]) -> Catalogue:
    """Join both. Own knowledge goes before: a name that it has is the galaxy's under that name."""
    made = _Maker(frozenset(own.get("honest_endings", ())))
    for name, body in own["families"].items():
        made.take_own(name, body)
    for cluster in galaxy.get("values", ()):
        made.take(cluster)
    return made.done(str(own["date"]), int(galaxy.get("version", 0)), frozenset(own.get("usual_words", ())))


class _Maker:
    """A catalogue that grows."""

    def __init__(self, honest: frozenset[str]) -> None:
        self._honest = honest
        self.families: dict[str, Family] = {}
        self.names: dict[str, str] = {}
        self.endings: dict[str, set[str]] = defaultdict(set)
        self.patterns: dict[str, set[str]] = defaultdict(set)

    def take_own(self, name: str, body: Mapping[str, Any]) -> None:
        self.families[name] = Family(
            name, frozenset(body.get("called", [name])), body.get("ordinary", False), True,
            body.get("decryptor", "unknown"), body.get("source", ""),
        )  # fmt: skip
        for each in [name, *body.get("called", ())]:
            self.names[squeeze(each)] = name
        for ending in body.get("endings", ()):
            self.endings[ending].add(name)
        for pattern in body.get("notes", ()):
            self.patterns[pattern.lower()].add(name)

    def take(self, cluster: Mapping[str, Any]) -> None:
        """One entry of the galaxy."""
        called = [each for each in _called(cluster) if squeeze(each)]
        if not called:
            return
        family = next((self.names[squeeze(each)] for each in called if squeeze(each) in self.names), squeeze(called[0]))
        self.families.setdefault(family, Family(family, frozenset(called)))
        for each in called:
            self.names.setdefault(squeeze(each), family)
        meta = _meta(cluster)
        for ending in set(_endings(meta)) - self._honest:
            self.endings[ending].add(family)
        for pattern in _patterns(meta):
            self.patterns[pattern].add(family)

    def done(self, date: str, version: int, usual: frozenset[str]) -> Catalogue:
        patterns = tuple(Pattern(name, frozenset(who)) for name, who in sorted(self.patterns.items()))
        endings = {name: frozenset(who) for name, who in self.endings.items()}
        return Catalogue(self.families, self.names, endings, patterns, date, version, usual)


def _meta(cluster: Mapping[str, Any]) -> Mapping[str, Any]:
    found = cluster.get("meta")
    return found if isinstance(found, Mapping) else {}


def _called(cluster: Mapping[str, Any]) -> list[str]:
    found = [str(cluster.get("value", "")), *(str(each) for each in _list(_meta(cluster).get("synonyms")))]
    return [cut for each in found if len(cut := _TAIL.sub("", each).strip(" .,-\"'“”")) > 1]


def _endings(meta: Mapping[str, Any]) -> Iterator[str]:
    """Yield endings that can be compared: of a longer one the last part."""
    for written in _list(meta.get("extensions")):
        text = str(written).strip().lower()
        last = f".{text.rpartition('.')[2]}" if "." in text else ""
        random = _RANDOM.search(last) or "random" in last
        if last and not random and _ENDING.fullmatch(last) and any(sign.isalpha() for sign in last):
            yield last


def _patterns(meta: Mapping[str, Any]) -> Iterator[str]:
    for field_name in ("ransomnotes-filenames", "ransomnotes-filesnames"):
        for written in _list(meta.get(field_name)):
            name = str(written).strip().lower()
            if not _NOTE_END.search(name) or len(name) > 80 or _NOT_A_NAME.search(name):
                continue
            pattern = re.sub(r"\*+", "*", _RANDOM.sub("*", name))
            if len(squeeze(_NOTE_END.sub("", pattern))) >= _LEAST_NAME:
                yield pattern


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else [value] if isinstance(value, str) else []

"""Drugs with which a slip kills: which of these a prescription is, if any.

Comes in: a drug's code and words, as a feed or a sheet of paper has them. Goes out: the name of its group in
`high_risk.toml`, or "". The table is data: ATC prefixes and beginnings of words in several languages, after the list of
high-alert medications of the ISMP. It is a safety net, not pharmacology: what it does not know is not harmless, and
whoever keys a drug may ask for a second person whenever they like.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from garde.downtime.nouns import Coded

TABLE: Final = Path(__file__).parent / "high_risk.toml"
_ATC = re.compile(r"[A-Z][0-9]{2}[A-Z]{0,2}[0-9]{0,2}")
_WORD = re.compile(r"[a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Group:
    """One row of the table."""

    name: str  # stable: insulin, anticoagulant, …
    en: str
    fr: str
    atc: tuple[str, ...]  # beginnings of codes
    words: tuple[str, ...]  # beginnings of words, folded


@lru_cache(maxsize=1)
def groups() -> tuple[Group, ...]:
    """Return the table, in its own order: the first that fits counts."""
    found = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    return tuple(
        Group(name, each["en"], each["fr"], tuple(each["atc"]), tuple(fold(word) for word in each["words"]))
        for name, each in found.items()
    )


def high_risk(what: Coded, *more: str) -> str:
    """Return the group of this drug, "" where it is in none. `more` are further words: a form, an instruction."""
    code = what.code.strip().upper()
    atc = code if _ATC.fullmatch(code) else ""
    text = " ".join((what.text, "" if atc else what.code, *more))
    words = _WORD.findall(fold(text))
    for group in groups():
        if (atc and atc.startswith(group.atc)) or any(_stands_in(word, words) for word in group.words):
            return group.name
    return ""


def label(group: str, language: str) -> str:
    """Return what a group is called; its name where the table has none."""
    found = next((each for each in groups() if each.name == group), None)
    return group if found is None else found.fr if language == "fr" else found.en


def fold(text: str) -> str:
    """Return text without case and accents, for comparing."""
    parted = unicodedata.normalize("NFKD", text.casefold())
    return "".join(sign for sign in parted if not unicodedata.combining(sign))


def _stands_in(wanted: str, words: list[str]) -> bool:
    """Whether these words in a row begin one after another as wanted: "potassium chlor" is in "potassium chloride"."""
    parts = wanted.split()
    spans = (words[at : at + len(parts)] for at in range(len(words) - len(parts) + 1))
    return any(all(word.startswith(part) for word, part in zip(span, parts, strict=True)) for span in spans)

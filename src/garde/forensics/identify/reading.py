"""A ransom note, read: words, headings, contacts, and how much of a note it is.

Comes in: bytes or text that an attacker wrote; anything. Goes out: `Reading`. It looks at the first 32,768 characters,
follows no link and loads nothing; every pattern is bounded, so that no text makes it slow. It names no family.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from dataclasses import dataclass
from typing import Final

MOST: Final = 32_768  # characters: the longest note of the public collection has 11,000
_LONGEST_WORD: Final = 24  # longer ones are keys and ids
_LONGEST_HEADING: Final = 60
_TAG: Final = re.compile(r"<[^<>]{1,2000}>")
_MAIL: Final = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[a-z\d-]{1,64}(?:\.[a-z\d-]{1,32}){1,4}")
_ONION: Final = re.compile(r"(?<![a-z\d])[a-z2-7]{56}(?![a-z\d])")
_URL: Final = re.compile(r"(?:h[tx]{2}ps?://|www\.)\S{1,500}")
_OTHER: Final = re.compile(r"(?<![\w.])([a-z2-7]{16}|[a-z2-7]{56})\\?\.onion\S{0,500}")
_TOX: Final = re.compile(r"(?<![\da-f])[\da-f]{76}(?![\da-f])")
_WORD: Final = re.compile(r"[^\W_]+(?:'[a-z]+)?|_\w{1,8}_")
_LEAD: Final = re.compile(r"\s{0,40}([^\w\s]{1,6})")
# What a ransom note speaks of. One that speaks of few of them is none.
_TOPICS: Final = tuple(
    re.compile(pattern)
    for pattern in (
        r"encr[yi]pt|verschl|chiffr|cifrad|locked|verrouill",
        r"your (?:\w+ ){0,3}(?:files?|data|documents|network|company|systems?|servers?|backups?)\b"
        r"|vos (?:fichiers|données)",
        r"decr[yi]pt|recover|restore|unlock|your files back|déchiffr|récupér",
        r"bitcoin|\bbtc\b|\bpay(?:ment|ing)?\b|\bprice\b|ransom|purchase|\bmoney\b|monero|rançon|pay[ée]r",
        r"tor browser|\.onion|contact us|e-?mail us|write (?:to )?us|_mail_|\btox\b|_url_|\bchat\b"
        r"|contactez|écri(?:re|vez)",
        r"publish|\bleak|stolen|exfiltrat|download(?:ed)? (?:\w+ ){0,4}data|will lose|sold|delet|publi(?:er|ées)|perd",
        r"do(?:n't| not) (?:\w+ ){0,3}"
        r"(?:renam|modif|try|delet|shut|reset|touch|change|edit|use|move|contact|hire|report)"
        r"|third[- ]party|ne (?:\w+ ){0,2}(?:renommez|modifiez|pas)|n'éteignez",
    )
)
_VOICE: Final = frozenset(
    [
        "you",
        "your",
        "yours",
        "we",
        "us",
        "our",
        "vous",
        "vos",
        "votre",
        "nous",
        "notre",
        "nos",
        "ihr",
        "ihre",
        "wir",
        "uns",
    ]
)
_MUCH_VOICE: Final = 0.06  # of all words: the median of known notes is 0.08


@dataclass(frozen=True, slots=True)
class Reading:
    """What one text holds."""

    text: str  # without markup, as it was written
    features: dict[str, int]  # words, `l:` whole short lines, `s:` the signs that lines begin with
    contacts: frozenset[str]  # addresses at which one is to answer: mail, onion host, tox id
    onions: frozenset[str]
    topics: int  # of the seven things that a ransom note speaks of
    voice: float  # 0…1: how much of it is "we" and "you": a note speaks to its reader, a report does not
    words: int


def decode(data: bytes) -> str:
    """Return the text of a file: UTF-8, UTF-16 by its mark or by its zero bytes, else byte by byte."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace")
    if data[:200].count(0) > len(data[:200]) // 3:
        return data.decode("utf-16-le", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def read_note(content: bytes | str) -> Reading:
    """Read a text. Anything may come in; what is no note has few topics."""
    written = content if isinstance(content, str) else decode(content[: 4 * MOST])
    text = without_markup(written[:MOST])
    lower = text.lower()
    contacts, onions = _contacts(lower)
    smooth = _TOX.sub(" _tox_ ", _OTHER.sub(" _url_ ", _URL.sub(" _url_ ", _MAIL.sub(" _mail_ ", lower))))
    words = [_word(each) for each in _WORD.findall(smooth) if len(each) <= _LONGEST_WORD]
    features = Counter(words)
    features.update(_lines(smooth))
    topics = sum(pattern.search(smooth) is not None for pattern in _TOPICS)
    return Reading(text, dict(features), contacts, onions, topics, _voice(words), len(words))


def _voice(words: list[str]) -> float:
    spoken = sum(word in _VOICE for word in words)
    return min(1.0, spoken / max(20, len(words)) / _MUCH_VOICE)


def without_markup(text: str) -> str:
    """Return HTML or HTA as what a reader sees of it; plain text comes back as it is."""
    if "<" not in text:
        return text
    for name in ("script", "style"):
        text = _cut(text, f"<{name}", f"</{name}")
    return html.unescape(_TAG.sub("\n", text))


def _cut(text: str, begin: str, end: str) -> str:
    """Take out what lies between two marks; one that is never closed stays."""
    lower, at, kept = text.lower(), 0, []
    while (start := lower.find(begin, at)) >= 0 and (stop := lower.find(end, start)) >= 0:
        kept.append(text[at:start])
        at = stop
    return "".join([*kept, text[at:]])


def _contacts(lower: str) -> tuple[frozenset[str], frozenset[str]]:
    """Hosts of the open web are not taken: honest texts name them as well (a bank of bitcoins, a law)."""
    onions = frozenset(_OTHER.findall(lower)) | frozenset(_ONION.findall(lower))
    return frozenset({*_MAIL.findall(lower), *onions, *_TOX.findall(lower)}), onions


def _word(word: str) -> str:
    """Ids and amounts differ from victim to victim."""
    return "#" if len(word) > 3 and any(sign.isdigit() for sign in word) else word


def _lines(text: str) -> Counter[str]:
    found: Counter[str] = Counter()
    for line in text.splitlines():
        whole = " ".join(line.split())
        if 3 <= len(whole) <= _LONGEST_HEADING:
            found[f"l:{whole}"] += 1
        if lead := _LEAD.match(line):
            found[f"s:{lead[1]}"] += 1
    return found

"""STIX patterns, as far as they say one thing that agents can look for.

Comes in: a pattern as a neighbour wrote it. Goes out: what it compares, or why it is not watched for. The pattern is
cut into words by one expression that never goes back; nothing of it is run. The rules, one test each:

1. Comparisons joined by OR are indicators each; so are observations joined by OR.
2. Of comparisons joined by AND only a SHA-256 says enough by itself; without one the pattern is refused.
3. NOT, FOLLOWEDBY and qualifiers (WITHIN, REPEATS, START) are refused.
4. `MATCHES` and `LIKE` are taken where they mean an ending or one name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from garde.model.watchlist import Sort
from garde.sharing.in_.found import EXPRESSION, NOT_WATCHED, SEVERAL, UNREADABLE

LONGEST: Final = 20_000  # characters
_WORD: Final = re.compile(
    r"\s+|(?P<text>'(?:[^'\\]|\\.)*')|(?P<mark>[\[\]()]|!=|<=|>=|=|<|>|,)"
    r"|(?P<word>[A-Za-z0-9_-]+(?::[A-Za-z0-9_.\[\]*-]+(?:'[^']*'[A-Za-z0-9_.\[\]*-]*)*)?)"
)
_PATHS: Final = {
    "file:name": Sort.FILE_NAME,
    "ipv4-addr:value": Sort.ADDRESS,
    "ipv6-addr:value": Sort.ADDRESS,
    "user-account:account_login": Sort.USER,
    "user-account:user_id": Sort.USER,
}
_HASH: Final = re.compile(r"file:hashes\.'?SHA-?256'?", re.IGNORECASE)
_SPECIAL: Final = frozenset(".^$*+?{}[]|()")


class PatternRefused(Exception):
    """It is not watched for."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class Compared:
    """One comparison."""

    path: str
    operator: str
    value: str


def values(pattern: str) -> list[tuple[Sort, str]]:
    """Return what a pattern looks for; raises PatternRefused."""
    if len(pattern) > LONGEST:
        raise PatternRefused(UNREADABLE)
    words = list(_words(pattern))
    comparisons = list(_comparisons(words))
    joined = {word.upper() for kind, word in words if kind == "word" and ":" not in word}
    if joined & {"NOT", "FOLLOWEDBY", "WITHIN", "REPEATS", "START", "STOP"}:
        raise PatternRefused(SEVERAL)
    if not comparisons:
        raise PatternRefused(UNREADABLE)
    if "AND" in joined:
        comparisons = [each for each in comparisons if _HASH.fullmatch(each.path)]
        if not comparisons:
            raise PatternRefused(SEVERAL)
    return [_value(each) for each in comparisons]


def _words(pattern: str) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(pattern):
        found = _WORD.match(pattern, at)
        if found is None:
            raise PatternRefused(UNREADABLE)
        at = found.end()
        if found.lastgroup is not None:
            yield found.lastgroup, found[found.lastgroup]


def _comparisons(words: list[tuple[str, str]]) -> Iterator[Compared]:
    """Yield path, operator and text where they follow each other; a list after IN is a comparison for each."""
    at = 0
    while at < len(words):
        kind, word = words[at]
        if kind != "word" or ":" not in word:
            at += 1
            continue
        operator = words[at + 1][1].upper() if at + 1 < len(words) else ""
        at += 2
        if operator == "IN":
            while at < len(words) and words[at][1] != ")":
                if words[at][0] == "text":
                    yield Compared(word, "=", _unquoted(words[at][1]))
                at += 1
        elif at < len(words) and words[at][0] == "text":
            yield Compared(word, operator, _unquoted(words[at][1]))
            at += 1
        else:
            yield Compared(word, "?", "")


def _value(each: Compared) -> tuple[Sort, str]:
    if _HASH.fullmatch(each.path):
        if each.operator != "=":
            raise PatternRefused(EXPRESSION)
        return Sort.SHA256, each.value
    sort = _PATHS.get(each.path)
    if sort is None:
        raise PatternRefused(NOT_WATCHED)
    if each.operator == "=":
        return _named(sort, each.value)
    if sort is Sort.FILE_NAME and each.operator == "MATCHES":
        return _matched(each.value)
    if sort is Sort.FILE_NAME and each.operator == "LIKE":
        return _like(each.value)
    raise PatternRefused(EXPRESSION)


def _named(sort: Sort, value: str) -> tuple[Sort, str]:
    if sort is Sort.FILE_NAME and value.startswith("*."):
        return Sort.ENDING, value[1:]
    return sort, value


def _matched(value: str) -> tuple[Sort, str]:
    """Return what a regular expression means, where it is an ending or a name (rule 4)."""
    whole = value.startswith("^")
    text = value.removeprefix("^")
    for anything in (".*", ".+"):
        if text.startswith(anything):
            text, whole = text[2:], False
            break
    if not text.endswith("$") or text.endswith("\\$"):
        raise PatternRefused(EXPRESSION)
    plain = _unescaped(text[:-1])
    if whole:
        return Sort.FILE_NAME, plain
    if not plain.startswith("."):
        raise PatternRefused(EXPRESSION)
    return Sort.ENDING, plain


def _like(value: str) -> tuple[Sort, str]:
    if "_" in value or "%" in value[1:]:
        raise PatternRefused(EXPRESSION)
    if value.startswith("%."):
        return Sort.ENDING, value[1:]
    if value.startswith("%"):
        raise PatternRefused(EXPRESSION)
    return Sort.FILE_NAME, value


def _unescaped(text: str) -> str:
    out, signs = [], iter(text)
    for sign in signs:
        meant = next(signs, "") if sign == "\\" else sign
        if (sign == "\\" and (meant.isalnum() or not meant)) or (sign != "\\" and sign in _SPECIAL):
            raise PatternRefused(EXPRESSION)  # a class of characters, or more than one text
        out.append(meant)
    return "".join(out)


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL)

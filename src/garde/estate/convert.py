"""From nodes to nouns: each field by its declared type, each fault with its line, and on to the next one.

Comes in: nodes (source.py), or the cells of a list (tables.py). Goes out: an `Estate`, the places of its parts, and
problems. What is wrong is left at its default, so that one reading finds every fault. Whether what is named exists,
and whether it makes sense together, is check.py's business.

What is text stays as it is written: a telephone number keeps its zero, `no` is a word where a word is wanted. One
value may stand where a list is wanted; words without a language are in the hospital's first.
"""

from __future__ import annotations

import dataclasses
import math
import types
import typing
import unicodedata
from collections.abc import Callable
from difflib import get_close_matches
from functools import cache
from typing import Any

from garde.estate.nouns import Estate, Words
from garde.estate.places import Path, Place, Places, Problem
from garde.estate.sentences import Quoted, Sentence
from garde.estate.source import Listing, Node, Scalar, Table
from garde.estate.vocabulary import ID, LANGUAGE

_LONGEST = 2_000  # characters in one value: more than the longest instruction a ward is given
_MOST = 1e9  # a larger number is a slip of the hand
_YES = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
# Control and invisible characters, and a lone half of a pair: nobody means to write them, and they deceive who reads.
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})


class Missing:
    """The mark of a value that is not there or is not usable."""


MISSING = Missing()


@cache
def types_of(kind: type) -> dict[str, Any]:
    """Return the declared type of each field of a noun, in the order of its declaration."""
    hints = typing.get_type_hints(kind)
    return {each.name: hints[each.name] for each in dataclasses.fields(kind)}


@cache
def required(kind: type) -> tuple[str, ...]:
    """Return the fields of a noun that have no default."""
    return tuple(
        each.name
        for each in dataclasses.fields(kind)
        if each.default is dataclasses.MISSING and each.default_factory is dataclasses.MISSING
    )


def part_of(declared: Any) -> type | None:
    """Return the noun that a list such as `tuple[Machine, ...]` holds, or None where it is no list of nouns."""
    inner = typing.get_args(declared)[:1] if typing.get_origin(declared) is tuple else ()
    return inner[0] if inner and dataclasses.is_dataclass(inner[0]) and isinstance(inner[0], type) else None


class Converter:
    """One reading of one file."""

    def __init__(self, places: Places, language: str = "en") -> None:
        self.places = places
        self.problems: list[Problem] = []
        self._first_language = language  # of words that name none; an estate's own takes its place

    def estate(self, root: Node) -> Estate | None:
        """Return the estate; None where there is nothing that could be one."""
        if not isinstance(root, Table):
            self._wrong(Sentence("no estate: it begins with `name:` and its tables (`machines:`, …)"), root.line)
            return None
        languages = next((value for key, value in root.pairs if key.text == "languages"), None)
        spoken = self._texts(languages, ()) if languages is not None else ()
        self.problems.clear()  # they are found again in their turn
        if isinstance(spoken, tuple) and spoken and LANGUAGE.fullmatch(spoken[0]):
            self._first_language = spoken[0]
        found = self.part(root, Estate, ())
        return found if isinstance(found, Estate) else None

    def part(self, node: Node, kind: type, path: Path) -> Any:
        """Return one noun from a table, or MISSING where its required fields cannot be filled."""
        if not isinstance(node, Table):
            first = required(kind)[0]
            what = Sentence("a table is wanted here (`{name}: …`), not {found}", name=first, found=_what(node))
            self._wrong(what, node.line)
            return MISSING
        self.places.put(path, node.line)
        declared = types_of(kind)
        values: dict[str, Any] = {}
        seen: dict[str, int] = {}
        for key, value in node.pairs:
            if key.text in seen:
                first = str(seen[key.text])
                self._wrong(
                    Sentence("`{name}` stands a second time (first in line {line})", name=key.text, line=first),
                    key.line,
                )
                continue
            seen[key.text] = key.line
            if key.text not in declared:
                hint = nearest(key.text, declared)
                self._wrong(Sentence("no field named `{text}`{hint}", text=Quoted(key.text), hint=hint), key.line)
                continue
            self.places.put((*path, key.text), value.line)
            found = self.value(value, declared[key.text], (*path, key.text))
            if not isinstance(found, Missing):
                values[key.text] = found
        return self._made(kind, values, seen, path, node.line)

    def _made(self, kind: type, values: dict[str, Any], seen: dict[str, int], path: Path, line: int) -> Any:
        for name in required(kind):
            if name not in seen:
                self._wrong(Sentence("`{name}` is missing", name=name), line)
            if name not in values:
                if name == "id":
                    return MISSING
                values[name] = _blank(types_of(kind)[name])
        return kind(**values)

    def value(self, node: Node, declared: Any, path: Path) -> Any:
        """Return a value of the declared type, or MISSING where there is none or it is wrong."""
        inner = part_of(declared)
        if inner is not None:
            return self._parts(node, inner, path)
        if declared == Words:
            return self._words(node, path)
        if typing.get_origin(declared) is tuple:
            return self._texts(node, path)
        if not isinstance(node, Scalar):
            self._wrong_one(node)
            return MISSING
        if node.empty:
            return MISSING
        return _READERS[declared](self, node, path)

    def _parts(self, node: Node, kind: type, path: Path) -> Any:
        if isinstance(node, Scalar) and node.empty:
            return ()
        if not isinstance(node, Listing):
            what = Sentence("a list is wanted here (each item begins with `- `), not {found}", found=_what(node))
            self._wrong(what, node.line)
            return MISSING
        made: list[Any] = []
        for item in node.items:
            # The place in the tuple, not in the file: what could not be read is not in the tuple.
            found = self.part(item, kind, (*path, len(made)))
            if not isinstance(found, Missing):
                made.append(found)
        return tuple(made)

    def _texts(self, node: Node, path: Path) -> Any:
        items = node.items if isinstance(node, Listing) else [node]
        if isinstance(node, Scalar) and node.empty:
            return ()
        texts: list[str] = []
        for item in items:
            if not isinstance(item, Scalar):
                self._wrong_one(item)
                continue
            found = self.text(item, (*path, len(texts)))
            if not isinstance(found, Missing) and found:
                self.places.put((*path, len(texts)), item.line)
                texts.append(found)
        return tuple(texts)

    def _words(self, node: Node, path: Path) -> Any:
        if isinstance(node, Scalar):
            found = MISSING if node.empty else self.text(node, path)
            return found if isinstance(found, Missing) else {self._first_language: found}
        if not isinstance(node, Table):
            what = Sentence("words are wanted here, by language (`en: …`), not {found}", found=_what(node))
            self._wrong(what, node.line)
            return MISSING
        words: dict[str, str] = {}
        for key, value in node.pairs:
            self.places.put((*path, key.text), value.line)
            if key.text in words:
                self._wrong(Sentence("`{name}` stands a second time", name=key.text), key.line)
            elif not LANGUAGE.fullmatch(key.text):
                self._wrong(no_language(key.text), key.line)
            elif not isinstance(value, Scalar):
                self._wrong_one(value)
            elif not value.empty:
                found = self.text(value, path)
                if not isinstance(found, Missing):
                    words[key.text] = found
        return words

    # --- one value ---

    def text(self, node: Scalar, path: Path) -> str | Missing:
        """Return the text without spaces around it. Ids are checked here: they name files and columns later on."""
        text = unicodedata.normalize("NFC", node.text).strip()
        hidden = next((sign for sign in text if sign != "\n" and unicodedata.category(sign) in _HIDDEN), "")
        if hidden:
            sign = f"U+{ord(hidden):04X}"
            self._wrong(Sentence("an invisible character stands in this value ({sign})", sign=sign), node.line)
            return MISSING
        if len(text) > _LONGEST:
            what = Sentence("the value is {n} characters long; {most} is the most", n=len(text), most=_LONGEST)
            self._wrong(what, node.line)
            return MISSING
        if path[-1:] == ("id",) and not ID.fullmatch(text):
            what = Sentence(
                "{text} is no id: letters, digits, dot, dash and underscore, 64 at most, a letter or digit first",
                text=Quoted(text),
            )
            self._wrong(what, node.line)
            return MISSING
        return text

    def flag(self, node: Scalar, path: Path) -> bool | Missing:
        found = _YES.get(node.text.lower(), MISSING)
        if isinstance(found, Missing):
            self._wrong(Sentence("yes or no is wanted here, not {text}", text=Quoted(node.text)), node.line)
        return found

    def whole(self, node: Scalar, path: Path) -> int | Missing:
        digits = node.text.isascii() and node.text.isdigit()
        if not digits or len(node.text) > 10 or int(node.text) > _MOST:
            self._wrong(Sentence("a whole number is wanted here, not {text}", text=Quoted(node.text)), node.line)
            return MISSING
        return int(node.text)

    def number(self, node: Scalar, path: Path) -> float | Missing:
        try:
            found = float(node.text)
        except ValueError:
            found = math.nan
        if not 0 <= found <= _MOST:
            self._wrong(Sentence("a number is wanted here, not {text}", text=Quoted(node.text)), node.line)
            return MISSING
        return found

    def _wrong_one(self, node: Node) -> None:
        self._wrong(Sentence("one value is wanted here, not {found}", found=_what(node)), node.line)

    def _wrong(self, what: Sentence, line: int) -> None:
        self.problems.append(Problem(Place(self.places.file, line), what))


_READERS: dict[type, Callable[[Converter, Scalar, Path], Any]] = {
    str: Converter.text,
    bool: Converter.flag,
    int: Converter.whole,
    float: Converter.number,
}


def _blank(declared: Any) -> Any:
    if declared == Words:
        return {}
    origin = typing.get_origin(declared) or declared
    return () if origin is tuple else origin() if not isinstance(origin, types.UnionType) else None


def _what(node: Node) -> Sentence:
    if isinstance(node, Scalar):
        return Sentence("nothing") if node.empty else Sentence("the value {text}", text=Quoted(node.text))
    return Sentence("a list") if isinstance(node, Listing) else Sentence("a table")


def no_language(text: str) -> Sentence:
    """Return what is wrong with a word that stands where a language must."""
    return Sentence("{text} is no language: two small letters, such as en or fr", text=Quoted(text))


def nearest(name: str, known: typing.Iterable[str]) -> Sentence | str:
    """Return a hint at the name that was probably meant, or ""."""
    found = get_close_matches(name, list(known), n=1, cutoff=0.7)
    return Sentence(" — did you mean {name}?", name=found[0]) if found else ""

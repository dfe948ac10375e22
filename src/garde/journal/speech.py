"""Sentences for people, in every language that has a catalogue, with hostile values made safe.

Comes in: a sentence in English (the key) and values. Goes out: `Said`, text that is safe to show on a terminal; HTML
escapes it once more. Translations lie in `locale/*.po` and are read by Babel; a language is offered once the journal
has its catalogue, and brings its plurals with it (what a further catalogue lacks is said in English). Where Babel is
not installed (an agent without the `up` extra) the sentences stay English. It formats no dates beyond those below.
"""

from __future__ import annotations

import functools
import gettext
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from garde.journal.text import Text, plain

GOOD, WARN, BAD, NOTE = "good", "warn", "bad", "note"  # tones: renderers give them their colours
JOURNAL_LOCALE = Path(__file__).parent / "locale"


def languages_in(folder: Path) -> tuple[str, ...]:
    """Return the languages that have a catalogue there, English first."""
    return ("en", *sorted(found.stem for found in folder.glob("*.po") if found.stem != "en"))


LANGUAGES = languages_in(JOURNAL_LOCALE)

_Messages = dict[str, tuple[str, ...]]
_Plural = Callable[[int], int]  # which form a number takes: French says "0 fichier", English "0 files"


class Said(str):
    """Text that is safe to show as it stands: it came through `Say`, and is not escaped again."""

    __slots__ = ()


def mark(sentence: str) -> str:
    """Return the sentence itself: marks one in a table for the catalogue; it is translated when said."""
    return sentence


ERASED = mark("[erased]")


class Say:
    """Says a sentence in one language: `say("{n} files held by {who}", n=3, who=Text(...))`."""

    def __init__(self, language: str, messages: _Messages, plural: _Plural = lambda n: int(n != 1)) -> None:
        self.language, self._messages, self._plural = language, messages, plural
        self._point, self._group = _signs(language)

    def __call__(self, sentence: str, **values: object) -> Said:
        return self._fill(self._messages.get(sentence, (sentence,))[0], values)

    def many(self, one: str, more: str, n: int, **values: object) -> Said:
        """Say the form that the number `n` takes."""
        forms = self._messages.get(one, (one, more) if self.language == "en" else ())
        form = forms[self._plural(n)] if len(forms) > 1 else (one, more)[int(n != 1)]
        return self._fill(form, {"n": n, **values})

    def word(self, table: Mapping[str, str], key: str) -> Said:
        """Say the table's sentence for a key; a key that is not in it is shown as it is, escaped."""
        return self(table[key]) if key in table else Said(plain(key))

    def known(self, sentence: str) -> Said:
        """Say a sentence that came from elsewhere: translated where the catalogue has exactly it, never filled in."""
        return Said(plain(self._messages.get(sentence, (sentence,))[0]))

    def list(self, parts: list[Said]) -> Said:
        """Join with commas."""
        return Said(", ".join(parts))

    def tenths(self, value: float) -> Said:
        """Return a number with one decimal."""
        return Said(f"{value:.1f}".replace(".", self._point))

    def clock(self, at: float) -> Said:
        """Return local date and time to the second: `2026-11-23 03:12:04`."""
        return Said(datetime.fromtimestamp(at).strftime("%Y-%m-%d %H:%M:%S"))  # the reader's own wall clock

    def _fill(self, form: str, values: dict[str, object]) -> Said:
        return Said(form.format_map({name: self._safe(value) for name, value in values.items()}))

    def _safe(self, value: object) -> str:
        match value:
            case Said():
                return value
            case Text():
                return value.shown(self(ERASED))
            case bool() | float():
                return str(value)
            case int():
                return f"{value:,}".replace(",", self._group)
            case bytes():
                return plain(value)
        return plain(str(value))


@functools.cache
def say_in(language: str, *catalogues: Path) -> Say:
    """Return the speaker of a language (English where it is unknown) with the journal's and the named catalogues."""
    chosen = language if language in LANGUAGES else "en"
    return speaker_of(chosen, JOURNAL_LOCALE, *catalogues)


def speaker_of(language: str, *catalogues: Path) -> Say:
    """Return the speaker of a language with just these catalogues; the first one says how plurals are made."""
    messages: _Messages = {}
    rule = ""
    for folder in catalogues:
        found, plural = _read(folder / f"{language}.po")
        messages |= found
        rule = rule or plural
    return Say(language, messages, gettext.c2py(rule)) if messages else Say("en", {})


def short_time(at: float, now: float) -> Said:
    """Return the wall clock's time; another day than today's is named."""
    moment = datetime.fromtimestamp(at)
    same = moment.date() == datetime.fromtimestamp(now).date()
    return Said(moment.strftime("%H:%M" if same else "%d/%m %H:%M"))


def long_time(at: float) -> Said:
    """Return date and time to the minute."""
    return Said(datetime.fromtimestamp(at).strftime("%Y-%m-%d %H:%M"))


def _signs(language: str) -> tuple[str, str]:
    """Return what stands before decimals and between thousands."""
    if language == "en":
        return ".", ","
    from babel.numbers import get_decimal_symbol, get_group_symbol

    return get_decimal_symbol(language), get_group_symbol(language)


def _read(source: Path) -> tuple[_Messages, str]:
    """Return a catalogue's sentences and its rule of plurals, as C writes it."""
    try:
        from babel.messages.pofile import read_po
    except ImportError:
        return {}, ""
    if not source.exists():
        return {}, ""
    with source.open("rb") as stream:
        catalogue = read_po(stream)
    messages: _Messages = {}
    for message in catalogue:
        if not message.id:
            continue  # the header
        key = message.id if isinstance(message.id, str) else message.id[0]
        forms = (message.string,) if isinstance(message.string, str) else tuple(message.string or ("",))
        if all(forms):
            messages[key] = forms
    return messages, str(catalogue.plural_expr)

"""The forms as data: which fields each has, what each asks, and whether its source confirms it.

Comes in: `forms.toml`. Goes out: `Form`s. It fills nothing.
"""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec

from garde.estate.nouns import Words

SHIPPED: Final = Path(__file__).parent / "forms.toml"
LANGUAGES: Final = ("en", "fr")


@dataclass(frozen=True, slots=True)
class FormField:
    """One question of a form."""

    id: str
    label: Words
    confirmed: bool = True


@dataclass(frozen=True, slots=True)
class Form:
    """One form."""

    id: str
    recipient: str
    title: Words
    basis: Words
    fields: tuple[FormField, ...]
    confirmed: bool  # whether its source confirms that these are the fields
    warning: Words = field(default_factory=dict)  # what is not confirmed, in words
    note: Words = field(default_factory=dict)

    def find(self, name: str) -> FormField | None:
        """Return a field by its id."""
        return next((each for each in self.fields if each.id == name), None)


class _File(msgspec.Struct, forbid_unknown_fields=True):
    as_of: str
    forms: list[Form]


@functools.cache
def forms() -> Mapping[str, Form]:
    """Return the forms by id, in their order."""
    file = msgspec.convert(tomllib.loads(SHIPPED.read_text(encoding="utf-8")), _File)
    return {each.id: each for each in file.forms}


def said_in(words: Words, language: str) -> str:
    """Return words in a language; English where it has none."""
    return words.get(language) or words.get("en", "")

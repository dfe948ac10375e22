"""What is wrong, as a sentence of the catalogue with its values.

Comes in: an English sentence and values that may be hostile: text of a file, of a list. Goes out: `.text`, in English
and as it stands (whoever shows it escapes it: the command line, JSON), and `.said(say)`, in the speaker's language
(`say_in(language, ESTATE_LOCALE)`) and safe to show. A value may be a sentence itself. It judges nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, TypeAlias

from garde.journal.speech import Said, Say
from garde.journal.text import plain

ESTATE_LOCALE: Final = Path(__file__).parent / "locale"
_LONGEST: Final = 60  # characters of a value that is quoted: a sentence stays one line

Value: TypeAlias = "str | int | Quoted | Sentence | tuple[Value, ...]"  # several stand apart by commas


class Quoted:
    """A value as it was written, in quotation marks and not too long."""

    __slots__ = ("value",)

    def __init__(self, value: str) -> None:
        self.value = value if len(value) <= _LONGEST else f"{value[: _LONGEST - 3]}…"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Quoted) and self.value == other.value

    def __hash__(self) -> int:
        return hash(self.value)

    @property
    def text(self) -> str:
        return repr(self.value)

    def said(self, say: Say) -> Said:
        return say("'{value}'", value=self.value)


class Sentence:
    """`Sentence("{text} is no address", text=Quoted(text))`: a sentence that every catalogue has, with its values."""

    __slots__ = ("form", "values")

    def __init__(self, form: str, /, **values: Value) -> None:
        self.form, self.values = form, values

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sentence) and (self.form, self.values) == (other.form, other.values)

    def __hash__(self) -> int:
        return hash((self.form, *self.values.values()))

    def __repr__(self) -> str:
        return f"Sentence({self.text!r})"

    @property
    def text(self) -> str:
        """The sentence in English, its values as they stand."""
        return self.form.format_map({name: _text(value) for name, value in self.values.items()})

    def said(self, say: Say) -> Said:
        """Return the sentence in a speaker's language, its values escaped."""
        return say(self.form, **{name: _said(value, say) for name, value in self.values.items()})


class Unreadable(ValueError):
    """Text that cannot be read as what it should be, and why."""

    def __init__(self, why: Sentence) -> None:
        super().__init__(why.text)
        self.why = why

    @property
    def text(self) -> str:
        """Why, in English."""
        return self.why.text


def _text(value: Value) -> str:
    match value:
        case Quoted() | Sentence():
            return value.text
        case tuple():
            return ", ".join(map(_text, value))
        case int():
            return f"{value:,}"
    return value


def _said(value: Value, say: Say) -> Said | int:
    match value:
        case Quoted() | Sentence():
            return value.said(say)
        case tuple():
            return say.list([Said(_said(each, say)) for each in value])
        case int():
            return value  # the speaker knows what stands between thousands
    return Said(plain(value))

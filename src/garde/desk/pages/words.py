"""What the desk's pages say, in English and French: the English sentence is the key.

Comes in: a sentence, values. Goes out: text, which the template escapes. `words/fr.json` has every sentence (a test
compares); another language is another file. A sentence from elsewhere (an error) that no file has is said in English.
"""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from garde.journal.text import plain

_FOLDER: Final = Path(__file__).parent / "words"
LANGUAGES: Final = ("en", *sorted(found.stem for found in _FOLDER.glob("*.json") if found.stem != "en"))


@functools.cache
def sentences(language: str) -> dict[str, str]:
    """Return a language's sentences; of English only those whose key is no sentence (`field:often`)."""
    found: dict[str, str] = json.loads((_FOLDER / f"{language}.json").read_text(encoding="utf-8"))
    return found


@dataclass(frozen=True, slots=True)
class Say:
    """Says a sentence in one language."""

    language: str

    def __call__(self, sentence: str, **values: object) -> str:
        form = sentences(self.language).get(sentence, sentence)
        return form.format_map({name: plain(str(value)) for name, value in values.items()}) if values else form

    def known(self, sentence: str) -> str:
        """Say a sentence that came from elsewhere; it is never filled in."""
        return sentences(self.language).get(sentence, sentence)

    def age(self, seconds: float | None) -> str:
        """Say how long ago something was."""
        if seconds is None:
            return self("no message has come")
        minutes = int(seconds // 60)
        if minutes < 60:
            return self("{n} min ago", n=minutes)
        return self("{hours} h {minutes} min ago", hours=minutes // 60, minutes=minutes % 60)

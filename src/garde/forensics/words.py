"""The account's closed sentences in the reader's language: what speaks for a family.

Comes in: the text of a proof as it stands in an entry, a language. Goes out: `Said`, safe to show. A text that is none
of ours is shown as it is. It folds nothing.
"""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import Final

from garde.forensics.identify.proofs import SENTENCES
from garde.journal.speech import Said, say_in

FORENSIC_LOCALE: Final = Path(__file__).parent / "locale"


def proof(text: str, language: str) -> Said:
    """Return what speaks for a family."""
    say = say_in(language, FORENSIC_LOCALE)
    for sentence, pattern in _patterns():
        if found := pattern.fullmatch(text):
            return say(sentence, **found.groupdict())
    return say.known(text)


@functools.cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    made = []
    for sentence in SENTENCES:
        parts = re.split(r"\{(\w+)\}", sentence)
        exact = [f"(?P<{part}>.+)" if number % 2 else re.escape(part) for number, part in enumerate(parts)]
        made.append((sentence, re.compile("".join(exact), re.DOTALL)))
    return tuple(made)

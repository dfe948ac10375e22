"""Every reason that the way back gives, as one sentence with values: a closed list.

Comes in: values by name. Goes out: `Reason`; `text()` is the English that stands in an entry, `read` finds the reason
again in such a text, so that a page can say it in the reader's language (`words.py`). Values are ids and numbers, never
what somebody typed.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import Final

from garde.journal.speech import mark

# begin
BEGUN: Final = mark("{by} began its way back")
AGAIN: Final = mark("{by} began it anew")
ISOLATED: Final = mark("its isolation is proven")
ISOLATED_ACCEPTED: Final = mark("its isolation is not proven, and {by} accepts that until {until}")
VERIFIED: Final = mark("items 1 to 11 are answered with yes, or excepted")
OBSERVING: Final = mark("it is watched with raised sensitivity for {hours} h")
LISTED: Final = mark("watched long enough without an alarm, and signed by {by}")
OPEN: Final = mark("open for its listed flows for {hours} h without an alarm")
OPEN_WANTED: Final = mark("{by} opened it before its time with listed flows was over")
BACK: Final = mark("{by} cut it again")


@dataclass(frozen=True, slots=True)
class Reason:
    """One sentence of this module, and what is filled in."""

    sentence: str
    values: tuple[tuple[str, str], ...] = ()

    def text(self) -> str:
        """Return it in English, as it stands in an entry."""
        return self.sentence.format_map(dict(self.values))


def because(sentence: str, **values: object) -> Reason:
    """Return the reason with these values."""
    return Reason(sentence, tuple((name, str(value)) for name, value in values.items()))


@functools.cache
def sentences() -> tuple[str, ...]:
    """Return the closed list."""
    return tuple(value for name, value in globals().items() if name.isupper() and isinstance(value, str))


def read(text: str) -> Reason | None:
    """Return the reason that such a text is; None where it is none of ours."""
    for sentence, pattern in _patterns():
        if found := pattern.fullmatch(text):
            return Reason(sentence, tuple(found.groupdict().items()))
    return None


@functools.cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    made = []
    for sentence in sorted(sentences(), key=len, reverse=True):  # the more exact one first
        parts = re.split(r"\{(\w+)\}", sentence)
        exact = (re.escape(part) if number % 2 == 0 else f"(?P<{part}>.+?)" for number, part in enumerate(parts))
        made.append((sentence, re.compile("".join(exact), re.S)))
    return tuple(made)

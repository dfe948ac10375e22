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

# judging a restore point
POINT_AFTER: Final = mark("it was taken after the first hostile write")
POINT_WRITTEN_AFTER: Final = mark("it came into the store after the first hostile write, whatever time it names")
POINT_IN_FUTURE: Final = mark("it says that it was taken in the future")
POINT_HARM_UNKNOWN: Final = mark("nobody has said yet when the first hostile write was")
POINT_CATALOGUE: Final = mark("its catalogue is damaged")
POINT_UNCHECKED: Final = mark("its catalogue was not checked")
POINT_NOT_BROUGHT: Final = mark("{failed} of {looked} files that its catalogue names cannot be brought")
POINT_UNREADABLE: Final = mark("{unreadable} of {looked} files that were looked at cannot be read")
POINT_UNREADABLE_MORE: Final = mark(
    "{unreadable} of {looked} files that were looked at cannot be read; in the point before it {before} of {of}"
)
POINT_RANDOM: Final = mark("of {looked} files that changed since the point before it {unreadable} cannot be read")
POINT_JUMP: Final = mark("{changed} of {files} files are not as they were in the point before it; {usual} is usual")
POINT_SHRUNK: Final = mark("it holds {percent} % fewer bytes than the point before it")
POINT_GREW: Final = mark("it holds {percent} % more bytes than the point before it")
POINT_HITS: Final = mark("{hits} of {looked} files that were looked at match an indicator or a rule")
POINT_EMPTY: Final = mark("it holds no files")
POINT_NOT_LOOKED: Final = mark("no file of it was looked at")
POINT_FAULT: Final = mark("it could not be judged")


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

"""Matching a modality's question against items (PS3.4 C.2.2.2 as K.2.2 has it), and the answers.

Comes in: the question's data set, an item's. Goes out: whether it matches; an answer with the keys that were asked for
and no other; which keys nobody supports. Pure. The rules:

 1. A key of zero length matches everything, and asks for its value (universal matching, C.2.2.2.3).
 2. A value without wild cards matches what is equal, blanks around it aside; figures by their size (C.2.2.2.1).
 3. `*` stands for any signs, `?` for one, in words and codes, not in dates, times, figures and UIDs (C.2.2.2.4); a
    lone `*` matches everything in any of them.
 4. Names of people match without regard to case and accents; everything else as it is written (C.2.2.2.1, C.2.2.2.4).
 5. Of several values in a key one must match: so it is for UIDs (C.2.2.2.2), and here for every other key.
 6. Dates and times match ranges: from-, -to, from-to, ends included (C.2.2.2.5). Where both the step's date and its
    time are ranges, they are one range from the first day's time to the last day's (table K.6-1).
 7. A sequence in the question has one item at most; it matches where one item of the sequence matches all its keys, and
    an empty one asks for the whole sequence (C.2.2.2.6).
 8. What is not known (zero length) matches only rule 1 and `*` (K.2.2.1.1.1).
 9. A key that nobody supports is passed over, is not in the answer, and the answer says that (0xFF01, K.4.1.1.4).
10. A key that makes no sense (two items, a date that is none) is an error: nothing is answered in its place.
11. A step that is planned on no station may be done on any: it matches every AE title, and bears the one asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Final

from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.sequence import Sequence
from pydicom.tag import BaseTag, Tag

from garde.downtime.high_risk import fold

_WORDS: Final = frozenset(("AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT"))
_FIGURES: Final = frozenset(("US", "SS", "UL", "SL", "UV", "SV", "FL", "FD", "IS", "DS"))
_ALWAYS: Final = frozenset((Tag(0x0008, 0x0005), Tag(0x0008, 0x0201)))  # character set, zone: never matched (C.2.2.2)
_START_DATE, _START_TIME = Tag(0x0040, 0x0002), Tag(0x0040, 0x0003)
_STATION, _ANY_STATION = Tag(0x0040, 0x0001), "ANY"
_DATE = re.compile(r"(\d{4})\.?(\d{2})\.?(\d{2})")
_TIME = re.compile(r"(\d{2})(?::?(\d{2})(?::?(\d{2})(?:\.(\d{1,6}))?)?)?")
_DEEPEST: Final = 4  # sequences within sequences; the worklist has two
_MOST_KEYS: Final = 256  # of one question, on one level
_LONGEST: Final = 4096  # characters of one key


class BadKey(Exception):
    """A key of the question makes no sense; `tag` is its number."""

    def __init__(self, tag: BaseTag, why: str) -> None:
        super().__init__(why)
        self.tag, self.why = tag, why


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer. `whole` is False where keys were asked for that nobody supports."""

    data: Dataset
    whole: bool


def check_question(question: Dataset, level: int = 0) -> None:
    """Raise BadKey where a key makes no sense, whatever it would be matched with."""
    keys = list(question.keys())
    if len(keys) > _MOST_KEYS or level > _DEEPEST:
        raise BadKey(Tag(0), "too many keys")
    for key in _keys(question):
        if key.VR == "SQ":
            items = list(key.value or ())
            if len(items) > 1:
                raise BadKey(key.tag, "a sequence has one item")
            for item in items:
                check_question(item, level + 1)
        elif key.VR in ("DA", "TM") and _values(key) != ["*"]:
            for value in _values(key):
                _bounds(key, value)


def is_match(question: Dataset, item: Dataset) -> bool:
    """Say whether an item is one that the question asks for."""
    joined = _joined_range(question, item)
    keys = (key for key in _keys(question) if joined is None or key.tag not in (_START_DATE, _START_TIME))
    return joined is not False and all(_matches(key, item[key.tag]) for key in keys if key.tag in item)


def answer(question: Dataset, item: Dataset) -> Answer:
    """Return the values of the keys that were asked for."""
    data, whole = _asked(question, item)
    data.SpecificCharacterSet = item.SpecificCharacterSet
    return Answer(data, whole)


# --- one level of keys ------------------------------------------------------------------------------------------------


def _keys(question: Dataset) -> Iterator[DataElement]:
    """Yield the keys: not the lengths of groups, nor what says how the question is written."""
    for tag in tuple(question.keys()):
        if tag.element != 0 and tag not in _ALWAYS:
            yield question[tag]


def _asked(question: Dataset, item: Dataset) -> tuple[Dataset, bool]:
    found, whole = Dataset(), True
    for key in _keys(question):
        if key.tag not in item:
            whole = False
            continue
        own = item[key.tag]
        if own.VR == key.VR == "SQ" and key.value and len(key.value[0]):
            parts = [_asked(key.value[0], each) for each in own.value if is_match(key.value[0], each)]
            found.add(DataElement(own.tag, "SQ", Sequence([data for data, _ in parts])))
            whole = whole and all(each for _, each in parts)
        else:
            found.add(_stationed(key, own) if own.tag == _STATION else deepcopy(own))
    return found, whole


def _stationed(key: DataElement, own: DataElement) -> DataElement:
    """Return the station that is planned; where none is, the one that asks."""
    asked = next((each for each in _values(key) if not set(each) & {"*", "?"}), _ANY_STATION)
    return DataElement(own.tag, own.VR, _values(own) or asked)


def _matches(key: DataElement, own: DataElement) -> bool:
    if own.VR == "SQ" or key.VR == "SQ":
        return _matches_sequence(key, own)
    wanted, known = _values(key), _values(own)
    if not wanted or wanted == ["*"] or (own.tag == _STATION and not known):
        return True
    return any(_equal(own, value, each) for value in wanted for each in known)


def _matches_sequence(key: DataElement, own: DataElement) -> bool:
    if own.VR != key.VR:
        return not key.value  # another kind of thing: only "tell me" can match it
    if not key.value or not _wants(key.value[0]):
        return True
    return any(is_match(key.value[0], each) for each in own.value)


def _wants(question: Dataset) -> bool:
    """Whether any key in it is not of zero length."""
    return any(_wants(key.value[0]) if key.VR == "SQ" and key.value else bool(_values(key)) for key in _keys(question))


def _values(element: DataElement) -> list[str]:
    """Return the values as text; [] for zero length."""
    value: Any = element.value
    if value is None or element.VR == "SQ":
        return []
    many = value if isinstance(value, (list, tuple, MultiValue)) else [value]
    found = [str(each).strip(" \0")[:_LONGEST] for each in many if each is not None]
    return found if any(found) else []


# --- one value --------------------------------------------------------------------------------------------------------


def _equal(own: DataElement, wanted: str, known: str) -> bool:
    match own.VR:
        case "PN":
            return _like(_name(wanted), _name(known))
        case "DA" | "TM":
            low, high = _bounds(own, wanted)
            return low <= _point(own, known) <= high
        case figures if figures in _FIGURES:
            return _figure(wanted) == _figure(known)
        case words if words in _WORDS:
            return _like(wanted, known)
    return wanted == known


def _name(text: str) -> str:
    """Return a name for comparing: no case, no accents, no empty parts at its end."""
    return re.sub(r"\s*\^\s*", "^", fold(text)).rstrip("^= ")


def _figure(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def _like(pattern: str, text: str) -> bool:
    """Match wild cards in one pass: no pattern takes longer than its length times the text's."""
    at = after = star = 0
    while after < len(text):
        if at < len(pattern) and pattern[at] == "*":
            star, at, back = at + 1, at + 1, after
        elif at < len(pattern) and pattern[at] in ("?", text[after]):
            at, after = at + 1, after + 1
        elif star:
            back += 1
            at, after = star, back
        else:
            return False
    return not pattern[at:].strip("*")


# --- dates and times --------------------------------------------------------------------------------------------------


def _bounds(key: DataElement, value: str) -> tuple[str, str]:
    """Return the first and the last moment that match; BadKey where the value is none."""
    first, dash, last = value.partition("-")
    first, last = first.strip(), last.strip()
    if not dash:
        return _moment(key, first, last=False), _moment(key, first, last=True)
    if not first and not last:
        raise BadKey(key.tag, "a range has a beginning or an end")
    return _moment(key, first, last=False) if first else "", _moment(key, last, last=True) if last else "~"


def _moment(key: DataElement, value: str, *, last: bool) -> str:
    """Return a date as YYYYMMDD, a time as HHMMSS.ffffff, filled up to its first or last moment."""
    found = (_DATE if key.VR == "DA" else _TIME).fullmatch(value)
    if found is None:
        raise BadKey(key.tag, "it is no date" if key.VR == "DA" else "it is no time")
    if key.VR == "DA":
        return "".join(found.groups())
    hours, minutes, seconds, part = found.groups()
    filler = ("59", "59", "9") if last else ("00", "00", "0")
    return f"{hours}{minutes or filler[0]}{seconds or filler[1]}.{(part or '').ljust(6, filler[2])}"


def _point(own: DataElement, value: str) -> str:
    return _moment(own, value, last=False)


def _joined_range(question: Dataset, item: Dataset) -> bool | None:
    """Return whether the step's start lies in the range that date and time make together; None where they do not."""
    if not all(tag in question and tag in item for tag in (_START_DATE, _START_TIME)):
        return None
    dates, times = _values(question[_START_DATE]), _values(question[_START_TIME])
    if len(dates) != 1 or len(times) != 1 or "-" not in dates[0] or "-" not in times[0]:
        return None
    (first_day, last_day), (first, last) = _bounds(item[_START_DATE], dates[0]), _bounds(item[_START_TIME], times[0])
    start = "".join(_point(item[tag], _values(item[tag])[0]) for tag in (_START_DATE, _START_TIME))
    low = first_day + (first or "000000") if first_day else ""
    high = last_day + last if last_day != "~" else "~"
    return low <= start <= high

"""MISP events as JSON: one, a list of them, or the answer of a search.

Comes in: JSON bytes of a neighbour. Goes out: what was found, of attributes that are meant for detection, in the event
and in its objects.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from garde.model.watchlist import Sort
from garde.sharing.in_.found import EXPRESSION, NOT_TO_WATCH, NOT_WATCHED, TOO_MANY, UNREADABLE, Found

MOST_ATTRIBUTES: Final = 1_000_000
_TYPES: Final = {
    "sha256": Sort.SHA256,
    "filename": Sort.FILE_NAME,
    "ip-src": Sort.ADDRESS,
    "ip-dst": Sort.ADDRESS,
    "filename-pattern": Sort.ENDING,
    "target-user": Sort.USER,
    "github-username": None,
}
_WORDS: Final = ("comment", "text", "link", "other", "datetime", "size-in-bytes", "mime-type")  # for people


class _Tag(msgspec.Struct):
    name: str = ""


class _Attribute(msgspec.Struct):
    type: str = ""
    value: str = ""
    to_ids: bool = False
    deleted: bool = False
    comment: str | None = None


class _Object(msgspec.Struct):
    Attribute: list[msgspec.Raw] = []


class _Event(msgspec.Struct):
    Attribute: list[msgspec.Raw] = []
    Object: list[_Object] = []
    Tag: list[_Tag] = []


class _Holder(msgspec.Struct):
    Event: _Event


class _Answer(msgspec.Struct):
    response: list[_Holder]


_attribute = msgspec.json.Decoder(_Attribute)
_whole: Final[tuple[msgspec.json.Decoder[Any], ...]] = (
    msgspec.json.Decoder(_Holder), msgspec.json.Decoder(_Answer), msgspec.json.Decoder(list[_Holder]),
)  # fmt: skip


def read(raw: bytes, found: Found) -> None:
    """Read events. Raises msgspec.DecodeError, RecursionError where there are none."""
    left = MOST_ATTRIBUTES
    for event in _events(raw):
        for tag in event.Tag:
            if tag.name.lower().startswith("tlp:"):
                found.mark(tag.name)
        for each in (*event.Attribute, *(one for part in event.Object for one in part.Attribute)):
            left -= 1
            if left < 0:
                found.refuse(TOO_MANY)
                continue
            try:
                _read(_attribute.decode(each), found)
            except (msgspec.DecodeError, RecursionError):
                found.refuse(UNREADABLE)


def _events(raw: bytes) -> list[_Event]:
    for decoder in _whole[:-1]:
        try:
            whole = decoder.decode(raw)
        except msgspec.ValidationError:
            continue
        return [whole.Event] if isinstance(whole, _Holder) else [each.Event for each in whole.response]
    return [each.Event for each in _whole[-1].decode(raw)]


def _read(each: _Attribute, found: Found) -> None:
    comment = each.comment or ""
    if each.deleted or (each.type in _WORDS and not comment.startswith(f"{Sort.USER},")):
        return
    if each.type in _WORDS:
        found.add(Sort.USER, each.value)  # as `out/misp.py` writes it: MISP has no type for an account
    elif not each.to_ids:
        found.refuse(NOT_TO_WATCH)
    else:
        first, *rest = zip(each.type.split("|"), each.value.split("|"), strict=False)
        for kind, value in (first, *(pair for pair in rest if pair[0] != "port")):
            _value(kind, value, comment, found)


def _value(kind: str, value: str, comment: str, found: Found) -> None:
    sort = _TYPES.get(kind)
    if sort is None:
        found.refuse(NOT_WATCHED)
    elif sort is Sort.ENDING or (sort is Sort.FILE_NAME and value.startswith("*.")):
        if value.startswith("*.") and not set(value[1:]) & set("*?[]"):
            found.add(Sort.ENDING, value[1:])
        else:
            found.refuse(EXPRESSION)
    elif sort is Sort.FILE_NAME and comment.startswith(Sort.NOTE_NAME):
        found.add(Sort.NOTE_NAME, value)
    else:
        found.add(sort, value)

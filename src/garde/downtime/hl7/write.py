"""HL7 v2.5 messages, written: escaping, times, segments.

Comes in: values of any kind, hostile ones among them. Goes out: the text of a message, for UTF-8 (MSH-18 says so). No
value can end a field, a segment or a frame, or delete one in the record: separators are escaped, line ends become
`\\.br\\`, other control characters `\\Xnn\\`. It knows the form of messages, not what they mean.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

_MARKS = {"\\": "\\E\\", "|": "\\F\\", "^": "\\S\\", "&": "\\T\\", "~": "\\R\\"}
_LINE = re.compile(r"\r\n|\r|\n")
_SPECIAL = re.compile(r"[\\|^&~\x00-\x1f\x7f-\x9f\ud800-\udfff]")
Field = str | Sequence[str] | None


def escaped(text: str) -> str:
    """Return a value that can stand in a component."""
    if text == '""':  # in HL7 that means: delete what is there
        return "\\X22\\\\X22\\"
    return "\\.br\\".join(_SPECIAL.sub(_escape, line) for line in _LINE.split(text))


def _escape(found: re.Match[str]) -> str:
    sign = found[0]
    if sign in _MARKS:
        return _MARKS[sign]
    # A byte that was no UTF-8 travels as a lone surrogate: it has no place in the message.
    return f"\\X{ord(sign):02X}\\" if ord(sign) < 0xA0 else "?"


def segment(name: str, *fields: Field) -> str:
    """Return one segment. A field is a value, or its components; None and "" are empty."""
    return "|".join([name, *(_field(each) for each in fields)]).rstrip("|")


def _field(value: Field) -> str:
    if value is None:
        return ""
    parts = [value] if isinstance(value, str) else list(value)
    return "^".join(escaped(part) for part in parts).rstrip("^")


def header(kind: str, control: str, parties: Sequence[str], at: str) -> str:
    """Return MSH. `kind`: ADT^A40^ADT_A39; `parties`: our application and facility, theirs."""
    ours, our_facility, theirs, their_facility = parties
    rest = segment(
        "", ours, our_facility, theirs, their_facility, at, "", kind.split("^"), control, "P", "2.5",
        "", "", "", "", "", "UNICODE UTF-8",
    )  # fmt: skip
    return f"MSH|^~\\&{rest}"


def message(*segments: str) -> str:
    """Return the whole message; empty segments are left out."""
    return "".join(f"{each}\r" for each in segments if each)


def moment(at: float, zone: ZoneInfo) -> str:
    """Return a time with its offset, to the second: 20260311041000+0100."""
    return datetime.fromtimestamp(at, zone).strftime("%Y%m%d%H%M%S%z")

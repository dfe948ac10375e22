"""What is answered to a message: AA, AE or AR.

Comes in: the raw message and what became of it. Goes out: the bytes of an acknowledgement. Here AA means: it lies
safely on the disk, whatever is in it; AE, it lies there too, but it is no message, so a person has to look; AR, it was
not taken (no room, too large): the sender must keep it. The answer is made of the raw bytes alone, so that it does not
wait for any understanding.
"""

from __future__ import annotations

import re
from enum import Enum

from garde.downtime.hl7.message import Message, Unreadable, parse

_SAFE = re.compile(r"[^ -~]|[|^~\\&]")
_HEAD = 8192  # bytes of a message that are looked at: a header is not longer


class Answer(Enum):
    """HL7 table 0008, original mode."""

    ACCEPTED = "AA"
    ERROR = "AE"
    REJECTED = "AR"


def assess(raw: bytes) -> Answer:
    """Return what is answered once these bytes are safe: whether a header can be read in them at all."""
    return Answer.ERROR if _header(raw) is None else Answer.ACCEPTED


def _header(raw: bytes) -> Message | None:
    ends = (raw.find(mark, 4, _HEAD) for mark in (b"\r", b"\n"))
    try:
        return parse(raw[: min((each for each in ends if each > 0), default=_HEAD)])
    except Unreadable:
        return None


def acknowledge(raw: bytes, answer: Answer, text: str, at: str) -> bytes:
    """Return the acknowledgement for this message. `at` is its time, as HL7 writes it."""
    message = _header(raw)
    if message:
        header, separator = message.header, message.marks.field
        sender, receiver = [header.raw(3), header.raw(4)], [header.raw(5), header.raw(6)]
        event, control = message.kind.partition("^")[2], header.raw(10)
        version, processing = header.get(12) or "2.5", header.raw(11) or "P"
        head = ["MSH", header.raw(2)]
    else:
        sender, receiver, event, control = ["", ""], ["", ""], "", ""
        separator, version, processing, head = "|", "2.5", "P", ["MSH", "^~\\&"]
    component = head[1][:1] or "^"
    own = control or "0"
    line = separator.join(
        [*head, *receiver, *sender, at, "", f"ACK{component}{event}" if event else "ACK", own, processing, version]
    )
    words = _SAFE.sub(" ", text)[:80].strip()
    body = separator.join(["MSA", answer.value, control, *([words] if words else [])])
    return f"{line}\r{body}\r".encode("utf-8", "replace")

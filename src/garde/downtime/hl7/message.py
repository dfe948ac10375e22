"""One HL7 v2 message, taken apart as far as somebody asks.

Comes in: bytes. Goes out: `Message`; or `Unreadable` with one of few reasons, so that what could not be read can be
counted. Fields are numbered as in the standard: `segment.get(3, 1)` is the first component of field 3. What is not
there is "". Segments that nobody asks for (Z segments, new versions) are carried and harm nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from garde.downtime.hl7.charsets import decode

DELETE = '""'  # the value is to be deleted; it is not the same as saying nothing
_NAME = re.compile(r"[A-Z][A-Z0-9]{2}")
_LINE_ENDS = re.compile(r"\r\n|\n")
_PLAIN = {"H": "", "N": "", ".br": "\n", ".sp": "\n", ".fi": "", ".nf": "", ".ce": "\n"}


class Unreadable(Exception):
    """These bytes are no message. `reason` is one of few words, to count by."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Delimiters:
    """MSH-1 and MSH-2."""

    field: str = "|"
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    part: str = "&"

    def unescaped(self, text: str) -> str:
        """Return the value as it was meant. An escape that is not known stays as it stands."""
        return _unescape(text, self) if self.escape and self.escape in text else text


def _unescape(text: str, marks: Delimiters) -> str:
    named = {"F": marks.field, "S": marks.component, "T": marks.part, "R": marks.repetition, "E": marks.escape}
    parts = text.split(marks.escape)
    out, index = [parts[0]], 1
    while index < len(parts):
        word = parts[index]
        known = _meaning(word, named) if index + 1 < len(parts) else None
        if known is None:
            out.append(marks.escape + word)
            index += 1
        else:
            out += [known, parts[index + 1]]
            index += 2
    return "".join(out)


def _meaning(word: str, named: dict[str, str]) -> str | None:
    if word in named:
        return named[word]
    if word in _PLAIN:
        return _PLAIN[word]
    if word[:1] == "X" and len(word) % 2 == 1 and len(word) > 1:
        try:
            return bytes.fromhex(word[1:]).decode("latin-1")
        except ValueError:
            return None
    return None


@dataclass(frozen=True, slots=True)
class Segment:
    """One line: its name and its raw fields; `fields[0]` is the name itself."""

    name: str
    fields: tuple[str, ...]
    marks: Delimiters = field(repr=False, compare=False, default_factory=Delimiters)

    def raw(self, number: int) -> str:
        """Return the field as it came; "" where there is none."""
        return self.fields[number] if number < len(self.fields) else ""

    def get(self, number: int, component: int = 1, part: int = 1) -> str:
        """Return one value of the field's first repetition, unescaped and stripped; "" for none and for `""`."""
        text = self.raw(number)
        return pick(text.split(self.marks.repetition, 1)[0], self.marks, component, part) if text else ""

    def repetitions(self, number: int) -> list[str]:
        """Return the field's repetitions, raw, without the empty ones."""
        text = self.raw(number)
        return [each for each in text.split(self.marks.repetition) if each] if text else []

    def text(self, number: int) -> str:
        """Return the whole field as words for people: components joined by spaces, repetitions by lines."""
        lines = (
            " ".join(filter(None, (self.marks.unescaped(each).strip() for each in found.split(self.marks.component))))
            for found in self.repetitions(number)
        )
        return "\n".join(line for line in lines if line and line != DELETE)

    def deletes(self, number: int) -> bool:
        """Return whether the field says that its value is to be deleted."""
        return self.raw(number) == DELETE


def pick(text: str, marks: Delimiters, component: int = 1, part: int = 1) -> str:
    """Return one component of a raw repetition, unescaped and stripped; "" for none and for `""`."""
    if marks.component in text:
        parts = text.split(marks.component, component)
        text = parts[component - 1] if component <= len(parts) else ""
    elif component > 1:
        return ""
    if marks.part and marks.part in text:
        parts = text.split(marks.part, part)
        text = parts[part - 1] if part <= len(parts) else ""
    elif part > 1:
        return ""
    text = marks.unescaped(text).strip()
    return "" if text == DELETE else text


@dataclass(frozen=True, slots=True)
class Message:
    """A message: its segments in order, and the doubts that were left when its bytes were read."""

    segments: tuple[Segment, ...]
    marks: Delimiters
    doubts: tuple[str, ...] = ()

    @property
    def header(self) -> Segment:
        return self.segments[0]

    @property
    def kind(self) -> str:
        """Type and event, `ADT^A01`; of a type alone (v2.1) the event is sought in EVN-1."""
        code, event = self.header.get(9), self.header.get(9, 2)
        return f"{code}^{event or self.get('EVN', 1)}".rstrip("^")

    @property
    def sender(self) -> str:
        """Who sent it: application and facility."""
        return "/".join(filter(None, (self.header.get(3), self.header.get(4))))

    @property
    def control(self) -> str:
        return self.header.get(10)

    def all(self, name: str) -> Iterator[Segment]:
        return (segment for segment in self.segments if segment.name == name)

    def first(self, name: str) -> Segment | None:
        return next(self.all(name), None)

    def get(self, name: str, number: int, component: int = 1) -> str:
        found = self.first(name)
        return found.get(number, component) if found else ""

    def groups(self, name: str) -> list[list[Segment]]:
        """Return the stretches that begin with that segment, each up to the next such one."""
        found: list[list[Segment]] = []
        for segment in self.segments:
            if segment.name == name:
                found.append([])
            if found:
                found[-1].append(segment)
        return found


def parse(raw: bytes, default_charset: str = "utf-8") -> Message:
    """Take the bytes apart; raises Unreadable."""
    data = raw.strip(b"\r\n \t\x00\x0b\x1c")
    if data[:3] == b"\xef\xbb\xbf":  # a byte order mark before MSH
        data = data[3:]
    if not data:
        raise Unreadable("empty")
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        text, doubt = decode(data, "UNICODE UTF-16")
        text = text.lstrip("\ufeff")
    else:
        text, doubt = decode(data, _label(data), default_charset)
    if text[:3] in ("FHS", "BHS"):
        raise Unreadable("batch", "a file of several messages, not a message")
    if text[:3] != "MSH":
        raise Unreadable("no MSH", "it does not begin with MSH")
    marks = _delimiters(text)
    lines = _LINE_ENDS.sub("\r", text).split("\r")
    segments = [found for line in lines if line.strip() and (found := _segment(line, marks)) is not None]
    lost = sum(1 for line in lines if line.strip()) - len(segments)
    doubts = (*([doubt] if doubt else ()), *([f"{lost} lines are no segments"] if lost else ()))
    if not segments[0].get(9):
        raise Unreadable("no type", "MSH-9 is empty")
    return Message(tuple(segments), marks, doubts)


def _label(data: bytes) -> str:
    """MSH-18 stands in bytes that are ASCII in every character set but UTF-16."""
    line = re.split(rb"[\r\n]", data, maxsplit=1)[0]
    fields = line.split(line[3:4]) if len(line) > 3 else []
    return re.split(rb"[~^]", fields[17])[0].decode("ascii", "replace") if len(fields) > 17 else ""


def _delimiters(text: str) -> Delimiters:
    mark = text[3:4]
    others = text[4:].split(mark, 1)[0].split("\r", 1)[0] if mark else ""
    found = mark + others[:4]
    if not mark or len(others) < 1 or len(set(found)) != len(found) or any(each.isalnum() for each in found):
        raise Unreadable("delimiters", "MSH-1 and MSH-2 name no separators")
    return Delimiters(mark, *(others[:4].ljust(4, "\0")[index].strip("\0") or "" for index in range(4)))


def _segment(line: str, marks: Delimiters) -> Segment | None:
    if not _NAME.fullmatch(line[:3]) or (len(line) > 3 and line[3] != marks.field):
        return None
    fields = line.split(marks.field)
    if fields[0] == "MSH":
        fields = ["MSH", marks.field, *fields[1:]]  # MSH-1 is the separator itself
    return Segment(fields[0], tuple(fields), marks)

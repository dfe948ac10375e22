"""A small client of the Internet Printing Protocol (RFC 8010, 8011): what a page on a printer takes, and no more.

Comes in: a printer's address, a document. Goes out: its attributes, its jobs and how one of them stands, a printed job;
the queues of a CUPS server. HTTP by the standard library. Answers are read with an end and parsed as hostile bytes:
`IppError` (an OSError) for whatever is none.
"""

from __future__ import annotations

import http.client
import ssl
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

PORT: Final = 631
LONGEST: Final = 1 << 20  # bytes of an answer
GET_ATTRIBUTES, PRINT_JOB, GET_JOBS, GET_JOB, CUPS_GET_PRINTERS = 0x000B, 0x0002, 0x000A, 0x0009, 0x4002
_OPERATION, _JOB, _END, _PRINTER = 0x01, 0x02, 0x03, 0x04
_INTEGER, _BOOLEAN, _RANGE = 0x21, 0x22, 0x33
_ENUM, _CHARSET, _LANGUAGE, _URI, _NAME, _MIME, _KEYWORD = 0x23, 0x47, 0x48, 0x45, 0x42, 0x49, 0x44
_BUSY: Final = 0x0507
_OK: Final = 0x00FF  # the last of the successful ones

Value = int | str
Attributes = dict[str, list[Value]]


class IppError(OSError):
    """The printer said no, or something that is no IPP."""


class PrinterRefused(IppError):
    """It said no, in so many words: whatever it was asked was not done."""


class PrinterBusy(PrinterRefused):
    """It prints another job, and takes one at a time."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """How a job is to be printed. A printer passes over what it does not know: look at its attributes first."""

    copies: int = 1
    pages: tuple[tuple[int, int], ...] = ()  # from, to; both from 1, in rising order; none: all
    keywords: Mapping[str, str] = field(default_factory=dict)  # sides, media, print-color-mode


@dataclass(frozen=True, slots=True)
class JobNote:
    """How a job stands."""

    state: int  # 3 pending, 4 held, 5 processing, 6 stopped, 7 cancelled, 8 aborted, 9 completed
    reasons: tuple[str, ...]
    impressions: int | None  # sides that came out, where the printer counts


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: status, and the groups with their attributes in order."""

    status: int
    groups: list[tuple[int, Attributes]] = field(default_factory=list)

    def jobs(self) -> Iterator[Attributes]:
        """Return the job groups."""
        return (group for tag, group in self.groups if tag == _JOB)

    def printers(self) -> Iterator[Attributes]:
        """Return the printer groups."""
        return (group for tag, group in self.groups if tag == _PRINTER)

    def first(self, name: str) -> list[Value]:
        """Return the values of an attribute wherever it stands."""
        return next((group[name] for _, group in self.groups if name in group), [])


class Printer:
    """One printer, `ipp://HOST[:PORT]/ipp/print` or `ipps://…`. One thread at a time."""

    def __init__(self, uri: str, timeout: float, ca: str = "") -> None:
        parts = urlsplit(uri)
        if parts.scheme not in ("ipp", "ipps") or not parts.hostname:
            raise ValueError(f"{uri!r} is no address of a printer: write ipp://HOST/ipp/print")
        self._uri, self._host, self._port = uri, parts.hostname, parts.port or PORT
        self._path, self._timeout = parts.path or "/ipp/print", timeout
        self._tls = ssl.create_default_context(cafile=ca or None) if parts.scheme == "ipps" else None

    def attributes(self, names: Sequence[str]) -> Answer:
        """Return attributes of the printer."""
        return self._ask(GET_ATTRIBUTES, [_many(_KEYWORD, "requested-attributes", names)])

    def jobs(self, which: str) -> list[str]:
        """Return the names of its jobs: which is `completed` or `not-completed`."""
        asked = [_one(_KEYWORD, "which-jobs", which), _many(_KEYWORD, "requested-attributes", ["job-name"])]
        return [str(value) for job in self._ask(GET_JOBS, asked).jobs() for value in job.get("job-name", [])]

    def job(self, number: int) -> JobNote:
        """Return how a job stands."""
        names = ["job-state", "job-state-reasons", "job-impressions-completed"]
        answer = self._ask(GET_JOB, [_many(_KEYWORD, "requested-attributes", names)], job=number)
        state, done = answer.first("job-state"), answer.first("job-impressions-completed")
        if not state or not isinstance(state[0], int):
            raise IppError("the printer does not say how the job stands")
        reasons = tuple(str(each) for each in answer.first("job-state-reasons") if each != "none")
        return JobNote(state[0], reasons, done[0] if done and isinstance(done[0], int) else None)

    def print(self, name: str, document: bytes, mime: str, ticket: Ticket | None = None) -> int:
        """Print a document; returns the job's number."""
        words = [_one(_NAME, "job-name", name), _one(_MIME, "document-format", mime)]
        if ticket is not None and (asked := _asked(ticket)):
            words.append(bytes([_JOB]) + asked)
        found = self._ask(PRINT_JOB, words, document).first("job-id")
        return found[0] if found and isinstance(found[0], int) else 0

    def queues(self) -> list[Attributes]:
        """Return what a CUPS server at this address says of each of its printers."""
        names = ["printer-name", "printer-info", "printer-uri-supported"]
        return list(self._ask(CUPS_GET_PRINTERS, [_many(_KEYWORD, "requested-attributes", names)]).printers())

    def _ask(self, operation: int, attributes: Sequence[bytes], document: bytes = b"", job: int = 0) -> Answer:
        head = struct.pack(">BBHI", 2, 0, operation, 1)
        group = bytes([_OPERATION]) + _one(_CHARSET, "attributes-charset", "utf-8")
        group += _one(_LANGUAGE, "attributes-natural-language", "en") + _one(_URI, "printer-uri", self._uri)
        group += _number(_INTEGER, "job-id", job) if job else b""  # right after the address: RFC 8011, 4.1.5
        group += _one(_NAME, "requesting-user-name", "garde")
        answer = parse(self._post(head + group + b"".join(attributes) + bytes([_END]) + document))
        if answer.status > _OK:
            words = answer.first("status-message")
            kind = PrinterBusy if answer.status == _BUSY else PrinterRefused
            raise kind(f"the printer refused (0x{answer.status:04x}{': ' + str(words[0])[:100] if words else ''})")
        return answer

    def _post(self, body: bytes) -> bytes:
        connection = (
            http.client.HTTPSConnection(self._host, self._port, timeout=self._timeout, context=self._tls)
            if self._tls
            else http.client.HTTPConnection(self._host, self._port, timeout=self._timeout)
        )
        try:
            connection.request("POST", self._path, body, {"Content-Type": "application/ipp"})
            answer = connection.getresponse()
            raw = answer.read(LONGEST + 1)
        except http.client.HTTPException as error:
            raise IppError(f"what answers is no printer: {type(error).__name__}") from error
        finally:
            connection.close()
        if answer.status != http.client.OK:
            raise PrinterRefused(f"the printer answers with HTTP status {answer.status}")
        if len(raw) > LONGEST:
            raise IppError("the printer's answer is too long")
        return raw


def parse(raw: bytes) -> Answer:
    """Read an answer; raises IppError on whatever is none."""
    try:
        _, _, status, _ = struct.unpack_from(">BBHI", raw)
        return Answer(status, list(_groups(raw, 8)))
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise IppError(f"the printer's answer cannot be read: {type(error).__name__}") from error


def _groups(raw: bytes, at: int) -> Iterator[tuple[int, Attributes]]:
    group: tuple[int, Attributes] | None = None
    name = ""
    while raw[at] != _END:
        tag = raw[at]
        at += 1
        if tag < 0x10:  # a delimiter begins a group
            if group is not None:
                yield group
            group, name = (tag, {}), ""
            continue
        named, at = _chunk(raw, at)
        value, at = _chunk(raw, at)
        name = named.decode("utf-8") or name  # a further value of the same attribute has no name
        if group is not None and name:
            group[1].setdefault(name, []).append(_value(tag, value))
    if group is not None:
        yield group


def _chunk(raw: bytes, at: int) -> tuple[bytes, int]:
    (length,) = struct.unpack_from(">H", raw, at)
    end = at + 2 + length
    if end > len(raw):
        raise IndexError
    return raw[at + 2 : end], end


def _value(tag: int, raw: bytes) -> Value:
    if tag in (_INTEGER, _ENUM) and len(raw) == 4:
        return int.from_bytes(raw, signed=True)
    if tag == _BOOLEAN and len(raw) == 1:
        return int(raw != b"\0")
    if tag == _RANGE and len(raw) == 8:
        return f"{int.from_bytes(raw[:4], signed=True)}-{int.from_bytes(raw[4:], signed=True)}"
    return raw.decode("utf-8", "replace")


def _asked(ticket: Ticket) -> bytes:
    """Return the job's own attributes; b"" where nothing differs from the printer's habit."""
    out = _number(_INTEGER, "copies", ticket.copies) if ticket.copies != 1 else b""
    out += b"".join(_one(_KEYWORD, name, value) for name, value in sorted(ticket.keywords.items()))
    for number, (first, last) in enumerate(ticket.pages):
        out += _raw(_RANGE, "page-ranges" if number == 0 else "", struct.pack(">ii", first, last))
    return out


def _number(tag: int, name: str, value: int) -> bytes:
    return _raw(tag, name, struct.pack(">i", value))


def _raw(tag: int, name: str, raw: bytes) -> bytes:
    key = name.encode()
    return struct.pack(">BH", tag, len(key)) + key + struct.pack(">H", len(raw)) + raw


def _one(tag: int, name: str, value: str) -> bytes:
    return _raw(tag, name, value.encode()[:1023])


def _many(tag: int, name: str, values: Sequence[str]) -> bytes:
    return b"".join(_one(tag, name if number == 0 else "", value) for number, value in enumerate(values))

"""One datagram of an exporter: what it holds.

Comes in: the bytes. Goes out: `Datagram`: version, numbers, records, data sets whose template has not come yet. A
datagram that can't be read raises ValueError; a set that can't be read is left aside and counted. Every length is
checked against the datagram's own; nothing is believed that it says of itself.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from garde.forensics.egress.netflow.sequence import Count
from garde.forensics.egress.netflow.templates import (
    Record,
    Sent,
    Template,
    read_options,
    read_templates,
    uptime_ago,
)

_HEADER5: Final = struct.Struct(">HHIIIIBBH")
_HEADER9: Final = struct.Struct(">HHIIII")
_HEADER10: Final = struct.Struct(">HHIII")
_RECORD5: Final = struct.Struct(">4s4s8xIIIIHHxxB9x")
_SET: Final = struct.Struct(">HH")
_TEMPLATES: Final = {9: (0, 1), 10: (2, 3)}  # version -> ids of template and options template sets
MOST_TEMPLATES: Final = 1024  # of one domain
PATIENT: Final = 200  # data sets that wait for their template, of one domain

assert _RECORD5.size == 48


@dataclass(slots=True)
class Waiting:
    """A data set whose template has not come yet."""

    template: int
    data: bytes
    sent: Sent
    at: float  # when it came


@dataclass(slots=True)
class Domain:
    """What an exporter has said of how it is to be read, in one of its domains."""

    templates: dict[int, Template] = field(default_factory=dict)
    waiting: list[Waiting] = field(default_factory=list)
    sampling: int = 1
    left_out: int = 0  # data sets that were never read


@dataclass(slots=True)
class Datagram:
    """What one datagram says."""

    version: int
    number: int  # of its sequence
    sent: Sent
    records: list[Record] = field(default_factory=list)
    late: list[tuple[float, list[Record]]] = field(default_factory=list)  # of sets that had waited: when they came
    units: int = 0  # records and options in it; -1: not known, a template is missing
    unread: int = 0  # sets that can't be read
    sampling: int = 1

    @property
    def count(self) -> Count:
        """What it holds, for counting what is missing."""
        return Count(self.units, len(self.records) if self.units >= 0 else -1)


@dataclass(frozen=True, slots=True)
class Head:
    """A datagram's head: enough to know whose it is."""

    version: int
    count: int
    number: int
    sent: Sent
    domain: int
    length: int
    sampling: int


def read_head(data: bytes) -> Head:
    """Read the head; ValueError for what is no NetFlow 5, NetFlow 9 or IPFIX."""
    version = int.from_bytes(data[:2], "big") if len(data) >= 2 else 0
    try:
        if version == 5:
            _, count, up, seconds, nano, number, kind, engine, sampling = _HEADER5.unpack_from(data)
            sent = Sent(up, seconds + nano / 1e9)
            return Head(5, count, number, sent, kind << 8 | engine, _HEADER5.size, max(1, sampling & 0x3FFF))
        if version == 9:
            _, count, up, seconds, number, domain = _HEADER9.unpack_from(data)
            return Head(9, count, number, Sent(up, float(seconds)), domain, _HEADER9.size, 1)
        if version == 10:
            _, length, seconds, number, domain = _HEADER10.unpack_from(data)
            if length != len(data):
                raise ValueError(f"it says {length} bytes and has {len(data)}")
            return Head(10, 0, number, Sent(0, float(seconds)), domain, _HEADER10.size, 1)
    except struct.error as error:
        raise ValueError("its head is cut off") from error
    raise ValueError(f"no version {version}")


def read(data: bytes, head: Head, domain: Domain, at: float) -> Datagram:
    """Read a whole datagram that came at `at`; what it says of templates is kept in `domain`."""
    found = Datagram(head.version, head.number, head.sent)
    if head.version == 5:
        _read5(data, head, found)
    else:
        _read_sets(memoryview(data)[head.length :], domain, found, at)
        found.sampling = domain.sampling
    return found


def _read5(data: bytes, head: Head, found: Datagram) -> None:
    body = memoryview(data)[head.length :]
    if len(body) != head.count * _RECORD5.size:
        raise ValueError(f"it says {head.count} records and has {len(body)} bytes of them")
    found.units, found.sampling, sent = head.count, head.sampling, head.sent
    for source, target, packets, size, first, last, source_port, target_port, protocol in _RECORD5.iter_unpack(body):
        ended = uptime_ago(sent, last)
        began = max(uptime_ago(sent, first), ended)
        found.records.append(
            Record(source, target, source_port, target_port, protocol, size, -1, packets, 0, began, ended)
        )


def _read_sets(body: memoryview, domain: Domain, found: Datagram, at: float) -> None:
    position = 0
    while len(body) - position >= _SET.size:
        number, length = _SET.unpack_from(body, position)
        if length < _SET.size or position + length > len(body):
            raise ValueError("a set reaches beyond its datagram")
        content = body[position + _SET.size : position + length]
        position += length
        try:
            _read_set(number, content, domain, found, at)
        except ValueError:
            found.unread += 1
            found.units = -1


def _read_set(number: int, content: memoryview, domain: Domain, found: Datagram, at: float) -> None:
    ipfix = found.version == 10
    templates, options = _TEMPLATES[found.version]
    if number == templates:
        _learn(read_templates(content, ipfix=ipfix), domain, found)
    elif number == options:
        _learn(read_options(content, ipfix=ipfix), domain, found)
    elif number >= 256:
        template = domain.templates.get(number)
        if template is None:
            _wait(Waiting(number, bytes(content), found.sent, at), domain, found)
            return
        rows, records = _data(template, content, domain, found.sent)
        found.units += rows if found.units >= 0 else 0
        found.records += records


def _data(template: Template, content: memoryview, domain: Domain, sent: Sent) -> tuple[int, list[Record]]:
    rows = template.rows(content)
    if template.flows:
        return len(rows), list(template.records(rows, sent))
    for row in rows:
        domain.sampling = template.sampling(row) or domain.sampling
    return len(rows), []


def _wait(waiting: Waiting, domain: Domain, found: Datagram) -> None:
    found.units = -1
    domain.waiting.append(waiting)
    if len(domain.waiting) > PATIENT:
        domain.waiting.pop(0)
        domain.left_out += 1


def _learn(templates: Iterable[tuple[int, Template | None]], domain: Domain, found: Datagram) -> None:
    """Take templates over, and read what has waited for them."""
    for number, template in templates:
        if template is None:
            domain.templates.pop(number, None)
            continue
        if number not in domain.templates and len(domain.templates) >= MOST_TEMPLATES:
            raise ValueError("too many templates")
        domain.templates[number] = template
        due = [each for each in domain.waiting if each.template == number]
        domain.waiting = [each for each in domain.waiting if each.template != number]
        for each in due:
            found.late.append((each.at, _data(template, memoryview(each.data), domain, each.sent)[1]))

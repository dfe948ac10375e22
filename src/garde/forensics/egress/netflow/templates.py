"""The templates of NetFlow 9 and IPFIX: how the records of a data set are to be read.

Comes in: the bytes of a template set. Goes out: `Template`: from the bytes of a data set to `Record`s. Only the fields
that this needs are read; a template whose records cannot be a flow gives none. What is malformed raises ValueError.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

VARIABLE: Final = 65535
MOST_FIELDS: Final = 256  # of one template; the largest in use have some fifty
REVERSE: Final = 29305  # RFC 5103: the same field of the answers
# Information elements (RFC 7012; NetFlow 9 has the same numbers) -> what it is for us.
_FIELDS: Final[dict[int, str]] = {
    8: "source", 27: "source6", 12: "target", 28: "target6", 7: "source_port", 11: "target_port", 4: "protocol",
    1: "bytes", 85: "bytes_total", 231: "bytes", 232: "back",
    2: "packets", 86: "packets_total", 298: "packets", 299: "back_packets",
    22: "first_up", 21: "last_up", 150: "first_s", 151: "last_s", 152: "first_ms", 153: "last_ms",
    154: "first_ntp", 155: "last_ntp", 156: "first_ntp", 157: "last_ntp", 158: "first_ago", 159: "last_ago",
    34: "sampling", 50: "sampling", 305: "sampled", 306: "skipped",
}  # fmt: skip
_REVERSED: Final = {1: "back", 85: "back", 2: "back_packets", 86: "back_packets"}
_CODES: Final = {1: "B", 2: "H", 4: "I", 8: "Q"}
_ADDRESSES: Final = {"source": 4, "target": 4, "source6": 16, "target6": 16}


class Record(NamedTuple):
    """One record, as the exporter sent it. Times are seconds before the datagram was sent."""

    source: bytes
    target: bytes
    source_port: int
    target_port: int
    protocol: int
    bytes: int
    back: int  # of the answers, where the exporter joins both ways; -1: it doesn't
    packets: int
    back_packets: int
    first_ago: float
    last_ago: float


class Sent(NamedTuple):
    """When a datagram was sent, by the exporter's clocks."""

    up_ms: int  # since it was started; 0 with IPFIX
    at: float  # wall seconds


def uptime_ago(sent: Sent, up_ms: int) -> float:
    """Seconds before the sending; the counter of milliseconds begins anew after 49 days."""
    ago = (sent.up_ms - up_ms) & 0xFFFFFFFF
    return ago / 1000 if ago < 1 << 31 else 0.0


def _wall_ago(sent: Sent, at: float) -> float:
    return max(0.0, sent.at - at)


_TIMES: Final[dict[str, Callable[[Sent, int], float]]] = {
    "up": uptime_ago,
    "s": _wall_ago,
    "ms": lambda sent, value: _wall_ago(sent, value / 1000),
    "ntp": lambda sent, value: _wall_ago(sent, value / (1 << 32) - 2_208_988_800),  # seconds since 1900, 32.32 bits
    "ago": lambda sent, value: value / 1e6,
}


class Template:
    """How to read one kind of record. `flows` is False for what is no conversation (options)."""

    def __init__(self, fields: list[tuple[int, int]], *, options: bool = False) -> None:
        """`fields`: information element (with `REVERSE << 16` for answers, 0 for other enterprises), length."""
        self._options = options
        self._slots: dict[str, int] = {}
        self._variable: list[tuple[str, int]] | None = None
        parts, names = [], []
        for element, length in fields:
            name = _REVERSED.get(element & 0xFFFF, "") if element >> 16 == REVERSE else _FIELDS.get(element, "")
            name = "" if name in names or not _fits(name, length) else name
            names.append(name)
            parts.append(_code(name, length))
        if any(length == VARIABLE for _, length in fields):
            self._variable = list(zip(names, (length for _, length in fields), strict=True))
            self.length = sum(1 if length == VARIABLE else length for _, length in fields)
            self._slots = {name: at for at, name in enumerate(names) if name}
        else:
            self._struct = struct.Struct(">" + "".join(parts))
            self.length = self._struct.size
            self._slots = {name: at for at, name in enumerate(each for each in names if each)}
            odd = {name for name, (_, length) in zip(names, fields, strict=True) if length not in _CODES}
            self._odd = {at for name, at in self._slots.items() if name in odd - _ADDRESSES.keys()}
        if self.length == 0:
            raise ValueError("a template of empty records")
        has = self._slots.keys()
        v4, v6 = {"source", "target"} <= has, {"source6", "target6"} <= has
        self.flows = not options and (v4 or v6) and not has.isdisjoint({"bytes", "bytes_total", "back"})
        self._read = self._reader(v4) if self.flows else None

    def rows(self, data: memoryview) -> list[tuple[Any, ...]]:
        """Return the values of each whole record; what remains below one record's length is padding."""
        if self._variable is None:
            found = list(self._struct.iter_unpack(data[: len(data) - len(data) % self.length]))
            return [_numbers(row, self._odd) for row in found] if self._odd else found
        return list(self._variable_rows(data, self._variable))

    def records(self, rows: list[tuple[Any, ...]], sent: Sent) -> Iterator[Record]:
        """Turn values into records."""
        assert self._read is not None
        read = self._read
        return (read(row, sent) for row in rows)

    def sampling(self, row: tuple[Any, ...]) -> int:
        """How many packets stand behind one that was counted, as an options record says it; 0: it says nothing."""
        if not self._options:
            return 0
        found = self._value(row, "sampling")
        sampled, skipped = self._value(row, "sampled"), self._value(row, "skipped")
        if not found and sampled and skipped:
            found = (sampled + skipped) // sampled
        return found if 0 < found <= 1_000_000 else 0

    def _value(self, row: tuple[Any, ...], name: str) -> int:
        at = self._slots.get(name, -1)
        return int(row[at]) if at >= 0 else 0

    def _reader(self, v4: bool) -> Callable[[tuple[Any, ...], Sent], Record]:
        """What is not in the template is read from the nought behind the last field."""
        slots = self._slots
        source, target = (slots["source"], slots["target"]) if v4 else (slots["source6"], slots["target6"])
        size = slots.get("bytes", slots.get("bytes_total", -1))
        packets = slots.get("packets", slots.get("packets_total", -1))
        names = ("source_port", "target_port", "protocol", "back", "back_packets")
        port, called, protocol, back, back_packets = (slots.get(name, -1) for name in names)
        first, last = self._time("first_"), self._time("last_")
        joins = back >= 0

        def read(row: tuple[Any, ...], sent: Sent) -> Record:
            row = (*row, 0)
            ended = last[1](sent, row[last[0]]) if last else 0.0
            began = max(first[1](sent, row[first[0]]), ended) if first else ended
            return Record(
                row[source], row[target], row[port], row[called], row[protocol], row[size], row[back] if joins else -1,
                row[packets], row[back_packets], began, ended,
            )  # fmt: skip

        return read

    def _time(self, which: str) -> tuple[int, Callable[[Sent, int], float]] | None:
        for name, at in self._slots.items():
            if name.startswith(which):
                return at, _TIMES[name.removeprefix(which)]
        return None

    def _variable_rows(self, data: memoryview, fields: list[tuple[str, int]]) -> Iterator[tuple[Any, ...]]:
        at = 0
        while len(data) - at >= self.length:
            row: list[Any] = []
            for name, length in fields:
                size, at = _length(data, at, length)
                if at + size > len(data):
                    raise ValueError("a field reaches beyond its set")
                part = bytes(data[at : at + size])
                row.append(part if name in _ADDRESSES else int.from_bytes(part, "big") if name else 0)
                at += size
            yield tuple(row)


def _numbers(row: tuple[Any, ...], odd: set[int]) -> tuple[Any, ...]:
    """Numbers of three, five, six or seven bytes, which `struct` does not know."""
    return tuple(int.from_bytes(each, "big") if at in odd else each for at, each in enumerate(row))


def _fits(name: str, length: int) -> bool:
    if name in _ADDRESSES:
        return length == _ADDRESSES[name]
    return 0 < length <= 8 if name else True


def _code(name: str, length: int) -> str:
    if not name:
        return f"{length}x" if length != VARIABLE else ""
    return f"{length}s" if name in _ADDRESSES or length not in _CODES else _CODES[length]


def _length(data: memoryview, at: int, length: int) -> tuple[int, int]:
    """A field's length and where it begins: of a variable one the length stands before it."""
    if length != VARIABLE:
        return length, at
    if at >= len(data):
        raise ValueError("a field's length is missing")
    if data[at] < 255:
        return data[at], at + 1
    if at + 3 > len(data):
        raise ValueError("a field's length is missing")
    return int.from_bytes(data[at + 1 : at + 3], "big"), at + 3


def read_templates(data: memoryview, *, ipfix: bool) -> Iterator[tuple[int, Template | None]]:
    """Read a template set: id, and the template; None where the exporter takes it back."""
    at = 0
    while len(data) - at >= 4:
        number, count = struct.unpack_from(">HH", data, at)
        if number < 256:
            return  # padding
        at += 4
        if count == 0:
            yield number, None
            continue
        fields, at = _fields(data, at, count, ipfix)
        yield number, Template(fields)


def read_options(data: memoryview, *, ipfix: bool) -> Iterator[tuple[int, Template | None]]:
    """Read a set of options templates."""
    at = 0
    while len(data) - at >= 6:
        number, one, two = struct.unpack_from(">HHH", data, at)
        if number < 256:
            return
        if ipfix and one == 0:
            at += 4
            yield number, None
            continue
        at += 6
        count = one if ipfix else (one + two) // 4  # NetFlow 9 counts bytes: scope, then options
        fields, at = _fields(data, at, count, ipfix)
        yield number, Template(fields, options=True)


def _fields(data: memoryview, at: int, count: int, ipfix: bool) -> tuple[list[tuple[int, int]], int]:
    if not 0 < count <= MOST_FIELDS:
        raise ValueError(f"a template of {count} fields")
    found = []
    for _ in range(count):
        if len(data) - at < 4:
            raise ValueError("a template is cut off")
        element, length = struct.unpack_from(">HH", data, at)
        at += 4
        if ipfix and element & 0x8000:
            if len(data) - at < 4:
                raise ValueError("a template is cut off")
            (enterprise,) = struct.unpack_from(">I", data, at)
            at += 4
            element = (element & 0x7FFF) | REVERSE << 16 if enterprise == REVERSE else 0
        if not ipfix and length == VARIABLE:
            raise ValueError("NetFlow 9 has no variable fields")
        found.append((element, length))
    return found, at

"""The proc connector's datagrams."""

from __future__ import annotations

import struct

from hypothesis import given
from hypothesis import strategies as st

from garde.watch.sensors.connector import COMM, EXIT, FORK, Event, parse


def datagram(what: int, *words: int, tail: bytes = b"") -> bytes:
    return bytes(36) + struct.pack("=IIQ", what, 0, 0) + struct.pack(f"={len(words)}i", *words) + tail


def test_a_fork_names_parent_and_child() -> None:
    data = datagram(FORK, 10, 11, 20, 21)
    assert parse(data, len(data)) == Event(FORK, 10, 11, 20, 21)


def test_an_exit_has_the_high_bit_and_is_still_read() -> None:
    data = datagram(EXIT, 10, 10, 0, 17, 1, 1)
    assert parse(data, len(data)) == Event(EXIT, 10, 10, 0, 17)


def test_a_command_ends_at_its_nul() -> None:
    data = datagram(COMM, 10, 10, tail=b"ev\xff\n".ljust(16, b"\0"))
    event = parse(data, len(data))
    assert event is not None
    assert event.comm == b"ev\xff\n"


def test_what_an_earlier_datagram_left_in_the_buffer_is_not_read() -> None:
    short = datagram(4, 10, 10)  # an event of two words, in a buffer that held more
    room = bytearray(short + b"\x7f" * 64)
    event = parse(room, len(short))
    assert event is not None
    assert (event.third, event.fourth) == (0, 0)


@given(st.binary(max_size=200))
def test_any_datagram_is_read_without_an_error(data: bytes) -> None:
    event = parse(data, len(data))
    assert (event is None) == (len(data) < 56)

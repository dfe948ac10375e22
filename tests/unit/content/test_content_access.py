"""Random access to bytes in memory and behind a descriptor: short reads, vanishing files, sizes."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from garde.content.access import Cursor, FileBytes, MemoryBytes, Part, spread


@given(content=st.binary(max_size=50), offset=st.integers(-5, 60), count=st.integers(-5, 60))
def test_a_file_and_memory_read_alike(tmp_path_factory: object, content: bytes, offset: int, count: int) -> None:
    fd = os.memfd_create("content")
    try:
        os.write(fd, content)
        expected = content[offset : offset + count] if offset >= 0 and count > 0 else b""
        assert MemoryBytes(content).read(offset, count) == expected
        assert FileBytes(fd).read(offset, count) == expected
    finally:
        os.close(fd)


def test_a_file_that_shrinks_or_closes_is_a_short_read(tmp_path: Path) -> None:
    path = tmp_path / "it"
    path.write_bytes(b"x" * 100)
    fd = os.open(path, os.O_RDONLY)
    data = FileBytes(fd)
    os.truncate(path, 10)
    assert data.size == 100 and data.read(0, 100) == b"x" * 10
    os.close(fd)
    assert data.read(0, 100) == b"" and FileBytes(fd).size == 0


def test_a_part_is_a_file_of_its_own() -> None:
    part = Part(MemoryBytes(b"0123456789"), 3, 4)
    assert (part.size, part.read(0, 99), part.read(2, 1), part.read(4, 1)) == (4, b"3456", b"5", b"")
    assert Part(MemoryBytes(b"0123"), 2, 99).size == 2


def test_a_cursor_walks_to_the_end() -> None:
    cursor = Cursor(MemoryBytes(bytes(range(200))), chunk=16)
    assert cursor.peek(3) == b"\0\1\2" and cursor.take(20) == bytes(range(20))
    cursor.at += 170
    assert cursor.left == 10 and cursor.take(99) == bytes(range(190, 200)) and cursor.take(1) == b""


@given(size=st.integers(0, 1 << 42), count=st.integers(1, 300))
def test_spread_places_are_aligned_rising_and_inside(size: int, count: int) -> None:
    places = spread(size, count)
    assert len(places) <= count
    assert all(place % 4096 == 0 and place + 4096 <= size for place in places)
    assert all(low < high for low, high in pairwise(places))

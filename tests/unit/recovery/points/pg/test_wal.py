"""The archive of WAL: names, headers, gaps, and what pg_waldump's lines say."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garde.recovery.points.pg import wal
from garde.recovery.points.pg.backup import Base

MB = 1 << 20


def segment(folder: Path, number: int, *, size: int = MB, system: int = 77, timeline: int = 1, holds: int = -1) -> Path:
    """A segment with a true header; `holds`: another number than its name says."""
    path = folder / wal.segment_name(timeline, number, size)
    address = (number if holds < 0 else holds) * size
    header = struct.pack("=HHIQI4xQII", 0xD110, 0x0002, timeline, address, 0, system, size, 8192)
    path.write_bytes(header.ljust(size, b"\0"))
    return path


def base(start: int = 7 * MB + 40) -> Base:
    return Base(Path("base"), 1.0, "", 1, start, start + 200, {})


@given(st.integers(0, (1 << 64) - 1), st.sampled_from([20, 24, 30]))
def test_a_segment_is_named_as_postgresql_names_it(lsn: int, bits: int) -> None:
    size = 1 << bits
    name = wal.segment_name(0xAB, lsn // size, size)
    assert len(name) == 24 and name.startswith("000000AB")
    assert (int(name[8:16], 16) << 32) + int(name[16:], 16) * size == lsn // size * size


def test_a_stretch_goes_from_the_base_to_the_last_segment(tmp_path: Path) -> None:
    for number in range(5, 12):
        segment(tmp_path, number)
    found = wal.find_stretch(tmp_path, base())
    assert found is not None
    assert (found.first, found.count, found.end, found.gap) == (7, 5, 12 * MB, "")


@pytest.mark.parametrize("what", ["missing", "short", "foreign", "renamed", "empty", "link"])
def test_it_ends_before_what_is_not_what_its_name_says(tmp_path: Path, what: str) -> None:
    for number in range(7, 12):
        segment(tmp_path, number)
    victim = tmp_path / wal.segment_name(1, 9, MB)
    if what == "foreign":
        segment(tmp_path, 9, system=78)
    elif what == "renamed":
        segment(tmp_path, 9, holds=4)
    elif what == "short":
        victim.write_bytes(victim.read_bytes()[:-1])
    elif what == "empty":
        victim.write_bytes(b"")
    else:
        victim.unlink()
        if what == "link":
            victim.symlink_to(tmp_path / wal.segment_name(1, 8, MB))
    found = wal.find_stretch(tmp_path, base())
    assert found is not None and found.count == 2 and found.gap == victim.name


def test_an_archive_without_the_bases_first_segment_is_none(tmp_path: Path) -> None:
    segment(tmp_path, 8)
    segment(tmp_path, 7, timeline=2)
    (tmp_path / "00000001.history").write_text("x")
    assert wal.find_stretch(tmp_path, base()) is None
    with pytest.raises(OSError, match="No such file"):
        wal.find_stretch(tmp_path / "nowhere", base())


def test_a_file_that_is_being_copied_is_unfinished() -> None:
    name = wal.segment_name(1, 7, MB).encode()
    assert wal.is_unfinished(name, 1000) and not wal.is_unfinished(name, MB)
    assert not wal.is_unfinished(b"00000002.history", 40) and not wal.is_unfinished(b"\xff" * 24, 40)


@pytest.mark.parametrize(
    ("line", "at"),
    [
        (b"desc: COMMIT 2026-11-28 10:09:03.048943 UTC", 1795860543.048943),
        (b"desc: COMMIT 2026-11-28 10:08:51.695321 UTC; inval msgs: catcache 63", 1795860531.695321),
        (b"desc: COMMIT_PREPARED 725: 2026-11-28 10:09:03.048943 UTC", 1795860543.048943),
        (b"desc: ABORT 2026-11-28 10:09:03.048943 UTC", None),
        (b"desc: COMMIT yesterday", None),
    ],
)
def test_a_commit_is_read_from_its_line(line: bytes, at: float | None) -> None:
    found = wal._COMMIT.search(line)
    assert (wal._seconds(found[1]) if found else None) == at

"""Which bytes changed: differing blocks, sampling of large files, prefixes of half-written ones."""

from __future__ import annotations

from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from garde.content.access import MemoryBytes
from garde.content.changes import Change, find_changes, windows
from garde.content.fingerprint import block_places, changes_since, fingerprint, read_fingerprint


def changes(before: bytes, after: bytes) -> Change:
    return find_changes(MemoryBytes(before), MemoryBytes(after))


def by_fingerprint(before: bytes, after: bytes, *, was_text: bool = False) -> Change:
    known = read_fingerprint(fingerprint(MemoryBytes(before)))
    assert known is not None
    return changes_since(known, MemoryBytes(after), was_text=was_text)


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_changed_bytes_are_those_of_differing_cells(before: bytes, after: bytes) -> None:
    found = changes(before, after)
    common = min(len(before), len(after)) // 16 * 16
    cells = [at for at in range(0, common, 16) if before[at : at + 16] != after[at : at + 16]]
    assert found.nothing == (before == after)
    assert found.changed >= 16 * len(cells)
    assert found.changed <= 16 * len(cells) + len(after) - common
    assert found.is_prefix == (len(after) < len(before) and before.startswith(after))


def test_only_differing_cells_are_sampled(samples: ModuleType) -> None:
    content = samples.text()
    found = changes(content, samples.striped(content, 16, 16))
    assert (
        found.changed == pytest.approx(len(content) / 2, abs=16) and len(found.new) == len(found.old) == found.changed
    )
    assert not found.everywhere and not found.sampled


def test_ranges_say_where(samples: ModuleType) -> None:
    content = bytes(200_000)
    found = changes(content, content[:81_920] + samples.noise(5000) + content[86_920:])
    assert found.ranges == ((81_920, 90_112),)
    assert changes(content, samples.noise(200_000)).ranges == ()


@settings(max_examples=20, deadline=None)
@given(size=st.integers(1 << 20, 1 << 26))
def test_every_percent_attack_on_a_large_file_meets_a_window(size: int) -> None:
    period, on = 81_920, 4096
    met = sum(at % period < on or (at + count) % period < on or count > period for at, count in windows(size))
    assert met >= 4


def test_a_large_file_is_sampled_and_estimated(samples: ModuleType) -> None:
    content = samples.text(4096) * 1000
    after = samples.striped(content, 4096, 12_288)
    found = changes(content, after)
    assert found.sampled and found.changed == pytest.approx(len(content) / 4, rel=0.3)
    assert by_fingerprint(content, after).changed == pytest.approx(len(content) / 4, rel=0.3)


def test_a_growing_large_file_keeps_its_head(samples: ModuleType) -> None:
    content = samples.text(4096) * 400
    found = changes(content, content + samples.noise(600_000))
    assert not found.everywhere and found.new.size > 0


@settings(max_examples=40, deadline=None)
@given(before=st.integers(0, 40_000), after=st.integers(0, 40_000), at=st.integers(0, 39_999))
def test_fingerprints_see_what_bytes_see(before: int, after: int, at: int) -> None:
    whole = bytes(index * 31 % 251 for index in range(40_000))
    content, changed = whole[:before], bytearray(whole[:after])
    if at < after:
        changed[at] ^= 1
    found = by_fingerprint(content, bytes(changed))
    if content == bytes(changed):
        assert found.nothing
    elif at < min(before, after):
        assert found.changed > 0
    if at >= after and after < before and after >= 4096:
        assert found.is_prefix


def test_fingerprints_are_small_and_bounded() -> None:
    assert len(fingerprint(MemoryBytes(bytes(300_000)))) < 400
    assert len(fingerprint(MemoryBytes(bytes(8 << 20)))) < 2_700
    assert len(block_places(1 << 40)) < 600


def test_a_damaged_fingerprint_is_none(samples: ModuleType) -> None:
    raw = fingerprint(MemoryBytes(samples.text()))
    assert read_fingerprint(raw) is not None
    assert (
        read_fingerprint(raw[:-1]) is None
        and read_fingerprint(b"") is None
        and read_fingerprint(b"XX9" + raw[3:]) is None
    )


@given(st.binary(max_size=100))
def test_hostile_fingerprints_raise_nothing(raw: bytes) -> None:
    read_fingerprint(raw)
    read_fingerprint(b"GF1" + raw)


def test_noise_among_text_is_found_inside_blocks(samples: ModuleType) -> None:
    content = samples.text()
    found = by_fingerprint(content, samples.striped(content, 16, 16), was_text=True)
    assert found.changed == pytest.approx(len(content) / 2, rel=0.02)

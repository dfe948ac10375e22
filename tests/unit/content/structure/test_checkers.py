"""Every checker in the table keeps the contract of structure/base.py."""

from __future__ import annotations

from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from garde.content import MemoryBytes, Structure, check_structure, family, sniff
from garde.content.access import FileBytes
from garde.content.structure import CHECKERS, Budget, Near, inspect

BLIND = {
    "zstd",
    "7z",
    "lz4",
    "mp4",
    "tiff",
    "bmp",
    "wav",
    "webp",
    "tar",
}  # frames only: damage inside a payload is not theirs


class Counting:
    """Bytes that count what is read of them."""

    def __init__(self, content: bytes) -> None:
        self.content, self.size, self.got = content, len(content), 0

    def read(self, offset: int, count: int) -> bytes:
        found = MemoryBytes(self.content).read(offset, count)
        self.got += len(found)
        return found


def test_every_family_in_the_table_has_a_sample(samples: ModuleType) -> None:
    assert {family(kind) for kind in samples.SAMPLES} | {"avi", "riff", "heic"} == set(CHECKERS)


def test_a_whole_file_is_whole(kind: str, whole: dict[str, bytes]) -> None:
    data = MemoryBytes(whole[kind])
    assert sniff(data) == kind
    found, why = check_structure(data, kind)
    assert found is Structure.WHOLE, why


def test_the_same_bytes_give_the_same_answer(kind: str, whole: dict[str, bytes]) -> None:
    near = ((4096, 8192),)
    assert inspect(MemoryBytes(whole[kind]), kind, near=near) == inspect(MemoryBytes(whole[kind]), kind, near=near)


def test_noise_behind_the_header_is_broken(kind: str, whole: dict[str, bytes], samples: ModuleType) -> None:
    content = whole[kind]
    keep = min(len(content) // 2, 512)
    found = inspect(MemoryBytes(content[:keep] + samples.noise(len(content) - keep)), kind)
    if family(kind) not in BLIND - {"7z", "lz4", "mp4", "tar"} | {
        "jet"
    }:  # no page left: that may be Access's own encryption
        assert found.broken, found.why


def test_small_damage_in_the_middle_is_broken(kind: str, whole: dict[str, bytes], samples: ModuleType) -> None:
    content, middle = whole[kind], len(whole[kind]) // 2
    damaged = content[:middle] + samples.noise(4096)[: len(content) - middle] + content[middle + 4096 :]
    if family(kind) not in BLIND:
        found = inspect(MemoryBytes(damaged), kind, near=((middle // 4096 * 4096, middle // 4096 * 4096 + 8192),))
        assert found.broken, found.why


def test_a_stump_is_broken(kind: str, whole: dict[str, bytes]) -> None:
    if family(kind) not in {"text", "tiff", "mp3", "sqlite", "jet", "webp"}:
        assert inspect(MemoryBytes(whole[kind][: len(whole[kind]) // 3 + 7]), kind).broken


def test_every_beginning_is_answered(kind: str, whole: dict[str, bytes]) -> None:
    content = whole[kind]
    for cut in [*range(0, min(600, len(content)), 7), *range(600, len(content), max(1, len(content) // 40))]:
        assert inspect(MemoryBytes(content[:cut]), kind, budget=1 << 18).structure in Structure


def test_a_tiny_budget_is_kept(kind: str, whole: dict[str, bytes]) -> None:
    data = Counting(whole[kind] * (1 + (12 << 20) // len(whole[kind])))
    CHECKERS[family(kind)](data, Budget(1000), Near())
    assert data.got < 5 << 20


@settings(max_examples=60, deadline=None)
@given(tail=st.binary(max_size=700), cut=st.integers(0, 400), place=st.integers(0, 5000), seed=st.binary(max_size=40))
def test_hostile_bytes_raise_nothing(
    kind: str, whole: dict[str, bytes], tail: bytes, cut: int, place: int, seed: bytes
) -> None:
    content = whole[kind]
    hostile = bytearray(content[:cut] + tail + content[cut : cut + 3000] + content[-300:])
    place %= max(1, len(hostile))
    hostile[place : place + len(seed)] = seed
    near = ((place, place + 4096),)
    assert inspect(MemoryBytes(bytes(hostile)), kind, budget=1 << 17, near=near).structure in Structure
    assert inspect(MemoryBytes(content[:8] + tail), kind, budget=1 << 17).structure in Structure


def test_a_file_that_vanished_is_answered(kind: str) -> None:
    assert inspect(FileBytes(-1), kind).broken


def test_what_has_no_checker_says_so() -> None:
    assert check_structure(MemoryBytes(b"x"), "psd") == (Structure.UNCHECKED, "no checker for psd")


def test_beyond_the_budget_is_unchecked_not_whole(samples: ModuleType) -> None:
    import gzip

    packed = gzip.compress(samples.noise(400_000), mtime=0)
    assert check_structure(MemoryBytes(packed), "gzip", budget=100_000)[0] is Structure.UNCHECKED
    assert check_structure(MemoryBytes(packed), "gzip")[0] is Structure.WHOLE


@pytest.mark.parametrize(
    ("start", "end", "touches"),
    [(0, 1, True), (9, 20, True), (10, 30, False), (25, 99, True), (40, 41, False), (0, 99, True)],
)
def test_near_touches_half_open_ranges(start: int, end: int, touches: bool) -> None:
    assert Near(((0, 10), (30, 40))).touches(start, end) is touches
    assert not Near().touches(start, end) and not Near()

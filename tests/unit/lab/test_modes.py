"""Each mode does to a file what its name says, on files of every size; the table is whole."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from garde.lab.attackers import inplace
from garde.lab.attackers.base import Kind, Mode, Station
from garde.lab.attackers.ground import Ground
from garde.lab.attackers.table import MODES, find_reason

SIZES = (17, 300, 1000, 5000, 50_000, 400_000)
WANTED = [
    "full",
    "head",
    "header-kept",
    "every-16",
    "on-off",
    "percent",
    "new-then-delete",
    "rename-over",
    "base64",
    "mmap",
    "keep-open",
    "many-processes",
    "shell-loop",
    "xargs",
    "slow",
    "wipe",
    "truncate",
    "mass-delete",
    "openssl",
    "gpg",
    "7z",
    "ccrypt",
]
IN_PROCESS = [name for name, mode in MODES.items() if not mode.needs]


def original(size: int) -> bytes:
    return (b"Le patient fictif est stable. " * (size // 30 + 1))[:size]


def attacked(mode: Mode, root: Path, size: int) -> Path:
    """Let one attack hit one file; return its path."""
    place = root / "drill" / "file.txt"
    place.parent.mkdir()
    place.write_bytes(original(size))
    handle = os.open(place.parent, os.O_RDONLY | os.O_DIRECTORY)
    read, log = os.pipe()
    attack = mode.make()
    attack.begin(Station(0, 1, log, root))
    attack.hit(Ground(handle, [b"file.txt"], [size]).target(0))
    for descriptor in (handle, read, log, *getattr(attack, "handles", ())):
        os.close(descriptor)
    return place


def test_the_table_holds_every_mode_with_help() -> None:
    assert list(MODES) == WANTED
    assert all(mode.help and mode.name == name for name, mode in MODES.items())
    assert {name for name, mode in MODES.items() if mode.kind is Kind.REMOVAL} == {"truncate", "mass-delete"}
    assert MODES["many-processes"].workers == 18


def test_a_mode_whose_program_is_missing_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    assert find_reason(MODES["ccrypt"]) == "ccrypt not installed"
    assert find_reason(MODES["full"]) is None


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", IN_PROCESS)
def test_every_file_is_really_damaged(name: str, size: int, tmp_path: Path) -> None:
    place = attacked(MODES[name], tmp_path, size)
    assert not place.exists() or place.read_bytes() != original(size)


def test_an_empty_file_ends_no_mode(tmp_path: Path) -> None:
    for number, name in enumerate(IN_PROCESS):
        (tmp_path / str(number)).mkdir()
        attacked(MODES[name], tmp_path / str(number), 0)


def changed(before: bytes, after: bytes) -> Iterator[int]:
    return (at for at, pair in enumerate(zip(before, after, strict=True)) if pair[0] != pair[1])


@pytest.mark.parametrize(
    ("name", "may_change"),
    [
        ("head", lambda at: at < 4096),
        ("header-kept", lambda at: at >= 1024),
        ("every-16", lambda at: at % 32 < 16),
        ("on-off", lambda at: at % 16384 < 4096),
        ("percent", lambda at: at >= 4096 and (at - 4096) % 81920 < 4096),
    ],
)
def test_partial_modes_keep_the_rest(name: str, may_change: object, tmp_path: Path) -> None:
    before = original(400_000)
    places = list(changed(before, attacked(MODES[name], tmp_path, 400_000).read_bytes()))
    assert places
    assert all(may_change(at) for at in places)  # type: ignore[operator]


def test_shares_of_a_large_file() -> None:
    spans = {
        rule: sum(count for _, count in getattr(inplace, rule)(10_000_000)) for rule in ("full", "on_off", "percent")
    }
    assert spans["full"] == 10_000_000
    assert 0.24 < spans["on_off"] / 10_000_000 < 0.26
    assert 0.045 < spans["percent"] / 10_000_000 < 0.055


def test_base64_output_decodes_to_as_many_bytes(tmp_path: Path) -> None:
    data = attacked(MODES["base64"], tmp_path, 5000).read_bytes()
    assert data.isascii()
    assert len(base64.decodebytes(data)) == 5000


def test_replacing_and_removing_modes_leave_what_they_say(tmp_path: Path) -> None:
    left = {}
    for name in ("new-then-delete", "rename-over", "wipe", "truncate", "mass-delete"):
        (tmp_path / name).mkdir()
        place = attacked(MODES[name], tmp_path / name, 300)
        left[name] = {entry.name: entry.read_bytes() for entry in place.parent.iterdir()}
    assert set(left["new-then-delete"]) == {"file.txt.locked"}
    assert len(left["new-then-delete"]["file.txt.locked"]) == 300
    assert set(left["rename-over"]) == {"file.txt"}
    assert left["wipe"] == {"file.txt": bytes(300)}
    assert left["truncate"] == {"file.txt": b""}
    assert left["mass-delete"] == {}

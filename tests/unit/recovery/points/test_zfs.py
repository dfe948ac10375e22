"""What zfs says, as its manual pages show it (zfs-list.8, zfs-hold.8, zfs-allow.8), and as it must not."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garde.clock import SystemClock
from garde.recovery.points.base import Fault, Room, StoreFault
from garde.recovery.points.config import StoreSettings
from garde.recovery.points.zfs import TAG, Snapshot, Zfs, may_release, parse_holds, parse_list

LIST = b"tank/files@hourly-03\t1795832000\t1048576\ntank/files@daily two\t1795745600\t524288\n"
HOLDS = f"tank/files@a\t{TAG}\tSat Nov 28  3:00 2026\ntank/files@b\tkeep\tSat Nov 28  3:00 2026\n".encode()
ALLOW = b"""\
---- Permissions on tank/files ---------------------------------------
Local+Descendent permissions:
\tuser backup destroy,hold,release,snapshot
\tgroup staff mount
\teveryone userused
"""


def test_snapshots_are_listed_oldest_first() -> None:
    assert parse_list(LIST) == (
        Snapshot("daily two", 1795745600.0, 524288),
        Snapshot("hourly-03", 1795832000.0, 1048576),
    )
    assert parse_list(b"") == ()


@pytest.mark.parametrize("line", [b"tank@a\t1", b"tank\t1\t2", b"tank@a\tnow\t2", b"tank@a\t1\t-2", b"tank@a 1 2"])
def test_another_answer_is_a_fault(line: bytes) -> None:
    with pytest.raises(StoreFault) as caught:
        parse_list(line + b"\n")
    assert caught.value.fault is Fault.DAMAGED


@given(st.binary())
def test_whatever_it_says_it_is_read_or_a_fault(out: bytes) -> None:
    try:
        assert all(each.name is not None for each in parse_list(out))
    except StoreFault as fault:
        assert fault.fault is Fault.DAMAGED
    assert isinstance(parse_holds(out), set) and isinstance(may_release(out), list)


def test_only_holds_of_ours_count() -> None:
    assert parse_holds(HOLDS) == {"a"}


def test_who_may_release_a_hold_beside_root_is_named() -> None:
    assert may_release(ALLOW) == ["user backup destroy,hold,release,snapshot"]
    assert may_release(ALLOW.replace(b",release", b"")) == []


# -- the calls, against a program that answers as zfs does and keeps its state in files ------------------------------

ZFS = """\
#!/bin/sh
# snapshots are files in $HERE/snapshots, holds files in $HERE/holds
HERE=$(dirname "$0")
verb=$1; shift
case "$verb" in
list) for each in "$HERE"/snapshots/*; do
        [ -e "$each" ] && printf 'tank/files@%s\\t%s\\t10\\n' "$(basename "$each")" "$(cat "$each")"; done; exit 0 ;;
snapshot) echo 1795900000 > "$HERE/snapshots/${1#*@}" ;;
hold) shift; for each; do echo x > "$HERE/holds/${each#*@}"; done ;;
release) shift; for each; do rm "$HERE/holds/${each#*@}" || exit 1; done ;;
holds) shift; for each; do
        [ -e "$HERE/holds/${each#*@}" ] && printf '%s\\tgarde-frozen\\tnow\\n' "$each"; done; exit 0 ;;
destroy) if [ -e "$HERE/holds/${1#*@}" ] && [ ! -e "$HERE/careless" ]; then
        echo "cannot destroy snapshot $1: dataset is busy" >&2; exit 1; fi; rm "$HERE/snapshots/${1#*@}" ;;
allow) cat "$HERE/allow" ;;
*) echo "unrecognized command '$verb'" >&2; exit 2 ;;
esac
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    for name in ("snapshots", "holds", "state", "work"):
        (tmp_path / name).mkdir()
    for name, at in (("one", "1795745600"), ("two", "1795832000")):
        (tmp_path / "snapshots" / name).write_text(at)
    (tmp_path / "allow").write_bytes(b"")
    program = tmp_path / "zfs"
    program.write_text(ZFS)
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return tmp_path


def store(place: Path, dataset: str = "tank/files") -> Zfs:
    found = StoreSettings("z", "zfs", "files1", dataset, paths=("/srv",), program=str(place / "zfs"))
    return Zfs(found, Room(place, place / "state", place / "work", SystemClock()))


def test_every_snapshot_is_held_and_let_go(place: Path) -> None:
    made = store(place)
    assert (made.is_frozen(), made.prove_frozen().proven) == (False, False)
    done = made.freeze()
    assert (done.marked, done.fresh, made.is_frozen()) == (2, 2, True)
    assert made.freeze().fresh == 0
    proof = made.prove_frozen()
    assert proof.proven and proof.detail == "2 snapshots held"
    assert {path.name for path in (place / "snapshots").iterdir()} == {"one", "two"}  # the one for the try is gone
    assert made.thaw().marked == 2
    assert not made.is_frozen() and made.thaw().marked == 0


def test_it_is_not_proven_where_a_snapshot_came_since_or_holds_do_not_hold_or_others_may_release(place: Path) -> None:
    made = store(place)
    made.freeze()
    (place / "snapshots" / "three").write_text("1795900001")
    assert not made.prove_frozen().proven
    made.freeze()
    (place / "careless").touch()
    assert not made.prove_frozen().proven
    (place / "careless").unlink()
    (place / "allow").write_bytes(ALLOW)
    assert not made.prove_frozen().proven
    (place / "allow").write_bytes(b"")
    assert made.prove_frozen().proven


@pytest.mark.parametrize("dataset", ["-r", "tank@x", "", "tank;rm", "../x"])
def test_a_dataset_that_could_be_something_else_is_none(place: Path, dataset: str) -> None:
    with pytest.raises(StoreFault) as caught:
        store(place, dataset).points()
    assert caught.value.fault is Fault.ABSENT

"""The pass over the trees: everything is looked at, nothing foreign is followed, little is done twice."""

# Names here are raw bytes, which pathlib does not know.
# ruff: noqa: PTH108, PTH116, PTH211

from __future__ import annotations

import os
from typing import Any

import pytest

from garde.vault import STORE_NAME, Damaged, How, Skipped
from garde.vault.names import is_own

ODD = (
    b"line\nfeed.txt",
    b"\xff\xfe not utf-8 \x80.txt",
    b"esc\x1b[31m.txt",
    b" ",
    b"-rf",
    "Krankenblätter.txt".encode(),
)


def test_every_regular_file_is_kept_whatever_its_name(share: Any, healthy: Any) -> None:
    for seed, name in enumerate(ODD):
        share.write(b"d\xc3\x28r/" + name, healthy(seed))
    vault = share.vault()
    done = vault.scan([bytes(share.tree)])
    assert (done.files, done.captured, done.done) == (len(ODD), len(ODD), True)
    for name in ODD:
        assert vault.find(share.path(b"d\xc3\x28r/" + name)) is not None, name


def test_what_is_no_regular_file_is_left_alone(share: Any, healthy: Any) -> None:
    share.write("a.txt", healthy(1))
    os.mkfifo(share.path("fifo"))
    os.symlink(b"a.txt", share.path("link"))
    os.symlink(b"..", share.path("up"))
    assert share.vault().scan([bytes(share.tree)]).files == 1


def test_the_store_is_never_entered(share: Any, healthy: Any) -> None:
    share.write("a.txt", healthy(1))
    vault = share.vault()
    vault.scan([bytes(share.tree)])
    assert vault.scan([bytes(share.tree)]).files == 1
    assert (share.tree / STORE_NAME).stat().st_mode & 0o777 == 0o700


def test_excluded_trees_are_not_entered(share: Any, healthy: Any) -> None:
    share.write("in/a.txt", healthy(1))
    share.write("out/b.txt", healthy(2))
    vault = share.vault(ignore=lambda path: path.endswith(b"/out"))
    assert vault.scan([bytes(share.tree)]).files == 1


def test_a_second_pass_takes_only_what_changed(share: Any, healthy: Any) -> None:
    for n in range(10):
        share.write(f"{n}.txt", healthy(n))
    vault = share.vault()
    assert vault.scan([bytes(share.tree)]).captured == 10
    share.write("3.txt", healthy(3, 200))
    assert vault.scan([bytes(share.tree)]).captured == 1


def test_an_old_mtime_set_back_does_not_hide_a_change(share: Any, healthy: Any) -> None:
    path = share.write("a.txt", b"A" * 100 + healthy(1))
    seen = os.stat(path)
    vault = share.vault()
    vault.scan([bytes(share.tree)])
    share.write("a.txt", b"B" * 100 + healthy(1))
    os.utime(path, ns=(seen.st_atime_ns, seen.st_mtime_ns))
    vault.scan([bytes(share.tree)])
    with vault.before(vault.find(path)) as before:
        assert before.data.read(0, 1) == b"B"


def test_damage_done_while_nobody_watched_is_reported(share: Any, healthy: Any, damage: Any) -> None:
    share.write("a.txt", healthy(1))
    share.write("b.txt", healthy(2))
    share.vault().scan([bytes(share.tree)])
    share.opened[-1].close()
    share.write("a.txt", damage(1))
    done = share.vault().scan([bytes(share.tree)])
    assert [type(item) for item in done.damaged] == [Damaged]
    assert done.damaged[0].path == share.path("a.txt")


def test_deleted_files_stay_known_and_leave_the_count(share: Any, healthy: Any) -> None:
    share.write("a.txt", healthy(1))
    gone = share.write("b.txt", healthy(2))
    vault = share.vault()
    vault.scan([bytes(share.tree)])
    os.unlink(gone)
    vault.scan([bytes(share.tree)])
    assert vault.coverage().files == 1
    assert vault.find(gone).gone is not None


def test_without_shared_blocks_the_newest_files_are_copied_first(share: Any, healthy: Any) -> None:
    paths = [share.write(f"{n}.txt", healthy(n, 400)) for n in range(8)]  # some 16 KB each
    for age, path in enumerate(paths):
        os.utime(path, (1_600_000_000 - age, 1_600_000_000 - age))
    total = os.statvfs(share.tree).f_blocks * os.statvfs(share.tree).f_frsize
    room = 3.5 * os.stat(paths[0]).st_blocks * 512
    vault = share.vault(budget_percent=100 * room / total)
    vault.scan([bytes(share.tree)])
    if vault.coverage().stores[0].reflink:
        pytest.skip("this file system shares blocks: there is no budget")
    assert [vault.find(path).how is How.COPY for path in paths] == [True] * 3 + [False] * 5
    coverage = vault.coverage()
    assert (coverage.judgeable, coverage.restorable) == (8, 3)
    assert (coverage.judgeable_percent, coverage.restorable_percent) == (100.0, 37.5)
    assert any("fingerprint only" in note for note in coverage.notes)


def test_a_named_backup_counts_for_the_rest_and_says_so(share: Any, healthy: Any) -> None:
    share.write("a.txt", healthy(1))
    vault = share.vault(budget_percent=0.0, backup="restic on nas2")
    vault.scan([bytes(share.tree)])
    coverage = vault.coverage()
    assert coverage.restorable + coverage.by_backup == 1
    assert coverage.restorable_with_backup_percent == 100.0
    assert coverage.backup == "restic on nas2"


def test_other_calls_may_come_between_two_steps(share: Any, healthy: Any) -> None:
    for n in range(300):
        share.write(f"{n}.txt", healthy(n, 3))
    vault = share.vault()
    steps = vault.scan_steps([bytes(share.tree)])
    assert 0 < next(steps).files <= 128
    late = share.write("late.txt", healthy(999))
    assert vault.capture(late).fresh
    assert list(steps)[-1].done
    assert vault.coverage().files == 301


def test_files_that_vanish_in_the_middle_do_not_stop_the_pass(share: Any, healthy: Any) -> None:
    for n in range(300):
        share.write(f"d{n % 3}/{n}.txt", healthy(n, 3))
    vault = share.vault()
    steps = vault.scan_steps([bytes(share.tree)])
    next(steps)
    for n in range(300):
        os.unlink(share.path(f"d{n % 3}/{n}.txt"))
    assert list(steps)[-1].done
    assert vault.check().whole


def test_a_file_that_cannot_be_kept_counts_as_not_covered(share: Any, healthy: Any, monkeypatch: Any) -> None:
    share.write("a.txt", healthy(1))
    share.write("b.txt", healthy(2))
    vault = share.vault()
    monkeypatch.setattr("garde.vault.copies.Copies.is_low", lambda self, store: True)
    vault.scan([bytes(share.tree)])
    coverage = vault.coverage()
    assert (coverage.files, coverage.judgeable, coverage.skipped) == (2, 0, 2)
    assert any("disk full" in note for note in coverage.notes)
    monkeypatch.undo()
    vault.scan([bytes(share.tree)])
    assert vault.coverage().judgeable == 2


def test_own_names_are_known_anywhere_in_a_path() -> None:
    assert is_own(b"/srv/.garde-vault/objects/0/1")
    assert is_own(b"/srv/share/.garde-side-1f-0")
    assert not is_own(b"/srv/garde-vault/a")
    assert not is_own(b"/srv/.garde-vault-not/a")
    assert is_own(b"/srv/.garde-vault")


def test_a_state_directory_inside_the_tree_is_not_kept(share: Any, healthy: Any) -> None:
    share.state = share.tree / "var" / "state"
    share.write("a.txt", healthy(1))
    vault = share.vault()
    assert vault.scan([bytes(share.tree)]).files == 1
    assert isinstance(vault.capture(bytes(share.state / "index.db")), Skipped)

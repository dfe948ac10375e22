"""Putting back: right content, right figures, evidence kept, nothing ever deleted, safe to ask twice."""

# Names here are raw bytes, which pathlib does not know.
# ruff: noqa: PTH101, PTH102, PTH104, PTH106, PTH108, PTH110, PTH114, PTH115, PTH116, PTH120, PTH211

from __future__ import annotations

import os
import stat
from typing import Any

import pytest

from garde.vault import Failed, Outcome, Restored, RestoreItem
from garde.vault import restore as restore_module


def _hit(share: Any, vault: Any, name: str, content: bytes, damaged: bytes) -> bytes:
    """A healthy file, kept, then overwritten in place."""
    path = share.write(name, content)
    vault.capture(path)
    share.clock.advance(60)
    return share.write(name, damaged)


def test_content_and_figures_come_back_and_the_damage_is_kept(share: Any, healthy: Any, damage: Any) -> None:
    path = share.write("a.txt", healthy(1))
    os.chmod(path, 0o640)
    os.utime(path, ns=(1_600_000_000_000_000_001, 1_600_000_000_123_456_789))
    vault = share.vault()
    vault.capture(path)
    share.write("a.txt", damage(1))
    os.chmod(path, 0o666)
    (done,) = share.restore(vault, "a.txt")
    assert isinstance(done, Restored)
    assert done.outcome is Outcome.RESTORED
    assert share.read("a.txt") == healthy(1)
    seen = os.stat(path)
    assert (stat.S_IMODE(seen.st_mode), seen.st_mtime_ns) == (0o640, 1_600_000_000_123_456_789)
    with open(done.evidence[0], "rb") as kept:
        assert kept.read() == damage(1)
    assert vault.check().whole


def test_extended_attributes_come_back_and_new_ones_do_not_stay(share: Any, healthy: Any, damage: Any) -> None:
    path = share.write("a.txt", healthy(1))
    try:
        os.setxattr(path, "user.DOSATTRIB", b"\x00\xff0x20")
    except OSError:
        pytest.skip("this file system keeps no user attributes")
    vault = share.vault()
    vault.capture(path)
    os.removexattr(path, "user.DOSATTRIB")
    os.setxattr(path, "user.note", b"pay")
    share.write("a.txt", damage(1))
    share.restore(vault, "a.txt")
    assert (os.listxattr(path), os.getxattr(path, "user.DOSATTRIB")) == (["user.DOSATTRIB"], b"\x00\xff0x20")


def test_asking_twice_changes_nothing(share: Any, healthy: Any, damage: Any) -> None:
    vault = share.vault()
    path = _hit(share, vault, "a.txt", healthy(1), damage(1))
    share.restore(vault, "a.txt")
    first = os.stat(path).st_ino
    everything = sorted(share.everything())
    (again,) = share.restore(vault, "a.txt")
    assert again.outcome is Outcome.UNCHANGED
    assert os.stat(path).st_ino == first
    assert sorted(share.everything()) == everything


def test_a_dry_run_touches_nothing(share: Any, healthy: Any, damage: Any) -> None:
    vault = share.vault()
    path = _hit(share, vault, "a.txt", healthy(1), damage(1))
    inode = os.stat(path).st_ino
    (done,) = list(vault.restore([RestoreItem(path)], dry_run=True))
    assert done.outcome is Outcome.WOULD_RESTORE
    assert (share.read("a.txt"), os.stat(path).st_ino) == (damage(1), inode)


def test_a_deleted_file_in_a_removed_directory_comes_back(share: Any, healthy: Any) -> None:
    path = share.write("one/two/a.txt", healthy(1))
    os.chmod(share.path("one/two"), 0o750)
    vault = share.vault()
    vault.scan([bytes(share.tree)])
    os.unlink(path)
    os.rmdir(share.path("one/two"))
    os.rmdir(share.path("one"))
    vault.forget(path)
    (done,) = share.restore(vault, "one/two/a.txt")
    assert done.outcome is Outcome.RESTORED
    assert share.read("one/two/a.txt") == healthy(1)
    assert stat.S_IMODE(os.stat(share.path("one/two")).st_mode) == 0o750
    assert vault.find(path).gone is None


def test_an_encrypted_copy_under_a_new_name_goes_to_evidence(share: Any, healthy: Any, damage: Any) -> None:
    vault = share.vault()
    path = share.write("a.txt", healthy(1))
    vault.capture(path)
    locked = share.write("a.txt.locked", damage(1))
    os.unlink(path)
    (done,) = share.restore(vault, "a.txt", damaged_at=locked)
    assert share.read("a.txt") == healthy(1)
    assert not os.path.exists(locked)
    with open(done.evidence[0], "rb") as kept:
        assert kept.read() == damage(1)


def test_a_file_renamed_and_then_encrypted_returns_to_its_first_name(share: Any, healthy: Any, damage: Any) -> None:
    vault = share.vault()
    path = share.write("a.txt", healthy(1))
    vault.capture(path)
    locked = share.path("a.txt.locked")
    os.rename(path, locked)
    vault.renamed(path, locked, False)
    share.write("a.txt.locked", damage(1))
    (done,) = share.restore(vault, "a.txt", damaged_at=locked)
    assert done.outcome is Outcome.RESTORED
    assert share.read("a.txt") == healthy(1)
    assert not os.path.exists(locked)
    assert vault.find(path).path == path


def test_a_renamed_and_restored_name_leaves_a_healthy_file_at_its_new_name_alone(share: Any, healthy: Any) -> None:
    vault = share.vault()
    path = share.write("d/a.txt", healthy(1))
    vault.capture(path)
    os.rename(share.path("d"), share.path("e"))
    vault.renamed(share.path("d"), share.path("e"), True)
    share.restore(vault, "d/a.txt")
    assert share.read("d/a.txt") == share.read("e/a.txt") == healthy(1)
    assert vault.find(share.path("e/a.txt")).path == share.path("e/a.txt")
    assert vault.find(path).path == path


def test_a_handle_held_open_writes_into_the_evidence_not_the_file(share: Any, healthy: Any, damage: Any) -> None:
    path = share.write("a.txt", healthy(1))
    vault = share.vault()
    vault.capture(path)
    with open(path, "r+b", buffering=0) as held:
        held.write(damage(1))
        (done,) = share.restore(vault, "a.txt")
        held.seek(0)
        held.write(damage(2))
        held.truncate(10)
    assert share.read("a.txt") == healthy(1)
    with open(done.evidence[0], "rb") as kept:
        assert kept.read() == damage(2)[:10]


def test_a_link_in_its_place_is_moved_away_and_not_followed(share: Any, healthy: Any) -> None:
    outside = share.tree.parent / "outside"
    outside.write_bytes(b"somebody else's\n")
    path = share.write("a.txt", healthy(1))
    vault = share.vault()
    vault.capture(path)
    os.unlink(path)
    os.symlink(bytes(outside), path)
    (done,) = share.restore(vault, "a.txt")
    assert not os.path.islink(path)
    assert (share.read("a.txt"), outside.read_bytes()) == (healthy(1), b"somebody else's\n")
    assert os.readlink(done.evidence[0]) == bytes(outside)


def test_a_fifo_in_its_place_is_moved_away_without_waiting(share: Any, healthy: Any) -> None:
    path = share.write("a.txt", healthy(1))
    vault = share.vault()
    vault.capture(path)
    os.unlink(path)
    os.mkfifo(path)
    assert share.restore(vault, "a.txt")[0].outcome is Outcome.RESTORED
    assert share.read("a.txt") == healthy(1)


def test_a_link_or_directory_in_the_way_is_a_failure_that_changes_nothing(share: Any, healthy: Any) -> None:
    outside = share.tree.parent / "outside"
    outside.mkdir()
    vault = share.vault()
    for name in ("d/a.txt", "b.txt"):
        vault.capture(share.write(name, healthy(1)))
        os.unlink(share.path(name))
    os.rmdir(share.path("d"))
    os.symlink(bytes(outside), share.path("d"))
    os.mkdir(share.path("b.txt"))
    first, second = share.restore(vault, "d/a.txt", "b.txt")
    assert isinstance(first, Failed)
    assert "link or file stands" in first.reason
    assert isinstance(second, Failed)
    assert "a directory stands" in second.reason
    assert list(outside.iterdir()) == []
    assert vault.check().whole


def test_verified_only_when_the_hash_was_taken(share: Any, damage: Any) -> None:
    vault = share.vault()
    large = b"too large to be hashed as it is kept\n" * 30_000
    _hit(share, vault, "a.txt", large, damage(1))
    assert share.restore(vault, "a.txt")[0].verified is False
    _hit(share, vault, "b.txt", large, damage(2))
    assert vault.hash_some(60.0) >= 1
    assert share.restore(vault, "b.txt")[0].verified is True


def test_a_pre_image_that_differs_from_its_hash_is_never_put_back(share: Any, healthy: Any, damage: Any) -> None:
    vault = share.vault()
    path = share.write("a.txt", healthy(1))
    vault.capture(path)
    share.clock.advance(60)
    share.write("a.txt", healthy(1, 200))
    vault.capture(path)
    vault.hash_some(60.0)
    with open(vault.find(path).object, "r+b") as kept:
        kept.write(b"tampered")
    share.write("a.txt", damage(1))
    (done,) = share.restore(vault, "a.txt")
    assert share.read("a.txt") == healthy(1)  # the older version
    assert done.verified
    assert vault.check().staged == 0


def test_only_one_tampered_version_is_a_failure_and_the_file_stays(share: Any, healthy: Any, damage: Any) -> None:
    vault = share.vault()
    path = share.write("a.txt", healthy(1))
    vault.capture(path)
    vault.hash_some(60.0)
    with open(vault.find(path).object, "r+b") as kept:
        kept.write(b"tampered")
    share.write("a.txt", damage(1))
    (done,) = share.restore(vault, "a.txt")
    assert isinstance(done, Failed)
    assert "SHA-256" in done.reason
    assert share.read("a.txt") == damage(1)


def test_versions_from_after_the_first_touch_are_not_used(share: Any, healthy: Any, damage: Any) -> None:
    vault = share.vault()
    path = share.write("a.txt", healthy(1))
    vault.capture(path)
    share.clock.advance(60)
    first_touch = share.clock.now() - 1
    share.write("a.txt", healthy(2))  # looks healthy, was written by the attacker
    vault.capture(path)
    share.write("a.txt", damage(1))
    (done,) = share.restore(vault, "a.txt", before_time=first_touch)
    assert share.read("a.txt") == healthy(1)
    assert vault.find(path).version == done.version
    (none,) = share.restore(vault, "a.txt", before_time=1.0)
    assert isinstance(none, Failed)
    assert "before the attack" in none.reason


def test_what_nobody_saw_damaged_stays_where_it_is_sound_and_nothing_is_older(
    share: Any, healthy: Any, damage: Any
) -> None:
    """A colleague saves one file again and again from the machine that spreads: each kept version is a new one."""
    vault = share.vault()
    path = share.write("a.txt", healthy(1))
    vault.capture(path)
    share.write("a.txt", healthy(2))  # not looked at yet
    (left,) = share.restore(vault, "a.txt", before_time=1.0, may_stay=True)
    assert (left.outcome, share.read("a.txt")) == (Outcome.UNCHANGED, healthy(2))
    assert vault.find(path).version == left.version
    share.write("a.txt", damage(1))
    (lost,) = share.restore(vault, "a.txt", before_time=1.0, may_stay=True)
    assert isinstance(lost, Failed) and "before the attack" in lost.reason


def test_what_may_stay_is_put_back_where_there_is_a_version_from_before(share: Any, healthy: Any) -> None:
    vault = share.vault()
    path = share.write("a.txt", healthy(1))
    vault.capture(path)
    share.clock.advance(60)
    first_touch = share.clock.now() - 1
    share.write("a.txt", healthy(2))
    (done,) = share.restore(vault, "a.txt", before_time=first_touch, may_stay=True)
    assert (done.outcome, share.read("a.txt")) == (Outcome.RESTORED, healthy(1))


def test_a_fingerprint_only_file_says_where_to_go(share: Any, healthy: Any, damage: Any) -> None:
    vault = share.vault(budget_percent=0.0)
    _hit(share, vault, "a.txt", healthy(1), damage(1))
    if vault.coverage().stores[0].reflink:
        pytest.skip("this file system shares blocks: everything is kept")
    (done,) = share.restore(vault, "a.txt")
    assert isinstance(done, Failed)
    assert "backup" in done.reason
    assert share.read("a.txt") == damage(1)


def test_an_emptied_then_restored_empty_file(share: Any, damage: Any) -> None:
    vault = share.vault()
    _hit(share, vault, "empty", b"", damage(1))
    assert share.restore(vault, "empty")[0].verified
    assert share.read("empty") == b""


def test_paths_that_are_not_guarded_are_refused(share: Any, healthy: Any) -> None:
    vault = share.vault()
    vault.capture(share.write("a.txt", healthy(1)))
    for path in (b"/etc/passwd", share.path("x/../a.txt"), b"a.txt", share.path(".garde-vault/objects/0/1")):
        (done,) = list(vault.restore([RestoreItem(path)]))
        assert isinstance(done, Failed), path


def test_a_name_that_changes_under_the_swap_is_won_in_the_end(
    share: Any, healthy: Any, damage: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Gone between "it exists" and the exchange; then made anew between "it is free" and the rename."""
    vault = share.vault()
    path = _hit(share, vault, "a.txt", healthy(1), damage(1))
    real, calls = restore_module.rename, []

    def racing(*arguments: Any) -> None:
        calls.append(arguments)
        if len(calls) == 2:
            os.unlink(path)
        elif len(calls) == 3:
            share.write("a.txt", damage(2))
        real(*arguments)

    monkeypatch.setattr(restore_module, "rename", racing)
    assert share.restore(vault, "a.txt")[0].outcome is Outcome.RESTORED
    assert share.read("a.txt") == healthy(1)
    assert damage(2) in share.everything()
    assert vault.check().whole


def test_without_exchange_the_damaged_file_is_moved_first(
    share: Any, healthy: Any, damage: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault = share.vault()
    _hit(share, vault, "a.txt", healthy(1), damage(1))
    real = restore_module.rename

    def old_kernel(*arguments: Any) -> None:
        if arguments[4] == restore_module.EXCHANGE:
            raise OSError(22, "Invalid argument")
        real(*arguments)

    monkeypatch.setattr(restore_module, "rename", old_kernel)
    (done,) = share.restore(vault, "a.txt")
    assert share.read("a.txt") == healthy(1)
    with open(done.evidence[0], "rb") as kept:
        assert kept.read() == damage(1)


def test_where_no_rename_reaches_the_target_it_is_staged_beside(
    share: Any, healthy: Any, damage: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault = share.vault()
    _hit(share, vault, "a.txt", healthy(1), damage(1))
    staging = vault._places.all()[0].staging

    def elsewhere(real: Any) -> Any:
        def rename(old: int, name: bytes, new: int, target: bytes, flags: int) -> None:
            if staging in {old, new} or vault._places.all()[0].evidence == new:
                raise OSError(18, "Invalid cross-device link")
            real(old, name, new, target, flags)

        return rename

    monkeypatch.setattr(restore_module, "rename", elsewhere(restore_module.rename))
    monkeypatch.setattr("garde.vault.store.rename", elsewhere(restore_module.rename))
    (done,) = share.restore(vault, "a.txt")
    assert share.read("a.txt") == healthy(1)
    with open(done.evidence[0], "rb") as kept:
        assert kept.read() == damage(1)
    assert os.path.dirname(done.evidence[0]) == bytes(share.tree)
    assert vault.scan([bytes(share.tree)]).files == 1


def test_harm_done_while_nobody_watched_is_found_and_put_back(share: Any, healthy: Any, damage: Any) -> None:
    vault = share.vault()
    names = ("fine.txt", "overwritten.txt", "replaced.txt", "deleted.txt", "stem.txt")
    for seed, name in enumerate(names):
        vault.capture(share.write(name, healthy(seed)))
    share.write("fine.txt", healthy(0) + b"a line\n")
    share.write("overwritten.txt", damage(1))
    share.write("replaced.txt.lock", damage(2))
    share.write("stem.crypt", damage(3))
    for name in ("replaced.txt", "deleted.txt", "stem.txt"):
        os.unlink(share.path(name))
    found = {item.path: item.damaged_at for item in vault.harmed([bytes(share.tree)])}
    assert found == {
        share.path("overwritten.txt"): share.path("overwritten.txt"),
        share.path("replaced.txt"): share.path("replaced.txt.lock"),
        share.path("stem.txt"): share.path("stem.crypt"),
    }
    wider = {item.path for item in vault.harmed([bytes(share.tree)], missing=True)}
    assert wider == {*found, share.path("deleted.txt")}
    outcomes = list(vault.restore(list(vault.harmed([bytes(share.tree)]))))
    assert [outcome.outcome for outcome in outcomes] == [Outcome.RESTORED] * 3
    assert list(vault.harmed([bytes(share.tree)])) == []


def test_a_newcomer_already_kept_by_a_later_pass_is_still_one(share: Any, healthy: Any, damage: Any) -> None:
    """And a file that was there before is not, whatever its name."""
    vault = share.vault()
    vault.capture(share.write("a.txt.gpg", damage(7)))
    vault.capture(share.write("a.txt", healthy(1)))
    vault.capture(share.write("b.txt", healthy(2)))
    share.write("b.txt.x", damage(2))
    os.unlink(share.path("a.txt"))
    os.unlink(share.path("b.txt"))
    vault.scan([bytes(share.tree)])
    assert [item.damaged_at for item in vault.harmed([bytes(share.tree)])] == [share.path("b.txt.x")]


def test_evidence_is_moved_and_never_twice(share: Any, healthy: Any, damage: Any) -> None:
    vault = share.vault()
    vault.capture(share.write("a.txt", healthy(1)))
    note = share.write("READ ME.txt", b"pay\n")
    kept = vault.keep_evidence(note)
    with open(kept, "rb") as file:
        assert file.read() == b"pay\n"
    assert vault.keep_evidence(note) is None
    assert vault.keep_evidence(share.path(".garde-vault/objects/0/1")) is None
    assert vault.check().whole


def test_progress_counts_every_item(share: Any, healthy: Any, damage: Any) -> None:
    vault = share.vault()
    items = [RestoreItem(_hit(share, vault, f"{n}.txt", healthy(n), damage(n))) for n in range(3)]
    seen: list[tuple[int, int]] = []
    list(vault.restore(items, progress=lambda done, total: seen.append((done, total))))
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_restored_files_are_judged_and_kept_as_before(share: Any, healthy: Any, damage: Any) -> None:
    vault = share.vault()
    path = _hit(share, vault, "a.txt", healthy(1), damage(1))
    share.restore(vault, "a.txt")
    assert vault.capture(path).fresh is False
    share.write("a.txt", healthy(1) + b"next morning\n")
    assert vault.capture(path).fresh is True

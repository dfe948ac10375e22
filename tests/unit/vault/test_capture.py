"""Keeping versions: what is kept, what is refused, and what a damaged state leaves behind."""

# Names here are raw bytes, which pathlib does not know.
# ruff: noqa: PTH101, PTH102, PTH104, PTH108, PTH211

from __future__ import annotations

import hashlib
import os
import socket
import sqlite3
from dataclasses import replace
from typing import Any

import pytest

from garde.content import MemoryBytes, identify
from garde.model.finding import Proof, Skipped
from garde.vault import Captured, Compared, Damaged, How, Known
from garde.vault import capture as capture_module


def test_a_new_file_is_kept_with_its_kind_and_figures(share: Any, healthy: Any) -> None:
    path = share.write("a.txt", healthy(1))
    vault = share.vault()
    outcome = vault.capture(path, b"fid-1")
    assert isinstance(outcome, Captured)
    assert outcome.fresh
    known = vault.find(path)
    assert isinstance(known, Known)
    assert (known.size, known.kind, known.fid) == (len(healthy(1)), "text", b"fid-1")
    assert known.object is not None
    with open(known.object, "rb") as kept:
        assert kept.read() == healthy(1)


def test_the_same_state_is_kept_once(share: Any, healthy: Any) -> None:
    path = share.write("a.txt", healthy(1))
    vault = share.vault()
    first = vault.capture(path)
    second = vault.capture(path)
    assert isinstance(first, Captured)
    assert isinstance(second, Captured)
    assert (second.fresh, second.version) == (False, first.version)


def test_a_healthy_change_becomes_the_newest_version(share: Any, healthy: Any) -> None:
    path = share.write("a.txt", healthy(1))
    vault = share.vault()
    vault.capture(path)
    share.write("a.txt", healthy(1) + b"one line more\n")
    assert isinstance(vault.capture(path), Captured)
    with vault.before(vault.find(path)) as before:
        assert before.data.read(0, 1 << 20).endswith(b"one line more\n")


def test_only_a_mode_changed_makes_no_new_version(share: Any, healthy: Any) -> None:
    path = share.write("a.txt", healthy(1))
    vault = share.vault()
    first = vault.capture(path)
    os.chmod(path, 0o640)
    second = vault.capture(path)
    assert (second.fresh, second.version) == (False, first.version)
    assert vault.find(path).mode == 0o640


def test_a_damaged_state_never_replaces_a_healthy_one(share: Any, healthy: Any, damage: Any) -> None:
    path = share.write("a.txt", healthy(1))
    vault = share.vault()
    version = vault.capture(path).version
    for seed in range(4):
        share.write("a.txt", damage(seed))
        outcome = vault.capture(path)
        assert isinstance(outcome, Damaged)
        assert Proof.TEXT_LOST in outcome.comparison.proofs
    assert vault.find(path).version == version
    assert vault.check().whole


def test_accept_keeps_even_a_damaged_state(share: Any, healthy: Any, damage: Any) -> None:
    path = share.write("a.txt", healthy(1))
    vault = share.vault()
    vault.capture(path)
    share.write("a.txt", damage(1))
    assert isinstance(vault.capture(path, accept=True), Captured)
    assert vault.find(path).size == len(damage(1))


def test_emptied_file_is_damaged_and_an_empty_new_file_needs_no_object(share: Any, healthy: Any) -> None:
    path = share.write("a.txt", healthy(1))
    empty = share.write("empty", b"")
    vault = share.vault()
    vault.capture(path)
    share.write("a.txt", b"")
    assert isinstance(vault.capture(path), Damaged)
    assert vault.capture(empty).how is How.EMPTY
    assert vault.check().whole


def test_what_is_not_a_regular_file_is_skipped_without_waiting(share: Any, healthy: Any) -> None:
    share.write("target", healthy(1))
    os.mkfifo(share.path("fifo"))
    os.symlink(b"target", share.path("link"))
    os.mkdir(share.path("directory"))
    vault = share.vault()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(share.path("socket"))
        for name in ("fifo", "link", "directory", "socket", "missing"):
            assert isinstance(vault.capture(share.path(name)), Skipped), name


def test_a_directory_swapped_for_a_link_is_not_followed(share: Any, healthy: Any) -> None:
    outside = share.tree.parent / "outside"
    outside.mkdir()
    (outside / "a.txt").write_bytes(b"secret of somebody else\n")
    path = share.write("dir/a.txt", healthy(1))
    os.rename(share.path("dir"), share.path("was"))
    os.symlink(bytes(outside), share.path("dir"))
    assert isinstance(share.vault().capture(path), Skipped)


def test_a_file_swapped_for_a_link_between_look_and_open_is_not_followed(
    share: Any, healthy: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The swap happens at the last moment before the open itself."""
    path = share.write("a.txt", healthy(1))
    secret = share.tree.parent / "secret"
    secret.write_bytes(b"secret of somebody else\n")
    real = capture_module.open_strict

    def swapped(target: bytes, flags: int) -> int:
        os.unlink(path)
        os.symlink(bytes(secret), path)
        return real(target, flags)

    monkeypatch.setattr(capture_module, "open_strict", swapped)
    assert isinstance(share.vault().capture(path), Skipped)


def test_the_vault_keeps_nothing_of_itself(share: Any, healthy: Any) -> None:
    path = share.write("a.txt", healthy(1))
    vault = share.vault()
    vault.capture(path)
    assert isinstance(vault.capture(vault.find(path).object), Skipped)


def test_a_rename_not_heard_of_keeps_the_history(share: Any, healthy: Any) -> None:
    path = share.write("a.txt", healthy(1))
    vault = share.vault()
    version = vault.capture(path).version
    os.rename(path, share.path("b.txt"))
    vault.capture(share.path("b.txt"))
    assert vault.find(share.path("b.txt")).version == version


def test_a_new_file_that_gets_the_inode_of_a_deleted_one_starts_its_own_history(
    share: Any, healthy: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = share.write("a.txt", healthy(1))
    vault = share.vault()
    vault.capture(path)
    os.unlink(path)
    other = share.write("other.txt", healthy(2, 300))
    monkeypatch.setattr(vault._index, "rows_by_ino", lambda store, ino: [vault._index.row(path)])
    vault.capture(other)
    assert vault.find(path).path == path
    assert vault.find(other).path == other


def test_a_name_used_again_is_judged_against_the_file_that_was_moved_away(
    share: Any, healthy: Any, damage: Any
) -> None:
    path = share.write("a.txt", healthy(1))
    vault = share.vault()
    vault.capture(path)
    os.rename(path, share.path("a.txt.old"))
    vault.renamed(path, share.path("a.txt.old"), False)
    share.write("a.txt", damage(1))
    assert isinstance(vault.capture(path), Damaged)
    share.write("a.txt", healthy(1) + b"more\n")
    assert isinstance(vault.capture(path), Captured)


def test_full_copies_stop_at_the_budget_and_the_rest_gets_a_fingerprint(share: Any, healthy: Any) -> None:
    vault = share.vault(budget_percent=0.0)
    path = share.write("a.txt", healthy(1))
    outcome = vault.capture(path)
    if vault.coverage().stores[0].reflink:
        pytest.skip("this file system shares blocks: there is no budget")
    assert outcome.how is How.NONE
    with vault.before(vault.find(path)) as before:
        assert before.data is None
        assert before.fingerprint
    assert vault.coverage().judgeable_percent == 100.0
    assert vault.coverage().restorable_percent == 0.0


def test_damage_is_seen_by_the_fingerprint_alone(share: Any, healthy: Any, damage: Any) -> None:
    vault = share.vault(budget_percent=0.0)
    path = share.write("a.txt", healthy(1, 400))
    vault.capture(path)
    share.write("a.txt", damage(1, 16000))
    assert isinstance(vault.capture(path), Damaged)


def test_a_file_too_large_to_copy_is_judged_by_its_fingerprint(share: Any, healthy: Any) -> None:
    vault = share.vault(copy_max_mb=0)
    outcome = vault.capture(share.write("a.txt", healthy(1)))
    assert outcome.how is (How.CLONE if vault.coverage().stores[0].reflink else How.NONE)


def test_many_saves_in_a_row_do_not_pile_up(share: Any, healthy: Any) -> None:
    vault = share.vault(versions=3)
    for count in range(12):
        path = share.write("log.txt", healthy(1, 100 + count))
        assert vault.capture(path).fresh
    row = vault._index.row(path)
    assert len(vault._index.versions_of(row.id)) == 3
    assert vault.check().whole


def test_a_full_disk_is_said_and_undone_without_a_trace(
    share: Any, healthy: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault = share.vault()
    path = share.write("a.txt", healthy(1))
    vault.capture(path)

    def full(version: Any) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    share.write("a.txt", healthy(1, 200))
    with monkeypatch.context() as patched:
        patched.setattr(vault._index, "put_version", full)
        outcome = vault.capture(path)
    assert isinstance(outcome, Skipped)
    assert "disk is full" in outcome.reason
    assert vault.check().whole
    assert isinstance(vault.capture(path), Captured)


def test_one_transaction_for_many(share: Any, healthy: Any) -> None:
    paths = [(share.write(f"{n}.txt", healthy(n)), b"", None) for n in range(5)]
    vault = share.vault()
    assert all(isinstance(outcome, Captured) for outcome in vault.capture_many(paths))
    assert share.vault(read_only=True).find(paths[4][0]) is not None


def test_what_was_compared_is_not_compared_again_and_what_was_not_is(
    share: Any, healthy: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault = share.vault()
    path = share.write("a.txt", healthy(1))
    vault.capture(path)
    looks: list[int] = []
    plain = capture_module.compare
    monkeypatch.setattr(capture_module, "compare", lambda *words: (looks.append(1), plain(*words))[1])
    content = healthy(1) + b"one line more\n"
    for number, (written, of, version) in enumerate(
        [(content, content, 0), (content + b"2\n", content, 0), (content + b"3\n", content + b"3\n", 1)]
    ):
        known = vault.find(path)
        with vault.before(known) as before:
            found = replace(plain(before, MemoryBytes(of)), digest=identify(of))
        share.write("a.txt", written)
        (outcome,) = vault.capture_many([(path, b"", Compared(known.version + version, found))])
        assert isinstance(outcome, Captured) and outcome.fresh
        assert len(looks) == number, "not for the same bytes and version; for other bytes, and for another version"
        with vault.before(vault.find(path)) as kept:
            assert kept.data.read(0, 1 << 20) == written


def test_hashes_are_taken_in_slices_and_of_late_copies_too(share: Any) -> None:
    vault = share.vault()
    path = share.write("a.txt", _large(1))
    vault.scan([bytes(share.tree)])
    later = share.write("b.txt", _large(2))
    vault.capture(later)
    assert vault.hash_some(60.0) == 2
    assert vault.hash_some(60.0) == 0
    assert vault.find(path).sha256 == hashlib.sha256(_large(1)).digest()
    assert vault.coverage().hashed == 2


def _large(seed: int) -> bytes:
    """A text that is not read as a whole when it is kept."""
    return b"%07d bytes\n" % seed * 90_000


def test_a_small_file_is_hashed_as_it_is_kept_and_told_where_its_digest_is_wanted(share: Any, healthy: Any) -> None:
    vault = share.vault()
    digests = [hashlib.sha256(healthy(n)).digest() for n in range(2)]
    vault.look_for(frozenset(digests[1:]))
    paths = [share.write(f"{n}.txt", healthy(n)) for n in range(2)]
    vault.capture_many([(path, b"", None) for path in paths])
    assert [vault.find(path).sha256 for path in paths] == digests
    assert vault.take_matches() == [(paths[1], digests[1])]
    assert vault.take_matches() == []
    assert vault.hash_some(60.0) == 0


def test_a_pre_image_that_cannot_be_read_does_not_stop_the_hashing(share: Any) -> None:
    vault = share.vault()
    paths = [share.write(f"{n}.txt", _large(n)) for n in range(3)]
    vault.capture_many([(path, b"", None) for path in paths])
    os.unlink(vault.find(paths[0]).object)
    assert vault.hash_some(60.0) == 2
    assert vault.hash_some(60.0) == 0


def test_a_large_file_is_hashed_over_several_slices(share: Any) -> None:
    class Hurry(type(share.clock)):
        """Every look at the clock costs a second."""

        def monotonic(self) -> float:
            self.ticks += 1.0
            return self.ticks

    share.clock = Hurry()
    content = b"0123456789abcde\n" * (5 << 16)  # 5 MB
    vault = share.vault()
    path = share.write("a.txt", content)
    vault.capture(path)
    slices = 0
    while vault.hash_some(2.0):
        slices += 1
    assert slices > 1
    assert vault.find(path).sha256 == hashlib.sha256(content).digest()

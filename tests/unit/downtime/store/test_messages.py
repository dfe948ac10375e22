"""The store: safe before it is said, sealed, in order, and never the poorer for what could not be read."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from garde.downtime.store.messages import FILE, Form, Heard, MessageStore, take_lock
from garde.downtime.store.seal import KEY_FILE, Seal
from garde.errors import NotFound, StateBusy, StateDamaged

SECRET = b"MSH|^~\\&|A\rPID|1||4711||Geheim^Anna\r"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[MessageStore]:
    with MessageStore(tmp_path, Seal.load_or_make(tmp_path)) as found:
        yield found


def test_what_is_stored_comes_back_in_order(store: MessageStore) -> None:
    first = store.append([Heard(b"a", 1.0), Heard(b"b", 2.0, Form.BROKEN)])
    store.append([Heard(b"", 3.0, Form.NOISE)])
    assert [each.seq for each in first] == [1, 2]
    assert [(s.seq, s.data, s.form, s.received) for s in store.read()] == [
        (1, b"a", Form.HL7, 1.0), (2, b"b", Form.BROKEN, 2.0), (3, b"", Form.NOISE, 3.0),
    ]  # fmt: skip
    assert [s.seq for s in store.read(1, up_to=2)] == [2]
    assert store.one(2).data == b"b"
    with pytest.raises(NotFound):
        store.one(9)


def test_nothing_on_the_disk_names_a_patient(store: MessageStore, tmp_path: Path) -> None:
    store.append([Heard(SECRET, 1.0)])
    for file in tmp_path.iterdir():
        assert b"Geheim" not in file.read_bytes()
        assert b"4711" not in file.read_bytes()
        assert file.stat().st_mode & 0o077 == 0, file


def test_every_commit_waits_for_the_disk(store: MessageStore) -> None:
    assert store._db.execute("pragma synchronous").fetchone() == (2,)
    assert store._db.execute("pragma journal_mode").fetchone() == ("wal",)


def test_two_copies_have_one_digest_and_another_key_has_another(store: MessageStore, tmp_path: Path) -> None:
    one, two, other = store.append([Heard(SECRET, 1.0), Heard(SECRET, 2.0), Heard(b"x", 3.0)])
    assert one.digest == two.digest != other.digest
    assert [s.digest for s in store.read()] == [one.digest, two.digest, other.digest]
    assert Seal(bytes(32)).digest(SECRET) != one.digest


def test_a_changed_row_or_two_exchanged_ones_are_found(store: MessageStore, tmp_path: Path) -> None:
    store.append([Heard(b"first", 1.0), Heard(b"other", 2.0)])
    with sqlite3.connect(tmp_path / FILE) as db:
        a, b = (row[0] for row in db.execute("select sealed from messages order by seq"))
        db.execute("update messages set sealed = ? where seq = 1", (b,))
        db.execute("update messages set sealed = ? where seq = 2", (a,))
    db.close()
    with pytest.raises(StateDamaged):
        list(store.read())


def test_another_key_reads_nothing(store: MessageStore, tmp_path: Path) -> None:
    store.append([Heard(SECRET, 1.0)])
    with MessageStore(tmp_path, Seal(bytes(32)), read_only=True) as other, pytest.raises(StateDamaged):
        list(other.read())


def test_the_key_is_made_once_and_must_be_closed_to_others(tmp_path: Path) -> None:
    sealed = Seal.load_or_make(tmp_path).close(b"x", 1)
    assert Seal.load_or_make(tmp_path).open(sealed, 1) == b"x"
    (tmp_path / KEY_FILE).chmod(0o644)
    with pytest.raises(StateDamaged):
        Seal.load(tmp_path)
    (tmp_path / KEY_FILE).chmod(0o600)
    (tmp_path / KEY_FILE).write_text("not a key")
    with pytest.raises(StateDamaged):
        Seal.load(tmp_path)


def test_numbers_are_never_used_twice(store: MessageStore) -> None:
    store.append([Heard(b"a", 1.0), Heard(b"b", 2.0)])
    assert store.purge([1, 2]) == 2
    assert [each.seq for each in store.append([Heard(b"c", 3.0)])] == [3]


def test_what_was_not_understood_is_counted_and_can_be_understood_later(store: MessageStore) -> None:
    store.append([Heard(b"a", 1.0), Heard(b"b", 2.0), Heard(b"c", 3.0)])
    store.mark([(1, "no MSH"), (2, "no MSH"), (3, "not used: X")], 1)
    assert store.reasons() == {"no MSH": 2, "not used: X": 1}
    store.mark([(1, "")], 2)
    assert store.reasons() == {"no MSH": 1, "not used: X": 1}
    assert store.count() == 3


def test_a_newer_reader_reads_again_what_the_older_did_not_understand(store: MessageStore) -> None:
    store.append([Heard(b"a", 1.0), Heard(b"b", 2.0)])
    store.mark([(1, "no MSH"), (2, "not used: X")], 1)
    assert store.reread(1) == 0
    assert store.reread(2) == 2
    assert store.reasons() == {}


def test_a_full_disk_is_said_and_nothing_is_half_stored(store: MessageStore) -> None:
    store._db.execute("pragma max_page_count = 20")
    with pytest.raises(OSError, match="full"):
        store.append([Heard(b"a", 1.0), Heard(os.urandom(200_000), 2.0)])
    assert list(store.read()) == []
    assert [each.seq for each in store.append([Heard(b"a", 1.0)])] == [1]


def test_one_desk_at_a_time(tmp_path: Path) -> None:
    handle = take_lock(tmp_path)
    with pytest.raises(StateBusy):
        take_lock(tmp_path)
    os.close(handle)
    os.close(take_lock(tmp_path))


def test_a_reader_needs_a_store(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        MessageStore(tmp_path, Seal(bytes(32)), read_only=True)
